// Curves over steps or logits.

import { Picture, axis, linear, line, polyline, roundTicks, svg, text } from '../drawing.js';

const WIDTH = 440;
const HEIGHT = 360;
const FRAME = { left: 66, right: 422, bottom: 312 };
/** Where frames begin: below the names of curves, if they have any. */
const TOP = { named: 64, unnamed: 14 };

/** Every power of ten, or every third or so where there are many. */
function powers(low, high) {
  const every = Math.max(1, Math.ceil((high - low) / 6));
  const ticks = [];
  for (let power = Math.ceil(low); power <= high + 1e-9; power += 1) {
    if (power % every === 0) ticks.push([power, `10${String(power).replace('-', '⁻').replaceAll(/\d/g, (d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[d])}`]);
  }
  return ticks;
}

export class Curves extends Picture {
  constructor({ name, title, x, y, named = false, shape = '' }) {
    const top = named ? TOP.named : TOP.unnamed;
    super({ name, title, shape, width: WIDTH, height: HEIGHT - TOP.named + top });
    const frame = { ...FRAME, top, bottom: FRAME.bottom - TOP.named + top };
    Object.assign(this, { x, y, frame });
  }

  /**
   * Curves `{ name, points, colour, dash, dot }` within `range` of both axes; on a logarithmic axis values are given as such and
   * drawn by their powers of ten.
   */
  show(curves, { range, log = { x: false, y: false } }) {
    const scaled = (value, isLog) => (isLog ? Math.log10(Math.max(value, 1e-300)) : value);
    const ends = (key) => range[key].map((value) => scaled(value, log[key]));
    const [xEnds, yEnds] = [ends('x'), ends('y')];
    const x = linear(xEnds, [this.frame.left, this.frame.right]);
    const y = linear(yEnds, [this.frame.bottom, this.frame.top]);
    const at = ([across, up]) => [x(scaled(across, log.x)), Math.min(y(scaled(up, log.y)), this.frame.bottom)];
    const ticks = (key, [low, high]) => (log[key] ? powers(low, high) : roundTicks(low, high));
    const clipping = `inside-${this.name}`;
    this.draw(
      svg('clipPath', { id: clipping }, svg('rect', { x: this.frame.left, y: this.frame.top - 8, width: this.frame.right - this.frame.left + 8, height: this.frame.bottom - this.frame.top + 12 })),
      axis('bottom', x, { at: this.frame.bottom, frame: [this.frame.left, this.frame.right], ticks: ticks('x', xEnds), label: this.x }),
      axis('left', y, { at: this.frame.left, frame: [this.frame.top, this.frame.bottom], ticks: ticks('y', yEnds), label: this.y }),
      yEnds[0] < 0 && yEnds[1] > 0 && !log.y ? line(this.frame.left, y(0), this.frame.right, y(0), { stroke: 'var(--line)' }) : [],
      svg('g', { 'clip-path': `url(#${clipping})` }, curves.map(({ points, colour, dash }) =>
        polyline(points.map(at), { stroke: colour, 'stroke-width': 2.4, 'stroke-dasharray': dash ?? 'none' })),
      curves.filter(({ dot }) => dot).map(({ dot, colour }) => {
        const [cx, cy] = at(dot);
        return svg('circle', { cx, cy, r: 6, fill: colour, stroke: 'var(--paper)', 'stroke-width': 1.5 });
      })),
      curves.filter(({ name }) => name).map(({ name, colour, dash }, place) => this.key(place, name, colour, dash)),
    );
  }

  /** What a curve is called, above the frame. */
  key(place, name, colour, dash) {
    const [x, y] = [FRAME.left + (place % 2) * 185, 15 + Math.floor(place / 2) * 18];
    return [line(x, y - 4, x + 40, y - 4, { stroke: colour, 'stroke-width': 2.4, 'stroke-dasharray': dash }), text(x + 46, y, name)];
  }
}
