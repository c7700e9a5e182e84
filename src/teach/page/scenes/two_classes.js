// B1 to B4: with two classes, sizes and weights alone set the ratio of the two mean errors.

import { html, number, short } from '../drawing.js';
import { Bars } from '../pictures/bars.js';
import { Plane, logitsOf, rings } from '../pictures/plane.js';
import { centre, gaussian, problem, sizeSlider, weightSlider } from './common.js';

const HALF_WIDTH = 5;
const parameters = [
  sizeSlider('n0', 'Negatives N₀', 400),
  sizeSlider('n1', 'Positives N₁', 40),
  weightSlider('w', 'Weight of a positive λ₁ (λ₀ = 1)'),
  centre('c0', [-1, 0], HALF_WIDTH),
  centre('c1', [1, 0], HALF_WIDTH),
];

function lesson({ n0, n1, w, c0, c1 }) {
  return problem({
    name: 'two-classes',
    title: 'Two classes: sizes and weights alone set the ratio of the two mean errors (B1 to B4)',
    data: gaussian([c0, c1], [n0, n1]),
    weights: [1, w],
    series: [{ loss: 'logistic' }],
    measure: ['error_ratio', 'expected_error_ratio', 'centroid', 'centroid_residual', 'coefficient', 'intercept', 'accuracy'],
    figure: [{
      id: 'regions', width: 'one_column', caption: 'Regions of the logistic head. s₁ / P₀ = {mean error_ratio}, by law {mean expected_error_ratio}.', plot: { regions: { target: 1, half_width: HALF_WIDTH } },
    }],
  });
}

function build(assign) {
  return {
    plane: new Plane({ name: 'plane', title: 'Samples, decision line, residual-weighted centroids', halfWidth: HALF_WIDTH, shape: 'tall first', move: (k, at) => assign({ [`c${k}`]: at }) }),
    errors: new Bars({ name: 'errors', title: 'The two mean errors, and where the law puts the first', rows: 2, most: 1 }),
    ledger: new Bars({ name: 'ledger', title: 'The ledger: what positives withhold, negatives give', rows: 2 }),
  };
}

function show({ problem: { records: [record], samples } }, values, { plane, errors, ledger }, now) {
  const { centroid = [], shortfall = [], mean_probability: means = [], error_ratio: ratio = [], expected_error_ratio: expected = [], outflow = [], inflow = [] } = record.measured;
  const solved = means.length > 0;
  plane.show({
    points: samples.plane,
    logits: logitsOf(record),
    centres: [now.c0, now.c1],
    marks: solved ? rings(plane, [centroid.slice(0, 2), centroid.slice(2, 4)]) : [],
  });
  plane.describe(solved
    ? `Two classes in the plane; the residual-weighted centroids of both lie at ${short(centroid[0])}, ${short(centroid[1])}`
    : 'Two classes that a line separates');
  if (!solved) return;
  const [s1, p0] = [shortfall[1], means[1]];
  errors.show([
    { label: 'positives s₁', value: s1, colour: 'var(--class-1)', law: Math.min(expected[0] * p0, 1) },
    { label: 'negatives P₀', value: p0, colour: 'var(--class-0)' },
  ], 'mean error');
  errors.setReadout('s₁ / P₀ = ', number('error_ratio', ratio[0], 4), ' and λ₀N₀ / λ₁N₁ = ', number('expected_error_ratio', expected[0], 4));
  ledger.show([
    { label: 'λ₁N₁s₁', value: outflow[1], colour: 'var(--class-1)' },
    { label: 'λ₀N₀P₀', value: inflow[1], colour: 'var(--class-0)' },
  ], 'weighted samples');
  ledger.setReadout('Centroids apart, relative to the spread: ', number('centroid_residual', record.measured.centroid_residual[0], 2),
    html('br'), 'recall of positives ', number('recall', record.measured.recall[1]), ', accuracy ', number('accuracy', record.measured.accuracy[0]));
}

export const twoClasses = {
  id: 'two-classes',
  name: 'Two classes',
  claim: `<p>Where the gradient of the logistic loss is zero, what positives withhold equals what negatives give:</p>
<p class="law"><i>λ₁N₁s₁ = λ₀N₀P₀</i>, so <i>s₁ / P₀ = λ₀N₀ / λ₁N₁</i></p>
<p><i>s₁</i> is how much probability positives lack on average, <i>P₀</i> how much negatives have. Overlap sets how large both are,
sizes and weights alone their ratio. Drag the class centres: the ratio stays. The residual-weighted centroids of both classes (dot and ring)
always lie on each other.</p>`,
  isProblem: true,
  parameters,
  presets: [
    { name: '1 : 10', values: {}, comment: 'Ten times as many negatives: positives carry ten times the mean error, whatever the overlap (B2).' },
    { name: 'Inverse frequency', values: { w: 10 }, comment: 'λ₁ = N₀ / N₁: the two mean errors are equal (B3). Both are now about as large as overlap makes them.' },
    { name: 'Much overlap', values: { c0: [-0.4, 0], c1: [0.4, 0] }, comment: 'Nearer classes: both errors grow, to 0.86 and 0.086, and their ratio is still ten.' },
    { name: 'Too much weight', values: { w: 100 }, comment: 'λ₁ = 100: now negatives carry ten times the error of positives.' },
    { name: 'Apart', values: { c0: [-4, 0], c1: [4, 0], n1: 40 }, comment: 'A line separates the classes: no finite minimiser exists, and the solver says so instead of returning huge coefficients.' },
  ],
  lesson,
  build,
  show,
};
