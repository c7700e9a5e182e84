// Curves of losses and of their gradients, side by side.

import { catalogue } from '../catalogue.js';
import { html, sample } from '../drawing.js';
import { formula } from '../formula.js';
import { Curves } from '../pictures/traces.js';
import { translated, words } from '../words.js';
import { presets } from './common.js';

const COUNTS = [100, 30, 10];
const MAX_LOGIT = 6;
const MAX_SHOWN = 6;
const say = words.scenes.losses;
/** A single sample does not show what weighs whole classes against each other. */
const COUPLED = ['inr'];
/** Sharpnesses are seen best up to here. */
const MAX_SHARPNESS = 10;
/** Where a usual setting would flatten all other curves, or show nothing with these sizes. */
const STARTS = { 'ldam.scale': 1, 'equalization.rare': 0.25 };

const settingKey = (loss, setting) => `${loss}.${setting}`;

function parameters() {
  const known = catalogue.filter(({ name }) => !COUPLED.includes(name));
  const settings = known.flatMap(({ name, settings: all }) => all.map(([setting, usual, most]) => ({
    key: settingKey(name, setting),
    label: `${name}: ${setting}`,
    kind: 'number',
    min: 0,
    max: most === 1 ? 1 : Math.max(MAX_SHARPNESS, usual),
    step: most === 1 ? 0.01 : 0.05,
    start: STARTS[settingKey(name, setting)] ?? usual,
    when: ({ shown }) => shown.includes(name),
  })));
  return [
    { key: 'shown', label: say.controls.shown(MAX_SHOWN), kind: 'flags', start: ['softmax', 'logistic', 'focal'], least: 1, most: MAX_SHOWN, options: known.map(({ name, title }) => [name, name, title]) },
    { key: 'class', label: say.controls.class, kind: 'choice', start: '2', options: COUNTS.map((count, k) => [String(k), `${k} (${count})`]) },
    { key: 'moved', label: say.controls.moved, kind: 'choice', start: 'own', options: [['own', say.controls.own], ['other', say.controls.other]] },
    ...settings,
  ];
}

/** Logistic and softmax loss look as in other scenes; dashes tell the others apart. */
const LOOKS = { logistic: { colour: 'var(--lgl)', dash: 'none' }, softmax: { colour: 'var(--sml)', dash: 'none' } };
const DASHES = ['9 4', '3 3', '14 3 3 3', '5 8', '2 6', '16 3 3 3 3 3'];

/** How each of the losses that are shown is drawn. */
function looks(losses) {
  let dashed = -1;
  return losses.map(({ name }) => {
    if (LOOKS[name]) return LOOKS[name];
    dashed += 1;
    return { colour: 'var(--ink)', dash: DASHES[dashed] };
  });
}

function build() {
  const legend = html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': say.pictures.legend });
  return {
    value: new Curves({ name: 'value', title: say.pictures.value, shape: 'first', named: true, x: say.axes.logit, y: say.axes.loss }),
    gradient: new Curves({ name: 'gradient', title: say.pictures.gradient, named: true, x: say.axes.logit, y: say.axes.slope }),
    legend: { element: html('figure', { class: 'picture wide', id: 'picture-legend' }, legend), body: legend },
  };
}

function show({ losses }, values, { value, gradient, legend }) {
  const drawn = looks(losses);
  const curves = (key) => losses.map((loss, place) => ({
    name: loss.name, points: loss[key].map((entry, i) => [loss.logit[i], entry]), ...drawn[place],
  })).filter(({ points }) => points.length > 0);
  const range = (all, least) => {
    const heights = all.flatMap(({ points }) => points.map(([, entry]) => entry));
    return { x: [-MAX_LOGIT, MAX_LOGIT], y: [Math.min(...heights, least), Math.max(...heights, least + 1)] };
  };
  const [values_, slopes] = [curves('value'), curves('gradient')];
  value.show(values_, { range: range(values_, 0) });
  gradient.show(slopes, { range: range(slopes, values.moved === 'own' ? -1 : 0) });
  const without = losses.filter((loss) => loss.value.length === 0).map(({ name }) => name);
  value.setReadout(say.withoutValue(without.join(', ')));
  value.readout.hidden = without.length === 0;
  const names = losses.map(({ name }) => name).join(', ');
  value.describe(`${say.pictures.value}: ${names}`);
  gradient.describe(`${say.pictures.gradient}: ${names}`);
  const rows = losses.map(({ name, title, equation, law }, place) => html('tr', {},
    html('th', { scope: 'row' }, sample(drawn[place]), name), html('td', {}, translated(title)), html('td', {}, formula(translated(equation))), html('td', {}, formula(translated(law)))));
  legend.body.replaceChildren(html('table', {},
    html('thead', {}, html('tr', {}, say.heads.map((head) => html('th', { scope: 'col' }, head)))),
    html('tbody', {}, rows)));
}

const settings = new Map(catalogue.map(({ name, settings: all }) => [name, all.map(([setting]) => setting)]));

function lesson(values) {
  return {
    losses: {
      counts: COUNTS,
      class: Number(values.class),
      ...(values.moved === 'other' ? { other: values.class === '0' ? 1 : 0 } : {}),
      max_logit: MAX_LOGIT,
      losses: values.shown.map((name) => ({
        name, settings: Object.fromEntries(settings.get(name).map((setting) => [setting, values[settingKey(name, setting)]])),
      })),
    },
  };
}

export const losses = {
  id: 'losses',
  name: say.name,
  claim: say.claim,
  parameters: parameters(),
  presets: presets(say.presets, {
    start: {},
    shifted: { shown: ['softmax', 'logit-adjusted', 'ldam', 'vector-scaling'] },
    rival: { shown: ['logistic', 'softmax', 'equalization', 'seesaw'], moved: 'other', class: '0', 'seesaw.compensation': 0 },
    smoothing: { shown: ['softmax', 'label-smoothing'] },
  }),
  lesson,
  build,
  show,
};
