// Shares of three classes in all outflow: the admissible ones fill the triangle between the edges' middles.

import { Picture, classColour, short, svg, text } from '../drawing.js';
import { words } from '../words.js';
import { arrows, follow } from './plane.js';

const WIDTH = 400;
const HEIGHT = 372;
const CORNERS = [[40, 332], [360, 332], [200, 55]];

const place = (fractions) => [0, 1].map((axis) => fractions.reduce((sum, fraction, k) => sum + fraction * CORNERS[k][axis], 0));

/** The shares at a place of the drawing. */
function sharesAt(x, y) {
  const [[ax, ay], [bx, by], [cx, cy]] = CORNERS;
  const area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy);
  const first = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / area;
  const second = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / area;
  return [first, second, 1 - first - second];
}

/** The nearest shares of which none is negative and none above the others together. */
export function admissible(fractions) {
  let nearest = fractions.map((fraction) => Math.max(fraction, 0));
  const sum = nearest.reduce((total, fraction) => total + fraction, 0);
  nearest = nearest.map((fraction) => fraction / sum);
  const dominant = nearest.findIndex((fraction) => fraction > 0.5);
  if (dominant >= 0) {
    const rest = 1 - nearest[dominant];
    nearest = nearest.map((fraction, k) => {
      if (k === dominant) return 0.5;
      return rest > 0 ? (fraction * 0.5) / rest : 0.25;
    });
  }
  return nearest.map((fraction) => Math.round(fraction * 1000) / 1000);
}

export class Triangle extends Picture {
  /** `move(fractions)` is called while the target is dragged. */
  constructor({ name, title, move }) {
    super({ name, title, width: WIDTH, height: HEIGHT });
    this.target = svg('g', { class: 'handle', tabindex: 0, role: 'slider', 'aria-label': words.triangle.handle, 'aria-valuemin': 0, 'aria-valuemax': 0.5, id: `${name}-target` },
      svg('circle', { r: 22, fill: 'transparent' }),
      svg('circle', { r: 13, fill: 'none', stroke: 'var(--ink)', 'stroke-width': 2, 'stroke-dasharray': '4 3' }));
    this.handles.append(this.target);
    this.hasParts();
    const to = (x, y) => {
      this.put(admissible(sharesAt(x, y)));
      move(this.target.fractions);
    };
    follow(this.target, this.drawing, to);
    arrows(this.target, (dx, dy) => {
      const [x, y] = place(this.target.fractions);
      to(x + 4 * dx, y - 4 * dy);
    });
  }

  put(wanted) {
    const [x, y] = place(wanted);
    this.target.setAttribute('transform', `translate(${x} ${y})`);
    this.target.setAttribute('aria-valuenow', wanted[0]);
    this.target.setAttribute('aria-valuetext', wanted.map((fraction, k) => `${words.cls(k)} ${short(fraction)}`).join(', '));
    this.target.fractions = wanted;
  }

  show(record, { names, wanted = null }) {
    const outflow = record.measured.outflow ?? [];
    this.target.toggleAttribute('hidden', wanted === null);
    this.target.style.display = wanted === null ? 'none' : '';
    if (wanted) this.put(wanted);
    const sum = outflow.reduce((total, flow) => total + flow, 0);
    const fractions = sum > 0 ? outflow.map((flow) => flow / sum) : null;
    this.draw(
      svg('polygon', { points: CORNERS.map((corner) => corner.join(',')).join(' '), fill: 'none', stroke: 'var(--line)', 'stroke-width': 1.5 }),
      svg('polygon', { points: [[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]].map((middle) => place(middle).join(',')).join(' '), fill: 'var(--ink)', 'fill-opacity': 0.1, stroke: 'var(--ink)', 'stroke-width': 1.5 }),
      CORNERS.map(([x, y], k) => [
        text(x, k === 2 ? y - 29 : y + 20, words.triangle.corner(names[k]), { 'text-anchor': k === 0 ? 'start' : k === 1 ? 'end' : 'middle', dx: k === 0 ? -34 : k === 1 ? 34 : 0, 'font-weight': 700 }),
        svg('circle', { cx: x, cy: y, r: 6, fill: classColour(k) }),
        text(x, k === 2 ? y - 10 : y + 37, fractions ? words.triangle.share(short(fractions[k])) : '', { 'text-anchor': k === 0 ? 'start' : k === 1 ? 'end' : 'middle', dx: k === 0 ? -34 : k === 1 ? 34 : 0, 'font-size': 12 }),
      ]),
      text(200, 206, words.triangle.admissible, { 'text-anchor': 'middle', 'font-size': 12, fill: 'var(--quiet)' }),
      fractions ? svg('circle', { cx: place(fractions)[0], cy: place(fractions)[1], r: 7, fill: 'var(--ink)', stroke: 'var(--paper)', 'stroke-width': 2 }) : [],
    );
    this.describe(`${this.title.textContent}: ${fractions
      ? fractions.map((fraction, k) => `${names[k]} ${short(fraction)}`).join(', ') : words.status.none}`);
  }
}
