// Samples of the plane, the regions a head decides for each class, and class centres that can be moved.

import { ON_LINES, Picture, classColour, linear, polyline, svg, text } from '../drawing.js';
import { words } from '../words.js';

const SIZE = 400;

/** The part of a convex polygon in which `a x + b y + c >= 0`. */
function clip(polygon, [a, b, c]) {
  const side = ([x, y]) => a * x + b * y + c;
  return polygon.flatMap((point, place) => {
    const next = polygon[(place + 1) % polygon.length];
    const [here, there] = [side(point), side(next)];
    const crossing = here / (here - there);
    const cut = point.map((entry, axis) => entry + crossing * (next[axis] - entry));
    return [...(here >= 0 ? [point] : []), ...((here >= 0) !== (there >= 0) ? [cut] : [])];
  });
}

/** A head of one logit speaks of class 1 and leaves class 0 at zero. */
const perClass = (rows) => (rows.length === 1 ? [[0, 0, 0], rows[0]] : rows);

/** One logit `(a, b, c)` for each class. */
export function logitsOf(record) {
  const { coefficient, intercept } = record.measured;
  if (!intercept?.length) return [];
  return perClass(intercept.map((offset, row) => [coefficient[2 * row], coefficient[2 * row + 1], offset]));
}

/** The same of a head whose coefficients stand in rows. */
export const logitsOfRows = ({ coefficients, intercepts }) =>
  perClass(intercepts.map((offset, row) => [...coefficients[row], offset]));

/** Between two classes: what the second logit has above the first. */
export const difference = ([first, second]) => second.map((entry, place) => entry - first[place]);

/** Whether two lists, for each class, hold the same numbers. */
const areSame = (lists, others) => lists.length === others.length && lists.every((list, k) =>
  list.length === others[k].length && list.every((entry, place) => entry === others[k][place]));

export class Plane extends Picture {
  /** `move(class, [x, y])` is called while one is dragged; `axes` are named as the solver names features. */
  constructor({ name, title, hint, halfWidth, centre = [0, 0], move = null, shape = '', axes = ['x0', 'x1'] }) {
    super({ name, title, hint, width: SIZE, height: SIZE, shape });
    Object.assign(this, { halfWidth, centre, move, axes });
    this.x = linear([centre[0] - halfWidth, centre[0] + halfWidth], [0, SIZE]);
    this.y = linear([centre[1] - halfWidth, centre[1] + halfWidth], [SIZE, 0]);
    this.knobs = [];
    this.clipping = `inside-${name}`;
    this.drawing.prepend(svg('clipPath', { id: this.clipping }, svg('rect', { width: SIZE, height: SIZE })));
  }

  frame() {
    const [x, y] = this.centre;
    return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([dx, dy]) => [x + dx * this.halfWidth, y + dy * this.halfWidth]);
  }

  region(logits, k) {
    const beats = logits.filter((_, j) => j !== k).map((other) => logits[k].map((entry, place) => entry - other[place]));
    return beats.reduce(clip, this.frame());
  }

  regions(logits) {
    return logits.map((_, k) => {
      const corners = this.region(logits, k).map(([x, y]) => `${this.x(x).toFixed(1)},${this.y(y).toFixed(1)}`);
      return svg('polygon', { points: corners.join(' '), fill: classColour(k), 'fill-opacity': 0.16, stroke: 'var(--ink)', 'stroke-width': 1, 'stroke-opacity': 0.5 });
    });
  }

  /** The same dots are not made again when only a head has moved. */
  dots(points) {
    if (!this.seen || !areSame(points, this.seen)) Object.assign(this, { seen: points, crowd: this.newDots(points) });
    return this.crowd;
  }

  newDots(points) {
    const crowd = points.reduce((sum, list) => sum + list.length / 2, 0);
    const look = { 'stroke-linecap': 'round', 'stroke-width': crowd > 800 ? 3.2 : 4.4, 'stroke-opacity': crowd > 800 ? 0.5 : 0.65, fill: 'none' };
    // The few among many are drawn larger and darker, or nobody finds them.
    const few = { 'stroke-width': 2 * look['stroke-width'], 'stroke-opacity': 1 };
    return points.map((list, k) => {
      let d = '';
      for (let i = 0; i < list.length; i += 2) d += `M${this.x(list[i]).toFixed(1)} ${this.y(list[i + 1]).toFixed(1)}h0`;
      return svg('path', { d, stroke: classColour(k), ...look, ...(list.length < 0.1 * crowd ? few : {}) });
    });
  }

  /** Where a binary head is undecided, possibly of another head than the one whose regions are seen. */
  boundary([a, b, c], attributes) {
    const edges = this.frame().map((point, place, all) => [point, all[(place + 1) % 4]]);
    const ends = edges.flatMap(([from, to]) => {
      const [start, end] = [from, to].map(([x, y]) => a * x + b * y + c);
      if ((start >= 0) === (end >= 0)) return [];
      const fraction = start / (start - end);
      return [from.map((entry, axis) => entry + fraction * (to[axis] - entry))];
    });
    if (ends.length < 2) return [];
    return [polyline(ends.slice(0, 2).map(([x, y]) => [this.x(x), this.y(y)]), { stroke: 'var(--ink)', 'stroke-width': 2, ...attributes })];
  }

  /** Points, regions, and whatever else a scene adds in the plane's own coordinates. What is seen already is not drawn again. */
  show({ points, logits = [], centres = [], marks = [] }) {
    const isSeen = marks.length === 0 && this.drawn && areSame(points, this.seen) && areSame(logits, this.drawn);
    if (!isSeen) {
      this.draw(
        svg('rect', { width: SIZE, height: SIZE, fill: 'var(--paper)' }),
        svg('g', { 'clip-path': `url(#${this.clipping})` }, this.regions(logits), this.dots(points), marks),
        svg('rect', { width: SIZE, height: SIZE, fill: 'none', stroke: 'var(--line)' }),
        this.axes.map((name, axis) => text(axis ? 6 : SIZE - 6, axis ? 16 : SIZE - 8, `${name} ${'→↑'[axis]}`, { 'text-anchor': axis ? 'start' : 'end', 'font-size': 14, ...ON_LINES })),
      );
      this.drawn = marks.length === 0 ? logits : null;
    }
    this.place(centres);
  }

  clear() {
    this.drawn = null;
    super.clear();
  }

  place(centres) {
    while (this.knobs.length < centres.length) this.knobs.push(this.knob(this.knobs.length));
    centres.forEach((at, k) => this.put(this.knobs[k], at));
  }

  put(knob, [x, y]) {
    knob.setAttribute('transform', `translate(${this.x(x)} ${this.y(y)})`);
    knob.setAttribute('aria-valuenow', x);
    knob.setAttribute('aria-valuetext', `x ${x}, y ${y}`);
    knob.at = [x, y];
  }

  knob(k) {
    const knob = svg('g', {
      class: 'handle', tabindex: 0, role: 'slider', 'aria-label': words.plane.handle(k), 'data-class': k,
      'aria-valuemin': this.centre[0] - this.halfWidth, 'aria-valuemax': this.centre[0] + this.halfWidth,
    },
    svg('circle', { r: 22, fill: 'transparent' }),
    svg('circle', { r: 12, fill: 'var(--paper)', stroke: classColour(k), 'stroke-width': 3 }),
    text(0, 5, k, { 'text-anchor': 'middle', 'font-weight': 700 }));
    // It follows the hand at once; the rest of the picture does when the answer is there.
    const to = (x, y) => {
      const within = [x, y].map((entry, axis) => Math.min(Math.max(entry, this.centre[axis] - this.halfWidth), this.centre[axis] + this.halfWidth));
      this.put(knob, within.map((entry) => Math.round(entry * 100) / 100));
      this.move(k, knob.at);
    };
    follow(knob, this.drawing, (x, y) => to(
      this.centre[0] + this.halfWidth * (2 * x / SIZE - 1), this.centre[1] + this.halfWidth * (1 - 2 * y / SIZE)));
    arrows(knob, (dx, dy) => to(knob.at[0] + 0.1 * dx, knob.at[1] + 0.1 * dy));
    this.handles.append(knob);
    this.hasParts();
    return knob;
  }
}

/** Reports where a handle is dragged, in the drawing's units. */
export function follow(handle, drawing, moved) {
  const report = (event) => {
    const box = drawing.getBoundingClientRect();
    const view = drawing.viewBox.baseVal;
    moved(((event.clientX - box.left) / box.width) * view.width, ((event.clientY - box.top) / box.height) * view.height);
  };
  // `touch-action` alone does not keep every browser from scrolling away under a finger on a drawing.
  handle.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false });
  handle.addEventListener('pointerdown', (event) => {
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    event.preventDefault();
  });
  handle.addEventListener('pointermove', (event) => {
    if (handle.hasPointerCapture(event.pointerId)) report(event);
  });
}

/** Reports arrow keys; with Shift five steps at once. */
export function arrows(handle, moved) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  handle.addEventListener('keydown', (event) => {
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    const steps = event.shiftKey ? 5 : 1;
    moved(way[0] * steps, way[1] * steps);
  });
}

/** A full diamond in an open one, larger than a handle, where centroids of two classes coincide. */
export const diamonds = (plane, centroids) => centroids.map(([x, y], k) => svg('path', {
  transform: `translate(${plane.x(x)} ${plane.y(y)})`, d: k === 0 ? 'M0 -7L7 0 0 7 -7 0Z' : 'M0 -18L18 0 0 18 -18 0Z',
  fill: k === 0 ? classColour(0) : 'none', stroke: k === 0 ? 'var(--paper)' : classColour(k), 'stroke-width': k === 0 ? 1.5 : 3.5,
}));
