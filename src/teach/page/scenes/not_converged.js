// Not converged is not stationary: gradient descent step by step, loss and ledger beside each other.

import { html, number } from '../drawing.js';
import { LedgerBars } from '../pictures/bars.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { Curves } from '../pictures/traces.js';
import { gaussian, numbered, problem, sizeSlider } from './common.js';

const REACH = 4;
const CENTRE = [3, 3];
const MEANS = [[2, 2.6], [4, 3.4]];
const MOST = 1000;
const parameters = [
  { key: 'steps', label: 'Steps of gradient descent', kind: 'number', min: 1, max: MOST, start: 5, log: true, whole: true },
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
    measure: ['loss', 'iteration', 'iterations', 'loss_trace', 'gradient_trace', 'balance_trace', 'coefficient', 'intercept', 'error_ratio', 'lawful_error_ratio'],
    figure: [{
      id: 'descent', caption: 'Loss and balance along gradient descent and Newton.', plot: { curves: { panels: [curve('gradient_trace', 'largest gradient entry'), curve('balance_trace', 'worst balance residual')] } },
    }],
  });
}

function build() {
  return {
    loss: new Curves({ name: 'loss', title: 'Loss above its minimum, relative', x: 'step', y: 'relative excess' }),
    balance: new Curves({ name: 'balance', title: 'Worst balance residual', x: 'step', y: 'relative residual' }),
    ledger: new LedgerBars({ name: 'ledger', title: 'The ledger at this step: out and in differ', classes: 2 }),
    plane: new Plane({ name: 'plane', title: 'Decision line at this step, and at the minimum (dashed)', reach: REACH, centre: CENTRE }),
  };
}

function show({ problem: { records: [walked, solved], samples } }, values, { loss, balance, ledger, plane }) {
  const names = numbered(2);
  const least = solved.measured.loss?.[0];
  const { iteration = [], loss_trace: losses = [], balance_trace: residuals = [] } = walked.measured;
  if (iteration.length === 0 || least === undefined) return;
  const colour = 'var(--lgl)';
  const range = [1, Math.max(10, ...iteration)];
  const later = iteration.map((step, place) => [step, place]).filter(([step]) => step > 0);
  const excess = later.map(([step, place]) => [step, Math.max((losses[place] - least) / least, 1e-17)]);
  const off = later.map(([step, place]) => [step, Math.max(residuals[place], 1e-17)]);
  const log = { x: true, y: true };
  const drawn = (points) => [{ points, colour, dot: points[points.length - 1] }];
  loss.show(drawn(excess), { range: { x: range, y: [1e-10, 10] }, log });
  balance.show(drawn(off), { range: { x: range, y: [1e-6, 10] }, log });
  const step = iteration[iteration.length - 1];
  loss.tell('Step ', number('step', step, 4), ': loss ', number('loss', losses[losses.length - 1], 8), html('br'), 'at the minimum ', number('least', least, 8));
  balance.tell('Balance off by ', number('balance', residuals[residuals.length - 1]), html('br'), 'at the minimum ', number('least-balance', solved.measured.balance_residual[0], 2));
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
<p>Step gradient descent (with a line search) by hand. The loss is soon within a millionth of its minimum,
while the ledger is still visibly off. Newton’s method, by which this page solves everything else, ends at rounding.</p>`,
  parameters,
  presets: [
    { name: 'Five steps', values: {}, comment: 'Five steps: most of the loss is gone, and the ledger is far from balanced.' },
    { name: 'It looks done', values: { steps: 60 }, comment: 'The loss hardly changes any more. Compare the two curves: the balance lags behind by orders of magnitude.' },
    { name: 'A thousand', values: { steps: 1000 }, comment: 'Until its line search finds no lower loss: that, and not a vanishing gradient, is where it ends.' },
  ],
  lesson,
  build,
  show,
  extras,
};
