// I1 to I6: with three classes weights fix no ratio; outflows may lie anywhere in a triangle.

import { LedgerBars } from '../pictures/bars.js';
import { Groups } from '../pictures/groups.js';
import { Effects, MeanProbability } from '../pictures/matrix.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { Triangle } from '../pictures/triangle.js';
import { words } from '../words.js';
import { centre, classNames, gaussian, presets, problem, sizeSlider, weightSlider } from './common.js';

const HALF_WIDTH = 5;
const NAMES = classNames(3);
const say = words.scenes.threeClasses;
const drawn = ({ data }) => data === 'drawn';
const parameters = [
  { key: 'data', label: say.controls.data, kind: 'choice', start: 'drawn', options: [['drawn', say.controls.drawn], ['built', say.controls.built]] },
  { key: 'weights', label: say.controls.weights, kind: 'choice', start: 'balanced', options: [['balanced', say.controls.balanced], ['by-hand', say.controls.byHand]], when: drawn },
  ...[0, 1, 2].map((k) => ({ ...weightSlider(`w${k}`, say.controls.weight(k)), when: (values) => drawn(values) && values.weights === 'by-hand' })),
  sizeSlider('n0', say.controls.size(0), 300, 900),
  sizeSlider('n1', say.controls.size(1), 100, 900),
  sizeSlider('n2', say.controls.size(2), 200, 900),
  centre('c0', [-1.4, -0.8], HALF_WIDTH),
  centre('c1', [1.4, -0.8], HALF_WIDTH),
  centre('c2', [0, 1.6], HALF_WIDTH),
  { key: 'penalty', label: say.controls.penalty, kind: 'number', min: 1e-6, max: 1, start: 1e-4, log: true, when: drawn },
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
    plane: new Plane({ name: 'plane', title: say.pictures.plane, hint: say.hints.plane, halfWidth: HALF_WIDTH, shape: 'first', move: (k, at) => assign({ [`c${k}`]: at }) }),
    groups: new Groups({ name: 'groups', title: say.pictures.groups, shape: 'first' }),
    triangle: new Triangle({ name: 'triangle', title: say.pictures.triangle, move: ([u0, u1]) => assign({ u0, u1 }) }),
    matrix: new MeanProbability({ name: 'matrix', title: say.pictures.matrix }),
    effects: new Effects({ name: 'effects', title: say.pictures.effects }),
    ledger: new LedgerBars({ name: 'ledger', title: say.pictures.ledger, classes: 3 }),
  };
}

function show({ problem: { records: [record], samples } }, values, pictures, now) {
  const { plane, groups, triangle, matrix, effects, ledger } = pictures;
  plane.element.hidden = !drawn(values);
  groups.element.hidden = drawn(values);
  if (samples.plane) {
    plane.show({ points: samples.plane, logits: logitsOf(record), centres: [now.c0, now.c1, now.c2] });
    plane.describe(`${say.pictures.plane}: ${[values.c0, values.c1, values.c2].map(([x, y]) => `(${x}, ${y})`).join(', ')}`);
  } else {
    groups.show(samples.groups, NAMES);
  }
  triangle.show(record, { names: NAMES, wanted: drawn(values) ? null : wanted(now) });
  matrix.show(record, { names: NAMES });
  effects.show(record, { names: NAMES });
  ledger.show(record, { names: NAMES });
}

const built = (u0, u1) => ({ data: 'built', n0: 900, n1: 300, n2: 600, u0, u1 });
const rival = { weights: 'by-hand', n0: 148, n1: 95, n2: 37, w0: 0.24, w1: 36, w2: 100, c0: [2.9, 2.5], c1: [1.7, 0.2], c2: [-1.5, 3.4] };

export const threeClasses = {
  id: 'three-classes',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, { start: {}, one: built(0.5, 0.5), two: built(0.5, 0), three: built(0, 0.5), rival }),
  quiz: say.quiz,
  lesson,
  build,
  show,
};
