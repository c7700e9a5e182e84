// A1 to A4, R1 to R4: logistic loss bounds the average over non-targets, behind which the hardest one hides.

import { html, number, short } from '../drawing.js';
import { Bars } from '../pictures/bars.js';
import { Columns } from '../pictures/columns.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { words } from '../words.js';
import { numbered, presets, problem, sizeSlider } from './common.js';

const HALF_WIDTH = 7;
/** Samples of each class on the ring: three losses over up to ten such classes are solved within a blink. */
const IN_RING = 120;
const ring = ({ design }) => design === 'ring';
/** Names in files are the paper's; on the page they are spelled out. */
const LOSSES = [
  { loss: 'logistic', label: 'LGL', colour: 'var(--lgl)' },
  { loss: 'softmax', label: 'SML', colour: 'var(--sml)' },
  { loss: 'inr', label: 'LGL-INR', colour: 'var(--inr)' },
];
const COLOURS = LOSSES.map(({ colour }) => colour);
const say = words.scenes.averaging;

const parameters = [
  { key: 'design', label: say.controls.design, kind: 'choice', start: 'room', options: [['room', say.controls.room], ['ring', say.controls.ring]] },
  { key: 'easy', label: say.controls.easy, kind: 'number', min: 1, max: 9, start: 3, whole: true },
  { ...sizeSlider('hard', say.controls.hard, 20, 400), when: (values) => !ring(values) },
  { key: 'distance', label: say.controls.distance, kind: 'number', min: 0.5, max: 5, step: 0.1, start: 2, when: (values) => !ring(values) },
  { key: 'radius', label: say.controls.radius, kind: 'number', min: 1.5, max: 5.5, step: 0.1, start: 4, when: ring },
  { key: 'beta', label: say.controls.beta, kind: 'number', min: 0, max: 20, step: 0.25, start: 5 },
];

const classes = (values) => values.easy + (ring(values) ? 1 : 2);

function lesson(values) {
  const { easy, hard, distance, radius, beta } = values;
  const each = (count) => Array.from({ length: easy }, () => count);
  const data = ring(values)
    ? { gaussian: { means: { ring_around_target: { easy_classes: easy, radius } }, counts: [IN_RING, ...each(IN_RING)] } }
    : { gaussian: { means: { hard_and_easy: { hard_distance: distance, easy_classes: easy, easy_distance: 6 } }, counts: [200, hard, ...each(200)] } };
  const regions = { id: 'regions', height: 1.95, caption: 'Decision regions of LGL, SML and LGL-INR.', plot: { regions: { target: 0, half_width: HALF_WIDTH } } };
  const bars = {
    id: 'bars', caption: 'What the target withholds, and which classes receive it.', plot: { bars: { target: 0, classes: numbered(classes(values)) } },
  };
  return problem({
    name: 'averaging',
    title: 'The averaging effect: the hardest non-target hides behind the average (A1 to A4, R1 to R4)',
    penalty: 1e-4,
    data,
    series: LOSSES.map(({ loss, label }) => ({ label, loss: loss === 'inr' ? { inr: { beta } } : loss })),
    measure: ['hardest', 'pooled', 'neglect_ratio', 'neglect_bound', 'guarantee', 'accuracy', 'balanced_accuracy', 'coefficient', 'intercept', 'contribution', 'target_probability'],
    figure: ring(values) ? [bars, regions] : [bars],
  });
}

function build() {
  return {
    columns: new Columns({ name: 'columns', title: say.pictures.columns }),
    recall: new Bars({ name: 'recall', title: say.pictures.recall, rows: 3, most: 1 }),
    shortfall: new Bars({ name: 'shortfall', title: say.pictures.shortfall, rows: 3, most: 1 }),
    ...Object.fromEntries(LOSSES.map(({ loss }) =>
      [loss, new Plane({ name: `regions-${loss}`, title: say.pictures.regions(words.losses[loss]), halfWidth: HALF_WIDTH, shape: 'third' })])),
  };
}

function show({ problem: { records, samples } }, values, pictures) {
  const names = LOSSES.map(({ loss }) => {
    const [name, paper] = words.lossLines[loss];
    return [name, loss === 'inr' ? `${paper}, β = ${short(values.beta)}` : paper];
  });
  pictures.columns.show(records, { names, colours: COLOURS, target: 0 });
  pictures.columns.setReadout(records.flatMap(({ measured: { hardest, pooled } }, place) => (hardest
    ? [words.losses[LOSSES[place].loss], say.hardest, number(`hardest-${place}`, hardest[0]), say.average, number(`pooled-${place}`, pooled[0]), html('br')] : [])));
  const bars = (key, k) => records.map(({ measured }, place) => ({ label: names[place][0], value: measured[key]?.[k], colour: COLOURS[place] }));
  pictures.recall.title.textContent = ring(values) ? say.pictures.recallTarget : say.pictures.recall;
  pictures.recall.show(bars('recall', ring(values) ? 0 : 1), say.units.recall);
  pictures.shortfall.show(bars('shortfall', 0), say.units.withheld);
  LOSSES.forEach(({ loss }, place) => {
    const plane = pictures[loss];
    plane.element.hidden = !samples.plane;
    if (samples.plane) {
      plane.show({ points: samples.plane, logits: logitsOf(records[place]) });
      plane.describe(say.pictures.regions(words.losses[loss]));
    }
  });
}

export const averaging = {
  id: 'averaging',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, {
    start: {}, easy: { easy: 8 }, zero: { beta: 0 }, sharp: { beta: 20 }, ring: { design: 'ring', easy: 8 }, ringSharp: { design: 'ring', easy: 8, beta: 20 },
  }),
  quiz: say.quiz,
  lesson,
  build,
  show,
};
