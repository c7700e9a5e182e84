// Not converged is not stationary: gradient descent step by step, loss and ledger beside each other.

import { html, number, short } from '../drawing.js';
import { LedgerBars } from '../pictures/bars.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { Curves } from '../pictures/traces.js';
import { words } from '../words.js';
import { classNames, gaussian, presets, problem, sizeSlider } from './common.js';

const HALF_WIDTH = 4;
const CENTRE = [2, 1.7];
const MEANS = [[1, 1.3], [3, 2.1]];
const MAX_STEPS = 1000;
const say = words.scenes.notConverged;
const parameters = [
  { key: 'steps', label: say.controls.steps, kind: 'number', min: 1, max: MAX_STEPS, start: 10, log: true, whole: true },
  sizeSlider('n0', say.controls.n0, 200, 500),
  sizeSlider('n1', say.controls.n1, 20, 500),
];

function lesson({ steps, n0, n1 }) {
  const curve = (measure, label) => ({
    x: 'iteration', x_axis: { label: 'iteration', scale: 'log' }, y_axis: { label, scale: 'log' }, lines: [{ measure }],
  });
  return problem({
    name: 'not-converged',
    title: 'A loss that no longer changes is not a gradient that vanishes',
    penalty: 1e-6,
    data: gaussian(MEANS, [n0, n1]),
    series: [
      { label: 'gradient descent', loss: 'logistic', optimizer: { gradient_descent: { iterations: steps } } },
      { label: 'Newton', loss: 'logistic' },
    ],
    measure: ['loss', 'iteration', 'iterations', 'loss_trace', 'gradient_trace', 'balance_trace', 'coefficient', 'intercept', 'error_ratio', 'expected_error_ratio'],
    figure: [{
      id: 'descent', caption: 'Loss and balance along gradient descent and Newton.', plot: { curves: { panels: [curve('gradient_trace', 'largest gradient entry'), curve('balance_trace', 'worst balance residual')] } },
    }],
  });
}

function build() {
  return {
    loss: new Curves({ name: 'loss', title: say.pictures.loss, shape: 'first', x: say.axes.step, y: say.axes.excess }),
    balance: new Curves({ name: 'balance', title: say.pictures.balance, x: say.axes.step, y: say.axes.residual }),
    ledger: new LedgerBars({ name: 'ledger', title: say.pictures.ledger, classes: 2 }),
    plane: new Plane({ name: 'plane', title: say.pictures.plane, halfWidth: HALF_WIDTH, centre: CENTRE }),
  };
}

/** Where an axis begins: at a usual power of ten, or below all points. */
const lowest = (points, usual) => Math.min(usual, ...points.map(([, value]) => value / 10));

/** Digits that tell the loss from its minimum: the one number here that needs more than all others. */
const LOSS_DIGITS = 8;

function show({ problem: { records: [walked, solved], samples } }, values, { loss, balance, ledger, plane }) {
  const least = solved.measured.loss?.[0];
  const { iteration = [], loss_trace: losses = [], balance_trace: residuals = [] } = walked.measured;
  if (iteration.length === 0 || least === undefined) {
    [loss, balance, ledger].forEach((picture) => picture.clear());
    plane.show({ points: samples.plane });
    return;
  }
  const colour = 'var(--lgl)';
  const range = [1, MAX_STEPS];
  const later = iteration.map((step, place) => [step, place]).filter(([step]) => step > 0);
  const excess = later.map(([step, place]) => [step, Math.max((losses[place] - least) / least, 1e-17)]);
  const off = later.map(([step, place]) => [step, Math.max(residuals[place], 1e-17)]);
  const log = { x: true, y: true };
  const drawn = (points) => [{ points, colour, dot: points[points.length - 1] }];
  loss.show(drawn(excess), { range: { x: range, y: [lowest(excess, 1e-10), 10] }, log });
  balance.show(drawn(off), { range: { x: range, y: [lowest(off, 1e-6), 10] }, log });
  const step = iteration[iteration.length - 1];
  const [atStep, itsLoss, atMinimum, offBy] = say.reads;
  loss.setReadout(atStep, number('step', step), itsLoss, number('loss', losses[losses.length - 1], LOSS_DIGITS), html('br'), atMinimum, number('least', least, LOSS_DIGITS));
  balance.setReadout(offBy, number('balance', residuals[residuals.length - 1]), html('br'), atMinimum, number('least-balance', solved.measured.balance_residual[0]));
  loss.describe(`${say.pictures.loss}: ${short((losses[losses.length - 1] - least) / least)}`);
  balance.describe(`${say.pictures.balance}: ${short(residuals[residuals.length - 1])}`);
  ledger.show(walked, { names: classNames(2) });
  const minimum = logitsOf(solved)[1];
  plane.show({
    points: samples.plane,
    logits: logitsOf(walked),
    marks: minimum ? plane.boundary(minimum, { 'stroke-dasharray': '7 5' }) : [],
  });
  plane.describe(say.pictures.plane);
}

/** Buttons that go on by some steps. */
function extras(change, current) {
  const go = (label, next) => html('button', { type: 'button', onclick: () => change('steps', Math.min(Math.max(next(current().steps), 1), MAX_STEPS)) }, label);
  return [html('div', { class: 'options', role: 'group', 'aria-label': say.controls.byHand },
    go(say.controls.back, (steps) => steps - 1), go(say.controls.one, (steps) => steps + 1),
    go(say.controls.ten, (steps) => steps + 10), go(say.controls.hundred, (steps) => steps + 100))];
}

export const notConverged = {
  id: 'not-converged',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, { start: {}, done: { steps: 300 }, thousand: { steps: 1000 } }),
  quiz: say.quiz,
  lesson,
  build,
  show,
  extras,
};
