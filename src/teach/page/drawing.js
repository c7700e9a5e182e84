// Building blocks of pictures: elements, scales, numbers as text, axes, and the frame of every picture.

import { words } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat());
  return element;
}

export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export const html = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

/** There are as many as a problem may have classes. */
export const classColour = (k) => `var(--class-${k % 12})`;

/** About how wide a bold text of the usual size is; Chinese and the like are as wide as high. */
export const widthOf = (content) => [...content].reduce((width, letter) => width + (letter > '\u2e80' ? 13 : 8.2), 0);

/** From an interval of values to one of places. */
export function linear([from, to], [start, end]) {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** Digits of a number on the page, wherever it is. */
const DIGITS = 3;

/** A number in a few significant digits, as people write it. */
export function short(value, digits = DIGITS) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  // Two numbers that are equal but for rounding are rounded alike.
  if (size >= 1e-3 && size < 1e5) return String(Number(Number(value.toPrecision(12)).toPrecision(digits))).replace('-', '−');
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  const raised = exponent.replace('+', '').split('').map((c) => ({ '-': '⁻' })[c] ?? '⁰¹²³⁴⁵⁶⁷⁸⁹'[c]).join('');
  const factor = Number(mantissa) === 1 ? '' : `${String(Number(mantissa)).replace('-', '−')}·`;
  return `${factor}10${raised}`;
}

/** What the solver says, its long numbers as people write them. */
export const rounded = (said) => said.replaceAll(/-?\d+\.\d{4,}(?:e-?\d+)?/g, (found) => short(Number(found)));

/** The same as an element that keeps every digit, by which it can be found. */
export const number = (name, value, digits) =>
  html('data', { value: value ?? '', 'data-name': name }, short(value, digits));

export function text(x, y, content, attributes = {}) {
  return svg('text', { x, y, fill: 'var(--ink)', 'font-size': 13, ...attributes }, String(content));
}

/** For a text that lies over lines: it is read on a margin of paper. */
export const ON_LINES = { stroke: 'var(--paper)', 'stroke-width': 5, 'stroke-linejoin': 'round', 'paint-order': 'stroke' };

export function line(x1, y1, x2, y2, attributes = {}) {
  return svg('line', { x1, y1, x2, y2, stroke: 'var(--ink)', 'stroke-width': 1, ...attributes });
}

export const polyline = (points, attributes = {}) =>
  svg('path', { d: `M${points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join('L')}`, fill: 'none', ...attributes });

/** A piece of a line, beside its name. */
export const sample = ({ colour, dash }) => svg('svg', { viewBox: '0 0 44 10', width: 44, height: 10, 'aria-hidden': 'true' },
  svg('path', { d: 'M1 5H40', stroke: colour, 'stroke-width': 3, 'stroke-dasharray': dash }));

/** A horizontal axis below a frame, or a vertical one beside it, with ticks at values. */
export function axis(side, place, { at, ticks, label, frame }) {
  const marks = ticks.map(([value, name]) => {
    const spot = place(value);
    return side === 'bottom'
      ? [line(spot, at, spot, at + 4, { stroke: 'var(--quiet)' }), text(spot, at + 20, name, { 'text-anchor': 'middle', 'font-size': 12, fill: 'var(--quiet)' })]
      : [line(at - 4, spot, at, spot, { stroke: 'var(--quiet)' }), text(at - 7, spot + 4, name, { 'text-anchor': 'end', 'font-size': 12, fill: 'var(--quiet)' })];
  });
  const [start, end] = frame;
  const spine = side === 'bottom' ? line(start, at, end, at, { stroke: 'var(--quiet)' }) : line(at, start, at, end, { stroke: 'var(--quiet)' });
  const title = side === 'bottom'
    ? text((start + end) / 2, at + 39, label, { 'text-anchor': 'middle' })
    : text(0, 0, label, { 'text-anchor': 'middle', transform: `translate(${at - 47} ${(start + end) / 2}) rotate(-90)` });
  return [spine, ...marks.flat(), title];
}

/** The next round number. */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((factor) => factor * power >= value) * power;
}

/** Round numbers that divide an interval into a few parts. */
export function roundTicks(low, high, parts = 5) {
  const step = roundUp((high - low) / parts);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
    .map((value) => [value, value.toFixed(digits).replace('-', '−')]);
}

/** A drawing with a title, a name for those who do not see it, and a button that saves it. `hint` says what a hand may do there. */
export class Picture {
  constructor({ name, title, hint = '', width = 400, height = 400, shape = '' }) {
    Object.assign(this, { name, width, height });
    this.layer = svg('g');
    this.handles = svg('g');
    this.drawing = svg('svg', {
      viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title, 'font-family': 'system-ui, DejaVu Sans, sans-serif',
    }, this.layer, this.handles);
    this.title = html('span', { id: `title-${name}` }, title);
    this.save = html('button', { type: 'button', 'aria-label': `${words.save.picture}: ${title}`, title: words.save.picture }, 'SVG ↓');
    this.readout = html('p', { class: 'readout', hidden: true, 'data-of': title });
    this.element = html('figure', { class: `picture ${shape}`.trim(), id: `picture-${name}`, 'aria-labelledby': `title-${name}` },
      html('figcaption', {}, html('span', {}, this.title, hint), this.save), this.drawing, this.readout);
  }

  resize(height) {
    this.height = height;
    this.drawing.setAttribute('viewBox', `0 0 ${this.width} ${height}`);
  }

  draw(...nodes) {
    this.layer.replaceChildren(...nodes.flat(9));
  }

  /** Says that there is nothing to see, in place of what another problem has left. */
  clear() {
    this.draw(text(this.width / 2, this.height / 2, words.status.none, { 'text-anchor': 'middle', fill: 'var(--quiet)' }));
    this.readout.replaceChildren();
    this.describe(`${this.title.textContent}: ${words.status.none}`);
  }

  /** Says that there are parts that a hand moves or chooses: of an image, those who listen hear no parts. */
  hasParts() {
    this.drawing.setAttribute('role', 'group');
  }

  /** What is seen, for those who listen. */
  describe(content) {
    this.drawing.setAttribute('aria-label', content);
  }

  /** Numbers in words below the drawing. */
  setReadout(...nodes) {
    this.readout.hidden = false;
    this.readout.replaceChildren(...nodes.flat());
  }
}
