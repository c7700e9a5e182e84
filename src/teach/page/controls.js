// Sliders, choices and toggles for the parameters of a scene.

import { html, short } from './drawing.js';
import { allowed } from './state.js';

/** Steps of a slider whose values grow by factors. */
const STEPS = 400;

/** The place below all others is that of zero, where a parameter may be zero. */
const lowest = (parameter) => (parameter.zero ? -1 : 0);

function toSlider(parameter, value) {
  if (!parameter.log) return value;
  if (value < parameter.min) return lowest(parameter);
  return Math.round((STEPS * Math.log(value / parameter.min)) / Math.log(parameter.max / parameter.min));
}

function fromSlider(parameter, place) {
  if (!parameter.log) return place;
  return place < 0 ? 0 : parameter.min * (parameter.max / parameter.min) ** (place / STEPS);
}

/** Values between two steps of such a slider need no more digits than distinguish them. */
const rounded = (parameter, value) => (parameter.log ? Number(value.toPrecision(3)) : value);

const RAISED = '⁻⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number as people write it, and as the page does: 0,5 or 1,000 or 2·10⁻³ or 10^-3. */
function typed(text) {
  const plain = text.trim().replaceAll('−', '-')
    .replaceAll(/[⁻⁰¹²³⁴-⁹]+/g, (raised) => `^${[...raised].map((sign) => '-0123456789'[RAISED.indexOf(sign)]).join('')}`)
    .replace(/^(?:(.+)[·*])?10\^(-?\d+)$/, (_, factor = '1', power = '') => `${factor}e${power}`);
  return Number((/^-?\d{1,3}(,\d{3})+$/.test(plain) ? plain.replaceAll(',', '') : plain.replace(',', '.')) || NaN);
}

/** What a slider says, which can be typed too; all digits are seen while one does. */
function box(parameter, change) {
  const input = html('input', { type: 'text', inputmode: 'decimal', class: 'typed', 'aria-label': parameter.label, autocomplete: 'off' });
  let shown = 0;
  const set = (value) => {
    shown = value;
    input.value = document.activeElement === input ? value : short(value);
  };
  input.addEventListener('change', () => {
    const value = typed(input.value);
    if (Number.isNaN(value)) set(shown);
    else change(parameter.key, allowed(parameter, value));
  });
  // What is entered is the scene's: keys undo its moves again.
  input.addEventListener('keydown', ({ key }) => key === 'Enter' && input.blur());
  for (const event of ['focus', 'blur']) input.addEventListener(event, () => set(shown));
  return { input, set };
}

function slider(parameter, change) {
  const id = `control-${parameter.key}`;
  const range = parameter.log
    ? { min: lowest(parameter), max: STEPS, step: 1 } : { min: parameter.min, max: parameter.max, step: parameter.step ?? 1 };
  const output = box(parameter, change);
  const input = html('input', { type: 'range', id, name: parameter.key, ...range });
  input.addEventListener('input', () =>
    change(parameter.key, allowed(parameter, rounded(parameter, fromSlider(parameter, Number(input.value))))));
  const set = (value) => {
    input.value = toSlider(parameter, value);
    output.set(value);
    input.setAttribute('aria-valuetext', short(value));
  };
  return { element: html('div', { class: 'control' }, html('label', { for: id }, parameter.label), output.input, input), set };
}

function buttons(parameter, pressed, press) {
  const all = parameter.options.map(([option, label, title]) => {
    const button = html('button', { type: 'button', 'data-option': option, title: title ?? label }, label);
    button.addEventListener('click', () => press(option));
    return [option, button];
  });
  const element = html('fieldset', { class: 'control', id: `control-${parameter.key}` },
    html('legend', {}, parameter.label), html('div', { class: 'options' }, all.map(([, button]) => button)));
  const set = (value) => all.forEach(([option, button]) => button.setAttribute('aria-pressed', String(pressed(value, option))));
  return { element, set };
}

function toggles(parameter, change, current) {
  return buttons(parameter, (value, option) => value.includes(option), (option) => {
    const before = current()[parameter.key];
    const after = before.includes(option) ? before.filter((other) => other !== option) : [...before, option];
    if (after.length >= parameter.least && after.length <= parameter.most) change(parameter.key, allowed(parameter, after));
  });
}

/** A list to choose from whose options are known only later: `options(values)` gives them. */
function list(parameter, change) {
  const id = `control-${parameter.key}`;
  const select = html('select', { id, name: parameter.key });
  select.addEventListener('change', () => change(parameter.key, select.value));
  let shown = '';
  const set = (value, values) => {
    const options = parameter.options(values);
    if (options.join('\n') !== shown) {
      select.replaceChildren(...options.map((option) => html('option', { value: option }, option || '–')));
      shown = options.join('\n');
    }
    select.value = value;
  };
  return { element: html('div', { class: 'control' }, html('label', { for: id }, parameter.label), select), set };
}

function control(parameter, change, current) {
  if (parameter.hidden || parameter.kind === 'point') return null;
  if (parameter.kind === 'number') return slider(parameter, change);
  if (parameter.kind === 'list') return list(parameter, change);
  if (parameter.kind === 'choice') {
    return buttons(parameter, (value, option) => value === option, (option) => change(parameter.key, option));
  }
  return toggles(parameter, change, current);
}

/** The controls of a scene in its form; what is returned sets them to values. */
export function build(scene, form, change, current, assign) {
  const all = scene.parameters.map((parameter) => [parameter, control(parameter, change, current)]).filter(([, built]) => built);
  form.replaceChildren(...(scene.source?.(assign) ?? []), ...all.map(([, { element }]) => element), ...(scene.extras?.(change, current) ?? []));
  return (values) => all.forEach(([parameter, { element, set }]) => {
    element.hidden = parameter.when ? !parameter.when(values) : false;
    set(values[parameter.key], values);
  });
}
