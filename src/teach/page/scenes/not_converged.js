// Not converged is not stationary: gradient descent step by step, loss and ledger beside each other.

import { html, number } from '../drawing.js';
import { LedgerBars } from '../pictures/bars.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { Curves } from '../pictures/traces.js';
import { gaussian, numbered, problem, sizeSlider } from './common.js';

const HALF_WIDTH = 4;
const CENTRE = [2, 1.7];
const MEANS = [[1, 1.3], [3, 2.1]];
const MOST = 1000;
const parameters = [
  { key: 'steps', label: 'Steps of gradient descent', kind: 'number', min: 1, max: MOST, start: 10, log: true, whole: true },
  sizeSlider('n0', 'Negatives', 200, 500),
  sizeSlider('n1', 'Positives', 20, 500),
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
    loss: new Curves({ name: 'loss', title: 'Loss above its minimum, relative', shape: 'first', x: 'step', y: 'relative excess' }),
    balance: new Curves({ name: 'balance', title: 'How far the balance is off', x: 'step', y: 'relative residual' }),
    ledger: new LedgerBars({ name: 'ledger', title: 'The ledger at this step', classes: 2 }),
    plane: new Plane({ name: 'plane', title: 'Decision line at this step, and at the minimum (dashed)', halfWidth: HALF_WIDTH, centre: CENTRE }),
  };
}

function show({ problem: { records: [walked, solved], samples } }, values, { loss, balance, ledger, plane }) {
  const names = numbered(2);
  const least = solved.measured.loss?.[0];
  const { iteration = [], loss_trace: losses = [], balance_trace: residuals = [] } = walked.measured;
  if (iteration.length === 0 || least === undefined) return;
  const colour = 'var(--lgl)';
  const range = [1, MOST];
  const later = iteration.map((step, place) => [step, place]).filter(([step]) => step > 0);
  const excess = later.map(([step, place]) => [step, Math.max((losses[place] - least) / least, 1e-17)]);
  const off = later.map(([step, place]) => [step, Math.max(residuals[place], 1e-17)]);
  const log = { x: true, y: true };
  const drawn = (points) => [{ points, colour, dot: points[points.length - 1] }];
  loss.show(drawn(excess), { range: { x: range, y: [1e-10, 10] }, log });
  balance.show(drawn(off), { range: { x: range, y: [1e-6, 10] }, log });
  const step = iteration[iteration.length - 1];
  loss.setReadout('Step ', number('step', step, 4), ': loss ', number('loss', losses[losses.length - 1], 8), html('br'), 'at the minimum ', number('least', least, 8));
  balance.setReadout('Balance off by ', number('balance', residuals[residuals.length - 1]), html('br'), 'at the minimum ', number('least-balance', solved.measured.balance_residual[0], 2));
  loss.describe(`Loss after ${step} steps is ${(losses[losses.length - 1] - least) / least} of the minimum above it`);
  balance.describe(`After ${step} steps the worst balance residual is ${residuals[residuals.length - 1]}`);
  ledger.show(walked, { names });
  const minimum = logitsOf(solved)[1];
  plane.show({
    points: samples.plane,
    logits: logitsOf(walked),
    marks: minimum ? plane.boundary(minimum, { 'stroke-dasharray': '7 5' }) : [],
  });
  plane.describe('Decision line at this step beside that of the minimum');
}

/** Buttons that go on by some steps. */
function extras(change, current) {
  const go = (label, next) => html('button', { type: 'button', onclick: () => change('steps', Math.min(Math.max(next(current().steps), 1), MOST)) }, label);
  return [html('div', { class: 'options', role: 'group', 'aria-label': 'Step by hand' },
    go('one back', (steps) => steps - 1), go('one step', (steps) => steps + 1), go('ten', (steps) => steps + 10), go('a hundred', (steps) => steps + 100))];
}

export const notConverged = {
  id: 'not-converged',
  name: 'Not converged',
  claim: `<p>The laws hold where the gradient is zero, not where the loss has stopped changing.</p>
<p class="law">stationary: every class’s outflow equals its inflow</p>
<p>Step gradient descent (with a line search) by hand. Near the minimum the loss is off by the square of what the ledger is off by:
when nobody sees the loss change any more, the balance is still off by a percent. Newton’s method, by which this page solves everything else, ends at rounding.</p>`,
  isProblem: true,
  parameters,
  presets: [
    { name: 'Ten steps', values: {}, comment: 'Ten steps: the loss is half as large again as it will be, and what flows out of a class is twice what flows in.' },
    { name: 'It looks done', values: { steps: 300 }, comment: 'The loss is within two ten-thousandths of its minimum and the lines all but coincide; the ledger is off by a percent.' },
    { name: 'A thousand', values: { steps: 1000 }, comment: 'The loss is right to ten digits, the balance to five: half as many, at every step of the way.' },
  ],
  lesson,
  build,
  show,
  extras,
};
