// The target's probability among each of the other classes, loss by loss: the hardest one, and the average that hides it.

import { Picture, axis, classColour, line, linear, short, svg, text } from '../drawing.js';

const WIDTH = 440;
const HEIGHT = 372;
const FRAME = { left: 62, right: 422, top: 24, bottom: 336 };

export class Columns extends Picture {
  constructor({ name, title }) {
    super({ name, title, shape: 'tall first', width: WIDTH, height: HEIGHT });
  }

  /** Records of several losses; `target` is the column that is looked at. */
  show(records, { names, colours, target }) {
    const y = linear([0, 1], [FRAME.bottom, FRAME.top]);
    const step = (FRAME.right - FRAME.left) / records.length;
    const column = (record, place) => {
      const middle = FRAME.left + (place + 0.5) * step;
      const heading = text(middle, HEIGHT - 14, names[place], { 'text-anchor': 'middle', fill: colours[place], 'font-weight': 700, 'font-size': 12.5 });
      const { mean_probability: means, pooled, hardest } = record.measured;
      if (!means?.length) return [heading, text(middle, y(0.5), 'no answer', { 'text-anchor': 'middle' })];
      const others = Array.from({ length: record.classes }, (_, c) => c).filter((c) => c !== target);
      const spread = Math.min(step * 0.44, 14 * others.length);
      const dots = others.map((c, rank) => {
        const value = means[c * record.classes + target];
        const x = middle - spread / 2 + (others.length > 1 ? (rank / (others.length - 1)) * spread : spread / 2);
        const isHardest = value === hardest[target];
        return [
          svg('circle', { cx: x, cy: y(value), r: isHardest ? 8 : 5, fill: classColour(c), stroke: isHardest ? 'var(--ink)' : 'none', 'stroke-width': 2 }),
          isHardest ? text(x, y(value) - 14, short(value, 2), { 'text-anchor': 'middle', 'font-weight': 700 }) : [],
        ];
      });
      const [low, high] = [middle - step * 0.34, middle + step * 0.34];
      return [
        heading,
        dots,
        line(low, y(pooled[target]), high, y(pooled[target]), { 'stroke-width': 2.5, 'stroke-dasharray': '6 3' }),
        text(high + 3, y(pooled[target]) + 4, short(pooled[target], 2), { 'font-size': 12 }),
      ];
    };
    this.draw(
      axis('left', y, { at: FRAME.left, frame: [FRAME.top, FRAME.bottom], ticks: [0, 0.25, 0.5, 0.75, 1].map((v) => [v, v]), label: 'mean probability of the target, P[c][0]' }),
      line(FRAME.left, FRAME.bottom, FRAME.right, FRAME.bottom, { stroke: 'var(--quiet)' }),
      records.map(column),
    );
    this.describe(`Mean probability of the target among other classes. ${records.map(({ measured }, place) =>
      (measured.hardest ? `${names[place]}: hardest ${short(measured.hardest[target])}, average ${short(measured.pooled[target])}` : `${names[place]}: no answer`)).join('; ')}`);
  }
}
