// B1 to B4: with two classes, sizes and weights alone set the ratio of the two mean errors.

import { html, number, short } from '../drawing.js';
import { Bars } from '../pictures/bars.js';
import { Plane, difference, logitsOf, logitsOfRows, diamonds } from '../pictures/plane.js';
import { words } from '../words.js';
import { centre, gaussian, presets, problem, sizeSlider, weightSlider } from './common.js';

const HALF_WIDTH = 5;
const say = words.scenes.twoClasses;
const parameters = [
  sizeSlider('n0', say.controls.n0, 400),
  sizeSlider('n1', say.controls.n1, 40),
  weightSlider('w', say.controls.w),
  { key: 'penalty', label: say.controls.penalty, kind: 'number', min: 1e-8, max: 1, start: 0, log: true, zero: true },
  centre('c0', [-1, 0], HALF_WIDTH),
  centre('c1', [1, 0], HALF_WIDTH),
];

function lesson({ n0, n1, w, penalty, c0, c1 }) {
  return problem({
    name: 'two-classes',
    title: 'Two classes: sizes and weights alone set the ratio of the two mean errors (B1 to B4)',
    data: gaussian([c0, c1], [n0, n1]),
    weights: [1, w],
    penalty,
    series: [{ loss: 'logistic' }],
    measure: ['error_ratio', 'expected_error_ratio', 'centroid', 'centroid_residual', 'coefficient', 'intercept', 'accuracy'],
    figure: [{
      id: 'regions', width: 'one_column', caption: 'Regions of the logistic head. s₁ / P₀ = {mean error_ratio}, by law {mean expected_error_ratio}.', plot: { regions: { target: 1, half_width: HALF_WIDTH } },
    }],
  });
}

function build(assign) {
  return {
    plane: new Plane({ name: 'plane', title: say.pictures.plane, halfWidth: HALF_WIDTH, shape: 'tall first', move: (k, at) => assign({ [`c${k}`]: at }) }),
    errors: new Bars({ name: 'errors', title: say.pictures.errors, rows: 2, most: 1 }),
    ledger: new Bars({ name: 'ledger', title: say.pictures.ledger, rows: 2 }),
  };
}

/** Nothing is left of the numbers of another problem; a line between the classes, where there is one, shows why. */
function showNone(samples, separating, centres, { plane, errors, ledger }) {
  plane.title.textContent = separating ? say.pictures.apart : say.pictures.plane;
  plane.show({
    points: samples.plane,
    centres,
    marks: separating ? plane.boundary(difference(logitsOfRows(separating)), { 'stroke-dasharray': '7 5' }) : [],
  });
  plane.describe(plane.title.textContent);
  errors.clear();
  ledger.clear();
}

function show({ problem: { records: [record], samples, separating } }, values, pictures, now) {
  const { plane, errors, ledger } = pictures;
  const { centroid = [], shortfall = [], mean_probability: means = [], error_ratio: ratio = [], expected_error_ratio: expected = [], outflow = [], inflow = [] } = record.measured;
  const centres = [now.c0, now.c1];
  if (means.length === 0) {
    showNone(samples, separating[0], centres, pictures);
    return;
  }
  plane.title.textContent = say.pictures.plane;
  plane.show({ points: samples.plane, logits: logitsOf(record), centres, marks: diamonds(plane, [centroid.slice(0, 2), centroid.slice(2, 4)]) });
  plane.describe(say.says(short(centroid[0]), short(centroid[1])));
  const [s1, p0] = [shortfall[1], means[1]];
  errors.show([
    { label: say.rows.s1, value: s1, colour: 'var(--class-1)', law: Math.min(expected[0] * p0, 1) },
    { label: say.rows.p0, value: p0, colour: 'var(--class-0)' },
  ], say.rows.meanError);
  errors.setReadout('s₁ / P₀ = ', number('error_ratio', ratio[0]), say.and, number('expected_error_ratio', expected[0]));
  ledger.show([
    { label: 'λ₁N₁s₁', value: outflow[1], colour: 'var(--class-1)' },
    { label: 'λ₀N₀P₀', value: inflow[1], colour: 'var(--class-0)' },
  ], words.ledger.unit);
  ledger.setReadout(values.penalty > 0 ? say.centroidsPenalised : say.centroids, number('centroid_residual', record.measured.centroid_residual[0]),
    html('br'), say.recall, number('recall', record.measured.recall[1]), say.accuracy, number('accuracy', record.measured.accuracy[0]));
}

const apart = { c0: [-2.5, 0], c1: [2.5, 0] };

export const twoClasses = {
  id: 'two-classes',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, {
    start: {}, balanced: { w: 10 }, overlap: { c0: [-0.4, 0], c1: [0.4, 0] }, heavy: { w: 100 }, apart, penalised: { ...apart, penalty: 1e-3 },
  }),
  quiz: say.quiz,
  lesson,
  build,
  show,
};
