// Numbers with their 95% intervals beside zero, and where theory puts them.

import { ON_LINES, Picture, line, linear, roundTicks, roundUp, short, svg, text } from '../drawing.js';

const WIDTH = 440;
const LEFT = 118;
const RIGHT = 425;
const ROW = 56;
/** Deviations of a normal number that hold 95%. */
const TWO_SIDED = 1.959964;

export class Intervals extends Picture {
  constructor({ name, title, rows, shape = '' }) {
    super({ name, title, shape, width: WIDTH, height: rows * ROW + 62 });
  }

  /** Rows of `{ label, value, deviation, expected, colour }`. */
  show(rows, unit) {
    const bottom = rows.length * ROW + 10;
    const ends = rows.flatMap(({ value, deviation = 0, expected = 0 }) => [value - TWO_SIDED * deviation, value + TWO_SIDED * deviation, expected, 0]);
    // Round, so that most states of a scene share their scale.
    const halfWidth = roundUp(Math.max(...ends.map(Math.abs), 1e-9) * 1.1);
    const x = linear([-halfWidth, halfWidth], [LEFT, RIGHT]);
    this.draw(
      line(x(0), 4, x(0), bottom, { stroke: 'var(--quiet)', 'stroke-dasharray': '4 3' }),
      rows.map(({ label, value, deviation = 0, expected, colour }, row) => {
        const y = row * ROW + 34;
        const [low, high] = [x(value - TWO_SIDED * deviation), x(value + TWO_SIDED * deviation)];
        return [
          text(LEFT - 10, y + 5, label, { 'text-anchor': 'end' }),
          line(low, y, high, y, { stroke: colour, 'stroke-width': 3 }),
          [low, high].map((end) => line(end, y - 7, end, y + 7, { stroke: colour, 'stroke-width': 2 })),
          expected === undefined ? [] : line(x(expected), y - 12, x(expected), y + 12, { 'stroke-width': 2.5 }),
          svg('circle', { cx: x(value), cy: y, r: 6, fill: colour }),
          text(x(value), y - 14, short(value), { 'text-anchor': 'middle', ...ON_LINES }),
        ];
      }),
      line(LEFT, bottom, RIGHT, bottom, { stroke: 'var(--quiet)' }),
      roundTicks(-halfWidth, halfWidth, 6).map(([value, name]) => [
        line(x(value), bottom, x(value), bottom + 4, { stroke: 'var(--quiet)' }),
        text(x(value), bottom + 18, name, { 'text-anchor': 'middle', 'font-size': 12, fill: 'var(--quiet)' }),
      ]),
      text((LEFT + RIGHT) / 2, bottom + 38, unit, { 'text-anchor': 'middle' }),
    );
    this.describe(`${this.title.textContent}. ${rows.map(({ label, value }) => `${label}: ${short(value)}`).join(', ')}`);
  }
}
