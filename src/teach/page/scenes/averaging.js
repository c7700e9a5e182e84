// A1 to A4, R1 to R4: logistic loss bounds the average over non-targets, behind which the hardest one hides.

import { Columns } from '../pictures/columns.js';
import { html, number } from '../drawing.js';
import { Bars } from '../pictures/bars.js';
import { Plane, logitsOf } from '../pictures/plane.js';
import { numbered, problem, sizeSlider } from './common.js';

const HALF_WIDTH = 7;
/** Samples of each class on the ring: three losses over up to ten such classes are solved within a blink. */
const IN_RING = 120;
const ring = ({ design }) => design === 'ring';
const LOSSES = [
  { loss: 'logistic', name: 'LGL', colour: 'var(--lgl)' },
  { loss: 'softmax', name: 'SML', colour: 'var(--sml)' },
  { loss: 'inr', name: 'LGL-INR', colour: 'var(--inr)' },
];
const COLOURS = LOSSES.map(({ colour }) => colour);

const parameters = [
  { key: 'design', label: 'Easy classes lie', kind: 'choice', start: 'room', options: [['room', 'Each in its own direction'], ['ring', 'On a ring around the target']] },
  { key: 'easy', label: 'Easy classes', kind: 'number', min: 1, max: 9, start: 3, whole: true },
  { ...sizeSlider('hard', 'Samples of the hard class', 20, 400), when: (values) => !ring(values) },
  { key: 'distance', label: 'Distance of the hard class', kind: 'number', min: 0.5, max: 5, step: 0.1, start: 2, when: (values) => !ring(values) },
  { key: 'radius', label: 'Radius of the ring', kind: 'number', min: 1.5, max: 5.5, step: 0.1, start: 4, when: ring },
  { key: 'beta', label: 'Sharpness β of LGL-INR', kind: 'number', min: 0, max: 20, step: 0.25, start: 5 },
];

const classes = (values) => values.easy + (ring(values) ? 1 : 2);

function lesson(values) {
  const { easy, hard, distance, radius, beta } = values;
  const each = (count) => Array.from({ length: easy }, () => count);
  const data = ring(values)
    ? { gaussian: { means: { ring_around_target: { easy_classes: easy, radius } }, counts: [IN_RING, ...each(IN_RING)] } }
    : { gaussian: { means: { hard_and_easy: { hard_distance: distance, easy_classes: easy, easy_distance: 6 } }, counts: [200, hard, ...each(200)] } };
  const regions = { id: 'regions', height: 1.95, caption: 'Decision regions of LGL, SML and LGL-INR.', plot: { regions: { target: 0, half_width: HALF_WIDTH } } };
  const bars = {
    id: 'bars', caption: 'What the target withholds, and which classes receive it.', plot: { bars: { target: 0, classes: numbered(classes(values)) } },
  };
  return problem({
    name: 'averaging',
    title: 'The averaging effect: the hardest non-target hides behind the average (A1 to A4, R1 to R4)',
    penalty: 1e-4,
    data,
    series: LOSSES.map(({ loss, name }) => (loss === 'inr' ? { label: name, loss: { inr: { beta } } } : { label: name, loss })),
    measure: ['hardest', 'pooled', 'neglect_ratio', 'neglect_bound', 'guarantee', 'accuracy', 'balanced_accuracy', 'coefficient', 'intercept', 'contribution', 'target_probability'],
    figure: ring(values) ? [bars, regions] : [bars],
  });
}

function build() {
  return {
    columns: new Columns({ name: 'columns', title: 'Probability of the target among the others: hardest (ringed) and average over samples (dashed)' }),
    recall: new Bars({ name: 'recall', title: 'Recall of the hard class', rows: 3, most: 1 }),
    shortfall: new Bars({ name: 'shortfall', title: 'What the target itself lacks, s₀', rows: 3, most: 1 }),
    ...Object.fromEntries(LOSSES.map(({ loss, name }) => [loss, new Plane({ name: `regions-${loss}`, title: `Regions of ${name}`, halfWidth: HALF_WIDTH })])),
  };
}

function show({ problem: { records, samples } }, values, pictures) {
  const names = LOSSES.map(({ loss, name }) => (loss === 'inr' ? `${name}, β = ${values.beta}` : name));
  pictures.columns.show(records, { names, colours: COLOURS, target: 0 });
  pictures.columns.setReadout(records.flatMap(({ measured: { hardest, pooled } }, place) => (hardest
    ? [names[place], ': hardest ', number(`hardest-${place}`, hardest[0]), ', average ', number(`pooled-${place}`, pooled[0]), html('br')] : [])));
  const bars = (key, k) => records.map(({ measured }, place) => ({ label: names[place], value: measured[key]?.[k] ?? 0, colour: COLOURS[place] }));
  pictures.recall.title.textContent = ring(values) ? 'Recall of the target' : 'Recall of the hard class';
  pictures.recall.show(bars('recall', ring(values) ? 0 : 1), 'recall');
  pictures.shortfall.show(bars('shortfall', 0), 'mean probability withheld');
  LOSSES.forEach(({ loss }, place) => {
    const plane = pictures[loss];
    plane.element.hidden = !samples.plane;
    if (samples.plane) {
      plane.show({ points: samples.plane, logits: logitsOf(records[place]) });
      plane.describe(`Regions of ${names[place]} around a target in a ring`);
    }
  });
}

export const averaging = {
  id: 'averaging',
  name: 'Averaging',
  claim: `<p>One-vs-all logistic loss (LGL) bounds only the average over the other classes:</p>
<p class="law"><i>N<sub>k</sub>s<sub>k</sub> = (N − N<sub>k</sub>) P̄<sub>k</sub></i> (A1)</p>
<p>A rare class that looks like the target (ringed) may have a high probability of it while easy classes keep the average (dashed) low.
LGL-INR weighs the others by how hard they are, so that for large β the hardest itself is bounded:
<i>max P ≤ s<sub>k</sub> + log(K − 1) / β</i> (R3, detached).</p>`,
  isProblem: true,
  parameters,
  presets: [
    { name: 'Start', values: {}, comment: 'The hard class has 20 samples two standard deviations away, three easy classes 200 each: LGL’s average is low, its hardest high.' },
    { name: 'More easy classes', values: { easy: 8 }, comment: 'Softmax’s average falls to a hundredth while its hardest stays (A3). LGL’s column gives half of the target up instead (s₀), and its hardest falls with it.' },
    { name: 'β = 0', values: { beta: 0 }, comment: 'LGL-INR without sharpness: a plain mean over classes. Most of the gain in recall is there already; it comes from counting classes, not samples.' },
    { name: 'β = 20', values: { beta: 20 }, comment: 'Sharper: the ringed dot of LGL-INR comes down to what the bound allows. Softmax without weights is no better than LGL here.' },
    { name: 'No room', values: { design: 'ring', easy: 8 }, comment: 'A target inside a ring (A4): one column cannot fence it in. Its shortfall is 0.89 under LGL, 0.2 under softmax.' },
    { name: 'No room, β = 20', values: { design: 'ring', easy: 8, beta: 20 }, comment: 'The repair has a limit (R4): without room large β drives target and others to one half.' },
  ],
  lesson,
  build,
  show,
};
