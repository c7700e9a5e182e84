// T1, T2: the balance on samples that the loss has not seen.

import { html, number } from '../drawing.js';
import { Intervals } from '../pictures/intervals.js';
import { MeanProbability } from '../pictures/matrix.js';
import { words } from '../words.js';
import { classNames, presets, problem, sizeSlider } from './common.js';

const NEGATIVES = 300;
const NAMES = classNames(2);
const say = words.scenes.heldOut;
const parameters = [
  { key: 'features', label: say.controls.features, kind: 'number', min: 1, max: 50, start: 2, log: true, whole: true },
  { ...sizeSlider('n1', say.controls.n1, 120, 300), min: 10 },
  { key: 'weights', label: say.controls.weights, kind: 'choice', start: 'balanced', options: [['none', say.controls.none], ['balanced', say.controls.balanced]] },
  { key: 'penalty', label: say.controls.penalty, kind: 'number', min: 1e-6, max: 1, start: 1e-3, log: true },
  { key: 'seed', label: say.controls.seed, kind: 'number', min: 1, max: 100, start: 1, whole: true },
];

function lesson({ features, n1, weights, penalty, seed }) {
  return problem({
    name: 'held-out',
    title: 'The balance in training and on fresh samples (T1, T2)',
    seed,
    penalty,
    weights,
    data: { gaussian: { means: { random: { classes: 2, dimension: features, spread: 0.3 } }, counts: [NEGATIVES, n1] } },
    test: { fresh: 1 },
    series: [{ loss: 'logistic' }],
    measure: ['test_balance', 'test_balance_deviation', 'test_balance_bias', 'test_mean_probability', 'class_weight', 'class_count', 'accuracy', 'balanced_accuracy'],
    figure: [{ id: 'map', width: 'one_column', height: 3, caption: 'Mean probabilities on fresh samples.', plot: { maps: { measure: 'test_mean_probability' } } }],
  });
}

function build() {
  return {
    balance: new Intervals({ name: 'balance', title: say.pictures.balance, rows: 2, shape: 'wide first' }),
    training: new MeanProbability({ name: 'training', title: say.pictures.training }),
    fresh: new MeanProbability({ name: 'fresh', title: say.pictures.fresh }),
  };
}

function show({ problem: { records: [record] } }, values, { balance, training, fresh }) {
  const { test_balance: d, test_balance_deviation: deviation, test_balance_bias: bias, test_mean_probability: means, outflow, inflow } = record.measured;
  training.show(record, { names: NAMES });
  fresh.show({ ...record, measured: { mean_probability: means } }, { names: NAMES });
  if (!d?.length) {
    balance.clear();
    return;
  }
  // What flows in less what flows out is D over the samples that were trained on.
  const trained = inflow[1] - outflow[1];
  balance.show([
    { label: say.rows.training, value: trained, colour: 'var(--class-1)' },
    { label: say.rows.fresh, value: d[1], deviation: deviation[1], expected: bias?.[1], colour: 'var(--class-1)' },
  ], say.rows.unit);
  const [onFresh, predicted, chance] = say.reads;
  balance.setReadout(onFresh, number('fresh-balance', d[1]), predicted, number('bias', bias?.[1]), chance, number('deviation', deviation[1]),
    html('br'), words.status.of(say.rows.training), number('training-balance', trained));
}

export const heldOut = {
  id: 'held-out',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, { start: {}, many: { features: 40, n1: 30 }, penalised: { features: 40, n1: 30, penalty: 0.1 } }),
  quiz: say.quiz,
  lesson,
  build,
  show,
};
