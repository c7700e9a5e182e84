// I1 to I6: with three classes weights fix no ratio; outflows may lie anywhere in a triangle.

import { Groups } from '../pictures/groups.js';
import { LedgerBars } from '../pictures/bars.js';
import { Effects, MeanProbability } from '../pictures/matrix.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { Triangle } from '../pictures/triangle.js';
import { centre, gaussian, numbered, problem, sizeSlider, weightSlider } from './common.js';

const HALF_WIDTH = 5;
const NAMES = numbered(3);
const drawn = ({ data }) => data === 'drawn';
const parameters = [
  { key: 'data', label: 'Data', kind: 'choice', start: 'drawn', options: [['drawn', 'In the plane'], ['built', 'Built for a place in the triangle']] },
  { key: 'weights', label: 'Weights', kind: 'choice', start: 'balanced', options: [['balanced', 'Inverse frequency'], ['by-hand', 'By hand']], when: drawn },
  ...[0, 1, 2].map((k) => ({ ...weightSlider(`w${k}`, `Weight of class ${k}`), when: (values) => drawn(values) && values.weights === 'by-hand' })),
  sizeSlider('n0', 'Samples of class 0', 300, 900),
  sizeSlider('n1', 'Samples of class 1', 100, 900),
  sizeSlider('n2', 'Samples of class 2', 200, 900),
  centre('c0', [-1.4, -0.8], HALF_WIDTH),
  centre('c1', [1.4, -0.8], HALF_WIDTH),
  centre('c2', [0, 1.6], HALF_WIDTH),
  { key: 'penalty', label: 'Penalty on coefficients', kind: 'number', min: 1e-6, max: 1, start: 1e-4, log: true, when: drawn },
  { key: 'u0', kind: 'number', hidden: true, min: 0, max: 0.5, start: 0.4 },
  { key: 'u1', kind: 'number', hidden: true, min: 0, max: 0.5, start: 0.3 },
];

/** Outflows wanted of data that is built; the third is what is left, and none passes the others together. */
const wanted = ({ u0, u1 }) => {
  const second = Math.max(u1, 0.5 - u0);
  return [u0, second, Number((1 - u0 - second).toFixed(6))];
};

function lesson(values) {
  const { n0, n1, n2, c0, c1, c2, w0, w1, w2, penalty } = values;
  const common = {
    name: 'three-classes',
    title: 'Three classes: weights fix no ratio; outflows may lie anywhere in the triangle (I1 to I6)',
    series: [{ loss: 'softmax' }],
  };
  const measure = ['weight_effect', 'target_probability', 'guaranteed_probability', 'class_weight'];
  const ternary = {
    id: 'triangle', width: 'one_column', height: 3, caption: 'Shares of three classes in all outflow. P[k][k]: {mean target_probability.0}, {mean target_probability.1}, {mean target_probability.2}.', plot: { ternary: {} },
  };
  if (!drawn(values)) {
    return problem({ ...common, measure, weights: 'balanced', data: { witness: { counts: [n0, n1, n2], outflows: wanted(values) } }, figure: [ternary] });
  }
  return problem({
    ...common,
    penalty,
    weights: values.weights === 'balanced' ? 'balanced' : [w0, w1, w2],
    data: gaussian([c0, c1, c2], [n0, n1, n2]),
    measure: [...measure, 'coefficient', 'intercept', 'accuracy'],
    figure: [ternary, { id: 'regions', width: 'one_column', caption: 'Regions of the softmax head.', plot: { regions: { target: 0, half_width: HALF_WIDTH } } }],
  });
}

function build(assign) {
  return {
    plane: new Plane({ name: 'plane', title: 'Samples and regions; drag the class centres', halfWidth: HALF_WIDTH, shape: 'first', move: (k, at) => assign({ [`c${k}`]: at }) }),
    groups: new Groups({ name: 'groups', title: 'Samples of each class, in groups that share their features', shape: 'first' }),
    triangle: new Triangle({ name: 'triangle', title: 'Whose probability is withheld: shares in all outflow', move: ([u0, u1]) => assign({ u0, u1 }) }),
    matrix: new MeanProbability({ name: 'matrix', title: 'Mean probabilities P[c][k]' }),
    effects: new Effects({ name: 'effects', title: 'Effect of each weight: dP[k][k] / d log λ' }),
    ledger: new LedgerBars({ name: 'ledger', title: 'The ledger: outflow equals inflow in every class', classes: 3 }),
  };
}

function show({ problem: { records: [record], samples } }, values, pictures, now) {
  const { plane, groups, triangle, matrix, effects, ledger } = pictures;
  plane.element.hidden = !drawn(values);
  groups.element.hidden = drawn(values);
  if (samples.plane) {
    plane.show({ points: samples.plane, logits: logitsOf(record), centres: [now.c0, now.c1, now.c2] });
    plane.describe(`Three classes in the plane around ${[values.c0, values.c1, values.c2].map(([x, y]) => `(${x}, ${y})`).join(', ')}`);
  } else {
    groups.show(samples.groups, NAMES);
  }
  triangle.show(record, { names: NAMES, wanted: drawn(values) ? null : wanted(now) });
  matrix.show(record, { names: NAMES });
  effects.show(record, { names: NAMES });
  ledger.show(record, { names: NAMES });
}

const built = (u0, u1) => ({ data: 'built', n0: 900, n1: 300, n2: 600, u0, u1 });

export const threeClasses = {
  id: 'three-classes',
  name: 'Three classes',
  claim: `<p>Softmax balances every class too, outflow equals inflow (B5), but with three classes that leaves much open:</p>
<p class="law"><i>u<sub>k</sub> ≤ Σ<sub>j≠k</sub> u<sub>j</sub></i> is all that weights enforce on the outflows (I3)</p>
<p>Their shares fill the shaded triangle. Same sizes and same weights may end anywhere in it: that is decided by which classes overlap.
The effect of a weight on its own class is mostly positive; on others it may have either sign.</p>`,
  isProblem: true,
  parameters,
  presets: [
    { name: 'Start', values: {}, comment: 'Inverse-frequency weights make rows and columns of P sum to one (I2), which bounds no diagonal entry. Drag a centre and watch the triangle.' },
    { name: '0 and 1 share it', values: built(0.5, 0.5), comment: 'Same sizes, same weights, three outcomes (1/3): built so that classes 0 and 1 overlap. Class 2 keeps almost all its probability.' },
    { name: '0 and 2 share it', values: built(0.5, 0), comment: 'Same sizes, same weights, three outcomes (2/3): now classes 0 and 2 overlap and class 1 lies apart.' },
    { name: '1 and 2 share it', values: built(0, 0.5), comment: 'Same sizes, same weights, three outcomes (3/3): the weights cannot say whose probability is withheld. Drag the dashed ring to any place.' },
    { name: 'Helping a rival', values: { weights: 'by-hand', n0: 148, n1: 95, n2: 37, w0: 0.24, w1: 36, w2: 100, c0: [2.9, 2.5], c1: [1.7, 0.2], c2: [-1.5, 3.4] }, comment: 'More weight on class 2 raises class 0 as well (+ beside the diagonal): both gain when their common rival, class 1, gives way. Found by search; rare in random data.' },
  ],
  lesson,
  build,
  show,
};
