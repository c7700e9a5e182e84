// Curves over steps or logits.

import { Picture, axis, linear, line, polyline, roundTicks, svg, text } from '../drawing.js';

const WIDTH = 440;
const HEIGHT = 320;
const FRAME = { left: 66, right: 430, top: 14, bottom: 268 };

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
  constructor({ name, title, x, y }) {
    super({ name, title, width: WIDTH, height: HEIGHT });
    Object.assign(this, { x, y });
  }

  /**
   * Curves `{ points, colour, dash, dot }` within `range` of both axes; on a logarithmic axis values are given as such and
   * drawn by their powers of ten.
   */
  show(curves, { range, log = { x: false, y: false } }) {
    const scaled = (value, isLog) => (isLog ? Math.log10(Math.max(value, 1e-300)) : value);
    const ends = (key) => range[key].map((value) => scaled(value, log[key]));
    const [xEnds, yEnds] = [ends('x'), ends('y')];
    const x = linear(xEnds, [FRAME.left, FRAME.right]);
    const y = linear(yEnds, [FRAME.bottom, FRAME.top]);
    const at = ([across, up]) => [x(scaled(across, log.x)), Math.min(y(scaled(up, log.y)), FRAME.bottom)];
    const ticks = (key, [low, high]) => (log[key] ? powers(low, high) : roundTicks(low, high));
    const clipping = `inside-${this.name}`;
    this.draw(
      svg('clipPath', { id: clipping }, svg('rect', { x: FRAME.left, y: FRAME.top - 8, width: FRAME.right - FRAME.left + 8, height: FRAME.bottom - FRAME.top + 12 })),
      axis('bottom', x, { at: FRAME.bottom, frame: [FRAME.left, FRAME.right], ticks: ticks('x', xEnds), label: this.x }),
      axis('left', y, { at: FRAME.left, frame: [FRAME.top, FRAME.bottom], ticks: ticks('y', yEnds), label: this.y }),
      yEnds[0] < 0 && yEnds[1] > 0 && !log.y ? line(FRAME.left, y(0), FRAME.right, y(0), { stroke: 'var(--line)' }) : [],
      svg('g', { 'clip-path': `url(#${clipping})` }, curves.map(({ points, colour, dash }) =>
        polyline(points.map(at), { stroke: colour, 'stroke-width': 2.4, 'stroke-dasharray': dash ?? 'none' })),
      curves.filter(({ dot }) => dot).map(({ dot, colour }) => {
        const [cx, cy] = at(dot);
        return svg('circle', { cx, cy, r: 6, fill: colour, stroke: 'var(--paper)', 'stroke-width': 1.5 });
      })),
      curves.filter(({ level }) => level).map(({ points, colour, level }) =>
        text(FRAME.right, at(points[points.length - 1])[1] - 6, level, { 'text-anchor': 'end', fill: colour, 'font-size': 12 })),
    );
  }
}
