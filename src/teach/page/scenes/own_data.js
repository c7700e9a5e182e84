// A user's own table: solved, weighed, audited. It is read by the solver and leaves the page for nowhere.

import { html, number, rounded, short } from '../drawing.js';
import { LedgerBars } from '../pictures/bars.js';
import { MeanProbability } from '../pictures/matrix.js';
import { Plane, logitsOfRows } from '../pictures/plane.js';
import { inWords, solve } from '../solver.js';
import { thyroid } from '../thyroid.js';
import { translated, words } from '../words.js';
import { presets } from './common.js';

const say = words.scenes.ownData;
/** What the solver takes, with room for the question about it. */
const MAX_BYTES = 4_000_000;
/** Names that columns of labels go by, the likeliest first, of which one is proposed; otherwise the last column is. */
const LABELS = ['label', 'labels', 'target', 'class', 'species', 'outcome', 'diagnosis', 'survived', 'y'];

/** The column that is proposed: `y` beside `x` is a coordinate. */
function likelyLabel(names) {
  const lower = names.map((name) => name.toLowerCase());
  const known = LABELS.find((name) => lower.includes(name) && !(name === 'y' && lower.includes('x')));
  return names[known ? lower.indexOf(known) : names.length - 1];
}

/** Values that belong to the table: presets, which change the question, leave them alone. */
const KEPT = ['label', 'across', 'up'];

const HANDED = 'equipoise table';

/** Hands the table that is open over to the same page in another language. */
function handOver() {
  try {
    sessionStorage.setItem(HANDED, JSON.stringify(table));
  } catch {
    // Larger than this browser keeps: the file is to be given again.
  }
}

function handedOver() {
  try {
    const found = JSON.parse(sessionStorage.getItem(HANDED));
    sessionStorage.removeItem(HANDED);
    return found;
  } catch {
    return null;
  }
}

/** The table that is open: name, text, columns, and those that were chosen last. It is not part of a link. */
let table = handedOver();
/** Why the last file that was given is no table. */
let refusal = '';

const asks = (...questions) => (values) => questions.includes(values.ask);
const columns = () => table?.columns ?? [''];
const onTwo = (values) => values.ask === 'solve' && values.features === 'two';
const choice = (key, label, start, options, when) => ({ key, label, kind: 'choice', start, options, when });
const LOSSES = [['softmax', words.losses.softmax], ['logistic', words.losses.logistic]];

const parameters = [
  { key: 'label', label: say.controls.label, kind: 'list', start: '', options: columns },
  choice('ask', say.controls.ask, 'solve', [['solve', say.controls.solve], ['weights', say.controls.weights], ['audit', say.controls.audit]]),
  choice('loss', say.controls.loss, 'softmax', LOSSES),
  choice('classWeights', say.controls.classWeights, 'none', [['none', say.controls.none], ['balanced', say.controls.balanced]], asks('solve')),
  choice('target', say.controls.target, 'equal-shortfall', [['equal-shortfall', say.controls.shortfalls], ['equal-recall', say.controls.recalls]], asks('weights')),
  choice('scores', say.controls.scores, 'logits', [['logits', say.controls.logits], ['probabilities', say.controls.probabilities]], asks('audit')),
  { key: 'penalty', label: say.controls.penalty, kind: 'number', min: 1e-8, max: 1, start: 1e-3, log: true, zero: true, when: asks('solve', 'weights') },
  choice('standardize', say.controls.standardize, 'standard', [['standard', say.controls.standard], ['plain', say.controls.plain]], asks('solve', 'weights')),
  choice('missing', say.controls.missing, 'refuse', [['refuse', say.controls.refuse], ['drop-row', say.controls.drop], ['indicator', say.controls.indicator]], asks('solve', 'weights')),
  choice('features', say.controls.features, 'all', [['all', say.controls.all], ['two', say.controls.two]], asks('solve')),
  { key: 'across', label: say.controls.x, kind: 'list', start: '', options: columns, when: onTwo },
  { key: 'up', label: say.controls.y, kind: 'list', start: '', options: columns, when: onTwo },
];

const QUESTIONS = {
  solve: ({ loss, classWeights, penalty, standardize }) =>
    ({ solve: { loss, class_weights: classWeights, penalty, standardize: standardize === 'standard' } }),
  weights: ({ loss, penalty, target, standardize }) => ({ weights: { loss, penalty, target, standardize: standardize === 'standard' } }),
  audit: ({ loss, scores }) => ({ audit: { loss, probabilities: scores === 'probabilities' } }),
};

/** No table, no question. */
function lesson(values) {
  if (!table) return null;
  const { name, text } = table;
  return {
    table: {
      name, text, label: values.label, missing: values.missing, question: QUESTIONS[values.ask](values),
      ...(onTwo(values) ? { features: [values.across, values.up] } : {}),
    },
  };
}

/** How many files were given; only the last one is taken, however long others take to be read. */
let asked = 0;
const begun = () => {
  asked += 1;
  return asked;
};

/** Reads a file's columns, and proposes which one holds the labels. */
async function take({ name, text }, assign, note, mine = begun()) {
  let answer;
  try {
    ({ table: answer } = await solve({ table: { name, text, question: 'columns' } }));
  } catch (error) {
    if (asked === mine) refuse(name, inOurWords(inWords(error)), assign, note);
    return;
  }
  if (asked !== mine) return;
  table = { name, text, columns: answer.columns };
  refusal = '';
  note.textContent = name;
  // Another scene may be open by now; its values are none of these.
  if (note.isConnected) assign(proposed());
}

/** Of a file that is no table only its name and the reason are left, and nothing of the table before. */
function refuse(name, why, assign, note) {
  table = null;
  refusal = why;
  note.textContent = name;
  if (note.isConnected) assign({ label: '', across: '', up: '' });
}

/** Columns of labels and of two features. */
function proposed() {
  const label = likelyLabel(table.columns);
  return { label, ...featuresBeside(label) };
}

function featuresBeside(label) {
  const [first = label, second = first] = table.columns.filter((column) => column !== label && column);
  return { across: first, up: second };
}

/** Values of another table, or of none, give way to those of the one that is open; so do features that are the labels. */
function settle(values) {
  if (!table) return values;
  const isOfTable = KEPT.every((key) => table.columns.includes(values[key]));
  const { label, across, up } = isOfTable ? values : table.chosen ?? proposed();
  table.chosen = { label, ...([across, up].includes(label) ? featuresBeside(label) : { across, up }) };
  return { ...values, ...table.chosen };
}

/** The text in a file's bytes: UTF-8, or UTF-16 where the first two say so, as spreadsheets save "Unicode text". */
function textOf(bytes) {
  const [first, second] = new Uint8Array(bytes.slice(0, 2));
  const [little, big] = [first === 0xff && second === 0xfe, first === 0xfe && second === 0xff];
  const encoding = little ? 'utf-16le' : big ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

async function takeFile(file, assign, note) {
  const mine = begun();
  if (file.size > MAX_BYTES) {
    refuse(file.name, say.tooLarge(file.name, file.size), assign, note);
    return;
  }
  let text;
  try {
    text = textOf(await file.arrayBuffer());
  } catch {
    if (asked === mine) refuse(file.name, say.notText(file.name), assign, note);
    return;
  }
  await take({ name: file.name, text }, assign, note, mine);
}

/** Where a file is dropped or chosen. */
function source(assign) {
  const note = html('p', { id: 'own-file', role: 'status' }, table?.name ?? say.waiting);
  const input = html('input', { type: 'file', id: 'own-input', accept: '.csv,.tsv,.txt,text/csv', 'aria-label': say.pick });
  // The same file may be chosen again once it has been changed.
  input.addEventListener('click', () => { input.value = ''; });
  input.addEventListener('change', () => input.files[0] && takeFile(input.files[0], assign, note));
  const zone = html('div', { id: 'drop', class: 'drop' }, html('p', {}, say.drop), input, note,
    html('button', { type: 'button', id: 'own-example', onclick: () => take({ name: 'thyroid.csv', text: thyroid }, assign, note) }, say.example),
    html('p', { class: 'limits' }, say.limits));
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', () => zone.classList.remove('over'));
  return [zone];
}

/** A file that is dropped anywhere on the page. */
function dropped(file, assign) {
  takeFile(file, assign, document.getElementById('own-file'));
}

function build() {
  const report = html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': say.pictures.report });
  return {
    report: { element: html('figure', { class: 'picture wide first', id: 'picture-report' }, report), body: report },
    matrix: new MeanProbability({ name: 'matrix', title: say.pictures.matrix }),
    ledger: new LedgerBars({ name: 'ledger', title: say.pictures.ledger, classes: 3, left: 150 }),
    plane: new Plane({ name: 'plane', title: say.pictures.plane, halfWidth: 1, axes: [] }),
  };
}

/** How long the beginning is that names share. */
const shared = ([first, ...others]) => [...first].findIndex((letter, place) => others.some((other) => other[place] !== letter));

/** Names of classes as pictures have room for them: cut in the middle, or where they differ. */
function cut(names) {
  const ends = names.map((name) => (name.length > 10 ? `${name.slice(0, 4)}…${name.slice(-5)}` : name));
  return ends.map((end, k) => {
    const alike = names.filter((_, j) => ends[j] === end);
    return alike.length > 1 ? `${end.slice(0, 2)}…${names[k].slice(Math.max(shared(alike), 0)).slice(0, 6)}…` : end;
  });
}

/** The solver speaks to users of the command line too. */
const withOptions = (said) => (said.includes('--') ? `${said} ${words.status.options}` : said);
const inOurWords = (said) => withOptions(translated(rounded(said)));

const paragraph = (...parts) => html('p', {}, ...parts);
const tableOf = (heads, rows) => html('table', {},
  html('thead', {}, html('tr', {}, heads.map((head) => html('th', { scope: 'col' }, head)))),
  html('tbody', {}, rows.map(([first, ...rest]) => html('tr', {}, html('th', { scope: 'row' }, first), rest.map((cell) => html('td', {}, cell))))));

/** The answer as pictures read records: lists of numbers by the names of measures. */
const asRecord = (record) => ({
  classes: record.classes.length,
  measured: {
    mean_probability: (record.mean_probability ?? []).flat(),
    outflow: (record.ledger ?? []).map(({ outflow }) => outflow),
    inflow: (record.ledger ?? []).map(({ inflow }) => inflow),
    residual: (record.ledger ?? []).map(({ outflow, inflow }) => Math.abs(outflow - inflow) / Math.max(Math.abs(outflow), Math.abs(inflow), 1e-300)),
  },
});

/** Middles and half widths of two features, with a margin. */
const spansOf = (points) => [0, 1].map((axis) => {
  const all = points.flatMap((list) => list.filter((_, place) => place % 2 === axis));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return { middle: (low + high) / 2, half: ((high - low) / 2 || 1) * 1.05 };
});

/** A feature and what of it is seen, in its own units. */
const seenOf = (name, { middle, half }) => `${name} [${short(middle - half)}, ${short(middle + half)}]`;

/** Features of any unit in a square of side two: points and logits. */
function squared(points, rows, spans) {
  const [x, y] = spans;
  return {
    points: points.map((list) => list.map((value, place) => (value - spans[place % 2].middle) / spans[place % 2].half)),
    logits: rows.map(([a, b, c]) => [a * x.half, b * y.half, c + a * x.middle + b * y.middle]),
  };
}

function showSolved({ taken, record, samples }, { report, matrix, ledger, plane }) {
  const names = record.classes;
  const recalls = record.classification?.recall ?? [];
  const rows = names.map((name, k) => [name, short(record.class_counts[k], 6), short(record.class_weights[k]),
    number(`shortfall-${k}`, record.shortfall?.[k]), number(`recall-${k}`, recalls[k])]);
  const { class: head, samples: count, weight, shortfall, recall } = say.heads;
  const status = {
    stationary: () => [words.status.stationary, words.status.gradient, number('gradient-0', record.gradient_inf), words.status.end,
      say.accuracy, number('accuracy', record.classification?.accuracy)],
    separable: () => [html('strong', {}, say.separable), withOptions(`${translated(record.advice)}${words.status.end}`)],
    not_converged: () => [html('strong', {}, say.failed), withOptions(`${translated(rounded(record.why))}; ${translated(record.advice)}${words.status.end}`)],
  };
  report.body.replaceChildren(paragraph(translated(taken)), paragraph(...status[record.status]()), tableOf([head, count, weight, shortfall, recall], rows));
  const read = asRecord(record);
  matrix.show(read, { names: cut(names) });
  ledger.show(read, { names: cut(names) });
  plane.element.hidden = !samples.plane;
  if (samples.plane) {
    const rowsOfHead = record.intercepts ? logitsOfRows(record) : [];
    const spans = spansOf(samples.plane);
    plane.show(squared(samples.plane, rowsOfHead, spans));
    const [across, up] = record.features.map((name, axis) => seenOf(name, spans[axis]));
    plane.describe(`${say.pictures.plane}: ${across}, ${up}`);
    plane.setReadout(`→ ${across}, ↑ ${up}`);
  }
}

function showWeights({ taken, record }, { report, matrix }) {
  const { class: head, samples: count, weight, shortfall, before, recall, recallBefore } = say.heads;
  const of = (list, k) => (list?.length ? list[k] : undefined);
  const rows = record.classes.map((name, k) => [name, short(record.class_counts[k], 6), number(`weight-${k}`, of(record.class_weights, k)),
    number(`shortfall-${k}`, of(record.shortfall, k)), short(of(record.unweighted?.shortfall, k)), number(`recall-${k}`, of(record.recall, k)), short(of(record.unweighted?.recall, k))]);
  const why = record.attainable ? [] : [paragraph(html('strong', {}, say.unattainable), inOurWords(record.why))];
  const steps = record.target === 'equal-recall' ? [paragraph(say.recallSteps)] : [];
  report.body.replaceChildren(paragraph(translated(taken)), ...why, tableOf([head, count, weight, shortfall, before, recall, recallBefore], rows), ...steps);
  matrix.show(asRecord(record), { names: cut(record.classes) });
}

/** A cell of the program's tables: a number with as many digits as elsewhere on the page. */
const cell = (text) => (/^-?\d+\.\d+(e-?\d+)?$/.test(text) ? short(Number(text)) : text);

/** Heads of a table, unless they are names of classes, beside an empty corner. */
const inFixedWords = (heads) => (heads[0] ? heads.map(translated) : heads);

function showAudit({ taken, notes, summary, verdict, tables, findings }, { report }) {
  report.body.replaceChildren(paragraph(translated(taken)), ...notes.map((note) => paragraph(html('strong', {}, inOurWords(note)))), html('ul', { class: 'verdict' }, verdict.map((line) => html('li', {}, inOurWords(line)))), paragraph(translated(rounded(summary))),
    ...tables.flatMap(([heading, [heads, ...rows]]) => [html('h3', {}, translated(heading)), tableOf(inFixedWords(heads), rows.map((cells) => cells.map(cell)))]), ...findings.map((finding) => paragraph(translated(rounded(finding)))));
}

function show(answer, _, pictures) {
  const found = answer.table;
  const { matrix, ledger, plane } = pictures;
  matrix.element.hidden = Boolean(found.audited);
  ledger.element.hidden = !found.solved;
  if (!found.solved) plane.element.hidden = true;
  if (found.solved) showSolved(found.solved, pictures);
  if (found.weights) showWeights(found.weights, pictures);
  if (found.audited) showAudit(found.audited, pictures);
}

/** Nothing is left of another table or question; the page says above why there is no answer. */
function refused({ report, matrix, ledger, plane }) {
  report.body.replaceChildren();
  [matrix, ledger, plane].forEach((picture) => { picture.element.hidden = true; });
}

/** What is seen before there is a table. */
function showNothing(pictures) {
  refused(pictures);
  pictures.report.body.replaceChildren(paragraph(say.invitation));
}

export const ownData = {
  id: 'own-data',
  name: say.name,
  claim: say.claim,
  parameters,
  presets: presets(say.presets, { start: {}, weights: { ask: 'weights' }, audit: { ask: 'audit' } }),
  keeps: KEPT,
  settle,
  lesson,
  build,
  show,
  refused,
  showNothing,
  whyNothing: () => refusal,
  source,
  dropped,
  handOver,
};
