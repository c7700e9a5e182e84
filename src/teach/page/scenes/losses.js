// Curves of losses and of their gradients, side by side.

import { once } from '../ask.js';
import { html, svg } from '../drawing.js';
import { Curves } from '../pictures/traces.js';

const COUNTS = [100, 30, 10];
const MAX_LOGIT = 6;
const MOST = 6;
/** A single sample does not show what weighs whole classes against each other. */
const COUPLED = ['inr'];
/** Sharpnesses are seen best up to here. */
const MAX_SHARPNESS = 10;

const settingKey = (loss, setting) => `${loss}.${setting}`;

function parametersOf(catalogue) {
  const known = catalogue.filter(({ name }) => !COUPLED.includes(name));
  const settings = known.flatMap(({ name, settings: all }) => all.map(([setting, start, most]) => ({
    key: settingKey(name, setting),
    label: `${name}: ${setting}`,
    kind: 'number',
    min: 0,
    max: most === 1 ? 1 : Math.max(MAX_SHARPNESS, start),
    step: most === 1 ? 0.01 : 0.05,
    start,
    when: ({ shown }) => shown.includes(name),
  })));
  return [
    { key: 'shown', label: `Losses (up to ${MOST})`, kind: 'flags', start: ['softmax', 'logistic', 'focal'], least: 1, most: MOST, options: known.map(({ name, title }) => [name, name, title]) },
    { key: 'class', label: 'Class of the sample (of 100, 30 and 10)', kind: 'choice', start: '2', options: COUNTS.map((count, k) => [String(k), `${k} (${count})`]) },
    { key: 'moved', label: 'Logit that moves', kind: 'choice', start: 'own', options: [['own', 'Its own'], ['other', 'Of another class']] },
    ...settings,
  ];
}

const colour = (place) => `var(--class-${place})`;
const DASHES = ['none', '9 4', '3 3', '12 3 3 3', '6 2', '2 5'];

function build() {
  const legend = html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Losses and their laws' });
  return {
    value: new Curves({ name: 'value', title: 'Loss of one sample', shape: 'first', named: true, x: 'logit z, the others zero', y: 'loss ℓ' }),
    gradient: new Curves({ name: 'gradient', title: 'Its slope: how hard it pushes the logit down', named: true, x: 'logit z, the others zero', y: '∂ℓ/∂z' }),
    legend: { element: html('figure', { class: 'picture wide', id: 'picture-legend' }, legend), body: legend },
  };
}

function show({ losses }, values, { value, gradient, legend }) {
  const curves = (key) => losses.map((loss, place) => ({
    name: loss.name, points: loss[key].map((entry, i) => [loss.logit[i], entry]), colour: colour(place), dash: DASHES[place],
  })).filter(({ points }) => points.length > 0);
  const range = (all, least) => {
    const heights = all.flatMap(({ points }) => points.map(([, entry]) => entry));
    return { x: [-MAX_LOGIT, MAX_LOGIT], y: [Math.min(...heights, least), Math.max(...heights, least + 1)] };
  };
  const [values_, slopes] = [curves('value'), curves('gradient')];
  value.show(values_, { range: range(values_, 0) });
  gradient.show(slopes, { range: range(slopes, values.moved === 'own' ? -1 : 0) });
  const names = losses.map(({ name }) => name).join(', ');
  value.describe(`Loss of one sample by its logit under ${names}`);
  gradient.describe(`Slope of the loss by the logit under ${names}`);
  const rows = losses.map(({ name, title, equation, law }, place) => html('tr', {},
    html('th', { scope: 'row' }, sample(place), name), html('td', {}, title), html('td', {}, equation), html('td', {}, law)));
  legend.body.replaceChildren(html('table', {},
    html('thead', {}, html('tr', {}, ['Loss', 'What it is', 'Of one sample', 'Law where the gradient is zero'].map((head) => html('th', { scope: 'col' }, head)))),
    html('tbody', {}, rows)));
}

/** A piece of the curve, beside its name. */
const sample = (place) => svg('svg', { viewBox: '0 0 44 10', width: 44, height: 10, 'aria-hidden': 'true' },
  svg('path', { d: 'M1 5H40', stroke: colour(place), 'stroke-width': 3, 'stroke-dasharray': DASHES[place] }));

/** The scene, once it is known what losses there are. */
export async function losses() {
  const { catalogue } = await once('catalogue');
  const settings = new Map(catalogue.map(({ name, settings: all }) => [name, all.map(([setting]) => setting)]));
  const lesson = (values) => ({
    losses: {
      counts: COUNTS,
      class: Number(values.class),
      ...(values.moved === 'other' ? { other: values.class === '0' ? 1 : 0 } : {}),
      max_logit: MAX_LOGIT,
      losses: values.shown.map((name) => ({
        name, settings: Object.fromEntries(settings.get(name).map((setting) => [setting, values[settingKey(name, setting)]])),
      })),
    },
  });
  return {
    id: 'losses',
    name: 'Losses',
    claim: `<p>Every loss has a gradient by each logit of a sample. Where these cancel on each logit, the gradient is zero: the law of its balance follows
from the slope alone.</p>
<p class="law"><i>Σ<sub>i</sub> ∂ℓ<sub>i</sub> / ∂z<sub>i</sub><sup>k</sup> = 0</i> for every class <i>k</i></p>
<p>The sample is of one of three classes of 100, 30 and 10 samples; all its logits are zero but the one that moves.
LGL-INR weighs whole classes against each other, which one sample cannot show.</p>`,
    parameters: parametersOf(catalogue),
    presets: [
      { name: 'Start', values: {}, comment: 'Focal loss lets go of what is correctly classified: its slope vanishes sooner than softmax’s.' },
      { name: 'Shifted', values: { shown: ['softmax', 'logit-adjusted', 'ldam', 'vector-scaling'], 'ldam.scale': 1 }, comment: 'Losses that shift the logit by how rare its class is: the same curve, further to the right.' },
      { name: 'On a rival', values: { shown: ['logistic', 'softmax', 'equalization', 'seesaw'], moved: 'other', class: '0' }, comment: 'How a frequent class pushes a rare one down: equalization and seesaw loss hold back.' },
      { name: 'Smoothing', values: { shown: ['softmax', 'label-smoothing'] }, comment: 'Beyond the target of a smoothed label the slope changes sign, and the loss has a lowest point.' },
    ],
    lesson,
    build,
    show,
  };
}
