// S1, S3: as the penalty vanishes on separable classes, every weight leads to the same line.

import { html, number, sample } from '../drawing.js';
import { Bars } from '../pictures/bars.js';
import { Plane, difference, logitsOf } from '../pictures/plane.js';
import { words } from '../words.js';
import { centre, gaussian, presets, problem, sizeSlider } from './common.js';

const HALF_WIDTH = 5;
const FRESH = 20;
const say = words.scenes.separable;
/** How heads of different weights are told apart: by the dashes of their lines and the shades of their bars. */
const WEIGHTS = [
  { name: say.weights.none, label: 'weight 1', weights: 'none', dash: 'none', glyphs: '──', colour: 'var(--shade-0)' },
  { name: say.weights.balanced, label: 'inverse frequency', weights: 'balanced', dash: '9 5', glyphs: '– –', colour: 'var(--shade-1)' },
  { name: say.weights.heavy, label: 'weight 100', weights: [1, 100], dash: '2 5', glyphs: '····', colour: 'var(--shade-2)' },
];
const parameters = [
  { key: 'penalty', label: say.controls.penalty, kind: 'number', min: 1e-12, max: 1, start: 1e-2, log: true },
  sizeSlider('n0', say.controls.n0, 60, 200),
  sizeSlider('n1', say.controls.n1, 12, 200),
  centre('c0', [-2.5, 0], HALF_WIDTH),
  centre('c1', [2.5, 0], HALF_WIDTH),
];

function lesson({ penalty, n0, n1, c0, c1 }) {
  return problem({
    name: 'separable',
    title: 'Separable classes: as the penalty vanishes, all class weights lead to the same line (S1, S3)',
    penalty,
    data: gaussian([c0, c1], [n0, n1]),
    test: { fresh: FRESH },
    series: WEIGHTS.map(({ label, weights }) => ({ label, loss: 'logistic', class_weights: weights })),
    measure: ['test_recall', 'coefficient', 'intercept', 'accuracy'],
    figure: [{ id: 'regions', height: 1.95, caption: 'Decision regions.', plot: { regions: { target: 1, half_width: HALF_WIDTH } } }],
  });
}

function build(assign) {
  return {
    plane: new Plane({ name: 'plane', title: say.pictures.plane, hint: say.hints.plane, halfWidth: HALF_WIDTH, shape: 'tall first', move: (k, at) => assign({ [`c${k}`]: at }) }),
    recall: new Bars({ name: 'recall', title: say.pictures.recall, rows: WEIGHTS.length, most: 1, left: 150 }),
    shortfall: new Bars({ name: 'shortfall', title: say.pictures.shortfall, rows: WEIGHTS.length, left: 150 }),
  };
}

function show({ problem: { records, samples } }, values, { plane, recall, shortfall }, now) {
  const lines = records.map(logitsOf);
  plane.show({
    points: samples.plane,
    centres: [now.c0, now.c1],
    marks: lines.flatMap((logits, place) => (logits.length
      ? plane.boundary(difference(logits), { 'stroke-dasharray': WEIGHTS[place].dash, stroke: WEIGHTS[place].colour, 'stroke-width': 2.6 }) : [])),
  });
  plane.describe(say.pictures.plane);
  plane.setReadout(WEIGHTS.map((weight) => html('span', { class: 'key', 'data-glyphs': `${weight.glyphs} ${weight.name}  ` }, sample(weight), ` ${weight.name} `)));
  const rows = (key) => records.map(({ measured }, place) => ({ label: WEIGHTS[place].name, value: measured[key]?.[1], colour: WEIGHTS[place].colour }));
  recall.show(rows('test_recall'), say.units.recall);
  const found = rows('test_recall').map(({ value }) => value).filter((value) => value !== undefined);
  recall.setReadout(say.spread, number('spread', found.length ? Math.max(...found) - Math.min(...found) : undefined), html('br'));
  shortfall.show(rows('shortfall'), say.units.shortfall);
}

const overlap = { penalty: 1e-12, c0: [-0.8, 0], c1: [0.8, 0] };

export const separable = {
  id: 'separable',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, { start: {}, small: { penalty: 1e-6 }, tiny: { penalty: 1e-12 }, overlap }),
  quiz: say.quiz,
  lesson,
  build,
  show,
};
