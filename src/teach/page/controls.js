// Sliders, choices and toggles for the parameters of a scene.

import { html, short } from './drawing.js';
import { allowed } from './state.js';

/** Steps of a slider whose values grow by factors. */
const STEPS = 400;

const toSlider = (parameter, value) => (parameter.log
  ? Math.round((STEPS * Math.log(value / parameter.min)) / Math.log(parameter.max / parameter.min)) : value);
const fromSlider = (parameter, place) => (parameter.log
  ? parameter.min * (parameter.max / parameter.min) ** (place / STEPS) : place);
/** Values between two steps of such a slider need no more digits than distinguish them. */
const rounded = (parameter, value) => (parameter.log ? Number(value.toPrecision(3)) : value);

function slider(parameter, change) {
  const id = `control-${parameter.key}`;
  const range = parameter.log
    ? { min: 0, max: STEPS, step: 1 } : { min: parameter.min, max: parameter.max, step: parameter.step ?? 1 };
  const output = html('output', { for: id });
  const input = html('input', { type: 'range', id, name: parameter.key, ...range });
  input.addEventListener('input', () =>
    change(parameter.key, allowed(parameter, rounded(parameter, fromSlider(parameter, Number(input.value))))));
  const set = (value) => {
    input.value = toSlider(parameter, value);
    output.textContent = short(value);
    input.setAttribute('aria-valuetext', short(value));
  };
  return { element: html('div', { class: 'control' }, html('label', { for: id }, parameter.label), output, input), set };
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

function control(parameter, change, current) {
  if (parameter.hidden || parameter.kind === 'point') return null;
  if (parameter.kind === 'number') return slider(parameter, change);
  if (parameter.kind === 'choice') {
    return buttons(parameter, (value, option) => value === option, (option) => change(parameter.key, option));
  }
  return toggles(parameter, change, current);
}

/** The controls of a scene in its form; what is returned sets them to values. */
export function build(scene, form, change, current) {
  const all = scene.parameters.map((parameter) => [parameter, control(parameter, change, current)]).filter(([, built]) => built);
  form.replaceChildren(...all.map(([, { element }]) => element), ...(scene.extras?.(change, current) ?? []));
  return (values) => all.forEach(([parameter, { element, set }]) => {
    element.hidden = parameter.when ? !parameter.when(values) : false;
    set(values[parameter.key]);
  });
}
