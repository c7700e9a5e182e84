// M1 to M3: in batches LGL-INR is another loss, whose balance over all samples is off.

import { ON_LINES, html, number, text } from '../drawing.js';
import { Bars } from '../pictures/bars.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { words } from '../words.js';
import { presets, problem, sizeSlider } from './common.js';

const HALF_WIDTH = 5;
const CLASSES = 4;
/** Fresh samples for each one that is solved on. */
const FRESH = 10;
const say = words.scenes.batches;
const COLOURS = ['var(--inr)', 'var(--lgl)', 'var(--sml)'];
const parameters = [
  { key: 'batch', label: say.controls.batch, kind: 'number', min: 1, max: 1000, start: 8, log: true, whole: true },
  sizeSlider('common', say.controls.common, 300, 300),
  sizeSlider('rare', say.controls.rare, 6, 100),
  { key: 'radius', label: say.controls.radius, kind: 'number', min: 0.5, max: 4, step: 0.1, start: 1.6 },
];

const samplesOf = ({ common, rare }) => 3 * common + rare;
/** No batch is larger than all samples. */
const batchOf = (values) => Math.min(values.batch, samplesOf(values));

function lesson(values) {
  const { common, rare, radius } = values;
  return problem({
    name: 'batches',
    title: 'LGL-INR in batches: recall of a rare class, and the balance over all samples (M1 to M3)',
    penalty: 1e-3,
    data: { gaussian: { means: { ring: { classes: CLASSES, radius } }, counts: [common, common, common, rare] } },
    test: { fresh: FRESH },
    series: [
      { label: 'LGL-INR in batches', loss: { inr: { beta: 0 } }, batch: batchOf(values) },
      { label: 'LGL', loss: 'logistic' },
      { label: 'SML, balanced', loss: 'softmax', class_weights: 'balanced' },
    ],
    measure: ['test_recall', 'whole_sample_residual', 'coefficient', 'intercept', 'accuracy'],
    figure: [{ id: 'regions', height: 1.95, caption: 'Decision regions.', plot: { regions: { target: CLASSES - 1, half_width: HALF_WIDTH } } }],
  });
}

const planeName = (place) => `regions-${place}`;

function build() {
  const names = [words.losses.inr, words.losses.logistic, say.balanced];
  return {
    recall: new Bars({ name: 'recall', title: say.pictures.recall, rows: 3, most: 1, left: 150, shape: 'first' }),
    residual: new Bars({ name: 'residual', title: say.pictures.residual, rows: 1, most: 1, left: 150 }),
    ...Object.fromEntries(names.map((name, place) => [planeName(place), new Plane({ name: planeName(place), title: say.pictures.regions(name), halfWidth: HALF_WIDTH, shape: 'third' })])),
  };
}

function show({ problem: { records, samples } }, values, pictures) {
  const batch = batchOf(values);
  const names = [say.inBatches(batch), words.losses.logistic, say.balanced];
  const recalls = records.map(({ measured }) => measured.test_recall?.[CLASSES - 1]);
  pictures.recall.show(names.map((label, place) => ({ label, value: recalls[place], colour: COLOURS[place] })), say.units.recall);
  pictures.recall.setReadout(names.flatMap((name, place) => [words.status.of(name), number(`recall-${place}`, recalls[place]), html('br')]));
  const [inr] = records;
  const residual = inr.measured.whole_sample_residual?.[0];
  pictures.residual.show([{ label: 'R1', value: residual, colour: COLOURS[0] }], say.units.residual);
  pictures.residual.setReadout(say.own, number('own-balance', inr.measured.balance_residual?.[0]), html('br'), words.status.of('R1'), number('whole-balance', residual));
  records.forEach((record, place) => {
    const plane = pictures[planeName(place)];
    plane.title.textContent = say.pictures.regions(names[place]);
    const logits = logitsOf(record);
    const isSomewhere = logits.length > 0 && plane.region(logits, CLASSES - 1).length > 0;
    const rare = text(plane.x(0), plane.y(0.4 - HALF_WIDTH), say.rare, { 'text-anchor': 'middle', 'font-weight': 700, 'font-size': 14, ...ON_LINES });
    plane.show({ points: samples.plane, logits, marks: isSomewhere ? [rare] : [] });
    plane.describe(plane.title.textContent);
  });
}

export const batches = {
  id: 'batches',
  name: say.name,
  claim: say.claim,
  isProblem: true,
  parameters,
  presets: presets(say.presets, { start: {}, one: { batch: 1 }, many: { batch: 128 }, whole: { batch: 906 } }),
  quiz: say.quiz,
  settle: (values) => ({ ...values, batch: batchOf(values) }),
  lesson,
  build,
  show,
};
