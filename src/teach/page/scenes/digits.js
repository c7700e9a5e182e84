// Real images: the laws on handwritten digits, and the images behind the mean probabilities.

import { LedgerBars } from '../pictures/bars.js';
import { Images } from '../pictures/images.js';
import { MeanProbability } from '../pictures/matrix.js';
import { words } from '../words.js';
import { presets, problem } from './common.js';

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
const say = words.scenes.digits;
const parameters = [
  { key: 'digits', label: say.controls.digits, kind: 'flags', start: ['3', '8', '9'], least: 2, most: 10, options: DIGITS.map((digit) => [digit, digit]) },
  { key: 'count', label: say.controls.count, kind: 'number', min: 5, max: 170, start: 150, whole: true },
  { key: 'thin', label: say.controls.thin, kind: 'choice', start: '8', options: [...DIGITS.map((digit) => [digit, digit]), ['none', say.controls.none]] },
  { key: 'left', label: say.controls.left, kind: 'number', min: 3, max: 170, start: 15, whole: true, when: ({ thin }) => thin !== 'none' },
  { key: 'loss', label: say.controls.loss, kind: 'choice', start: 'softmax', options: [['softmax', words.losses.softmax], ['logistic', words.losses.logistic], ['inr', say.controls.inr]] },
  { key: 'weights', label: say.controls.weights, kind: 'choice', start: 'none', options: [['none', say.controls.noWeights], ['balanced', say.controls.balanced]], when: ({ loss }) => loss !== 'inr' },
  { key: 'penalty', label: say.controls.penalty, kind: 'number', min: 1e-5, max: 1, start: 1e-2, log: true },
  { key: 'row', kind: 'choice', hidden: true, start: '8', options: DIGITS.map((digit) => [digit, digit]) },
  { key: 'column', kind: 'choice', hidden: true, start: '3', options: DIGITS.map((digit) => [digit, digit]) },
];

const place = (digits, digit) => Math.max(digits.indexOf(digit), 0);

/** Which entry is looked at: digits that are not among the classes give way to the first. */
const looked = ({ digits, row, column }) => [place(digits, row), place(digits, column)];

function lesson(values) {
  const { digits, count, thin, left, loss, weights, penalty } = values;
  const [row, column] = looked(values);
  return problem({
    name: 'digits',
    title: 'Handwritten digits: the balance of mean probabilities, and the images behind them',
    penalty,
    weights: loss === 'inr' ? 'none' : weights,
    data: { digits: { classes: digits.map(Number), counts: digits.map((digit) => (digit === thin ? left : count)) } },
    series: [{ loss: loss === 'inr' ? { inr: { beta: 5 } } : loss }],
    measure: ['target_probability', 'accuracy', 'balanced_accuracy', 'coefficient', 'intercept', 'class_count'],
    figure: [{ id: 'map', width: 'one_column', height: 3, caption: 'Mean probabilities of digits; accuracy {mean accuracy}.', plot: { maps: { measure: 'mean_probability' } } }],
    look: { series: 0, class: row, predicted: column },
  });
}

function build(assign, current) {
  const pick = (row, column) => assign({ row: current().digits[row], column: current().digits[column] });
  return {
    matrix: new MeanProbability({ name: 'matrix', title: say.pictures.matrix, hint: say.hints.matrix, shape: 'first', picked: pick }),
    ledger: new LedgerBars({ name: 'ledger', title: say.pictures.ledger, classes: 10, shape: 'tall' }),
    images: new Images({ name: 'images', title: say.pictures.images }),
  };
}

function show({ problem: { records: [record], seen } }, values, { matrix, ledger, images }) {
  const names = values.digits;
  const chosen = looked(values);
  matrix.show(record, { names, chosen });
  ledger.show(record, { names });
  const [row, column] = chosen.map((k) => names[k]);
  images.show(seen ?? [], row === column ? say.surest(row) : say.like(row, column));
}

export const digits = {
  id: 'digits',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, {
    start: {}, weighted: { weights: 'balanced' }, all: { digits: DIGITS, count: 100, thin: '8' }, against: { digits: DIGITS, count: 100, loss: 'logistic' },
  }),
  quiz: say.quiz,
  settle: (values) => ({ ...values, thin: values.digits.includes(values.thin) ? values.thin : 'none', left: Math.min(values.left, values.count) }),
  lesson,
  build,
  show,
};
