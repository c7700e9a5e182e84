// Real images: the laws on handwritten digits, and the images behind the mean probabilities.

import { LedgerBars } from '../pictures/bars.js';
import { Images } from '../pictures/images.js';
import { MeanProbability } from '../pictures/matrix.js';
import { problem } from './common.js';

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
const parameters = [
  { key: 'digits', label: 'Digits', kind: 'flags', start: ['3', '8', '9'], least: 2, most: 10, options: DIGITS.map((digit) => [digit, digit]) },
  { key: 'count', label: 'Images of each', kind: 'number', min: 5, max: 170, start: 150, whole: true },
  { key: 'thin', label: 'Digit that is thinned out', kind: 'choice', start: '8', options: [...DIGITS.map((digit) => [digit, digit]), ['none', 'none']] },
  { key: 'left', label: 'Images left of it', kind: 'number', min: 3, max: 170, start: 15, whole: true, when: ({ thin }) => thin !== 'none' },
  { key: 'loss', label: 'Loss', kind: 'choice', start: 'softmax', options: [['softmax', 'SML'], ['logistic', 'LGL'], ['inr', 'LGL-INR, β = 5']] },
  { key: 'weights', label: 'Weights', kind: 'choice', start: 'none', options: [['none', 'None'], ['balanced', 'Inverse frequency']], when: ({ loss }) => loss !== 'inr' },
  { key: 'penalty', label: 'Penalty on coefficients', kind: 'number', min: 1e-5, max: 1, start: 1e-2, log: true },
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
    matrix: new MeanProbability({ name: 'matrix', title: 'Mean probabilities P[c][k]; choose an entry to see its images', shape: 'first', picked: pick }),
    ledger: new LedgerBars({ name: 'ledger', title: 'The ledger: outflow equals inflow', classes: 10, shape: 'tall' }),
    images: new Images({ name: 'images', title: 'Images' }),
  };
}

function show({ problem: { records: [record], seen } }, values, { matrix, ledger, images }) {
  const names = values.digits;
  const chosen = looked(values);
  matrix.show(record, { names, chosen });
  ledger.show(record, { names });
  const [row, column] = chosen.map((k) => names[k]);
  images.show(seen ?? [], row === column
    ? `Images of ${row} that are most surely a ${column}, with that probability`
    : `Images of ${row} that look most like a ${column} to the head, with that probability`);
}

export const digits = {
  id: 'digits',
  name: 'Real digits',
  claim: `<p>The laws ask nothing of the data. Here the features are 8 × 8 pixels of handwritten digits:</p>
<p class="law">outflow of every digit = its inflow, to rounding</p>
<p>Thin one digit out and see its mean probability fall; weigh by inverse frequency and see the rows and columns of P sum to one.
Choose an entry of the matrix to look at the images behind it.</p>`,
  isProblem: true,
  parameters,
  presets: [
    { name: 'Few eights', values: {}, comment: 'Fifteen eights among 3s and 9s: their mean probability of being an 8 falls behind. The images shown are the 8s that look most like a 3.' },
    { name: 'Weighted', values: { weights: 'balanced' }, comment: 'Inverse-frequency weights: rows and columns of P sum to one (I2); the diagonal is still uneven.' },
    { name: 'All ten', values: { digits: DIGITS, count: 100, thin: '8' }, comment: 'All digits, 100 images each and 15 of the 8: the column of 8 is pale, and its ledger balances all the same.' },
    { name: 'One against all', values: { digits: DIGITS, count: 100, loss: 'logistic' }, comment: 'The same with one-vs-all logistic loss: columns balance, but rows of P need no longer sum to one.' },
  ],
  lesson,
  build,
  show,
};
