// The target's probability among each of the other classes, loss by loss: the hardest one, and the average that hides it.

import { Picture, axis, classColour, line, linear, short, svg, text } from '../drawing.js';
import { words } from '../words.js';

const WIDTH = 440;
const HEIGHT = 388;
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
      const below = (line_, y_) => text(middle, y_, line_, { 'text-anchor': 'middle', fill: colours[place], 'font-weight': 700, 'font-size': 12 });
      const heading = names[place].map((part, row) => below(part, HEIGHT - 32 + 19 * row));
      const { mean_probability: means, pooled, hardest } = record.measured;
      if (!means?.length) return [heading, text(middle, y(0.5), words.status.none, { 'text-anchor': 'middle' })];
      const others = Array.from({ length: record.classes }, (_, c) => c).filter((c) => c !== target);
      const spread = Math.min(step * 0.44, 14 * others.length);
      const dots = others.map((c, rank) => {
        const value = means[c * record.classes + target];
        const x = middle - spread / 2 + (others.length > 1 ? (rank / (others.length - 1)) * spread : spread / 2);
        const isHardest = value === hardest[target];
        return [
          svg('circle', { cx: x, cy: y(value), r: isHardest ? 8 : 5, fill: classColour(c), stroke: isHardest ? 'var(--ink)' : 'none', 'stroke-width': 2 }),
          isHardest ? text(x - 8, y(value) - 14, short(value), { 'font-weight': 700 }) : [],
        ];
      });
      const [low, high] = [middle - step * 0.36, middle + step * 0.26];
      return [
        heading,
        dots,
        line(low, y(pooled[target]), high, y(pooled[target]), { 'stroke-width': 2.5, 'stroke-dasharray': '6 3' }),
        text(high + 3, y(pooled[target]) + 4, short(pooled[target]), { 'font-size': 12 }),
      ];
    };
    this.draw(
      axis('left', y, { at: FRAME.left, frame: [FRAME.top, FRAME.bottom], ticks: [0, 0.25, 0.5, 0.75, 1].map((v) => [v, v]), label: words.columns.axis }),
      line(FRAME.left, FRAME.bottom, FRAME.right, FRAME.bottom, { stroke: 'var(--quiet)' }),
      records.map(column),
    );
    this.describe(`${this.title.textContent}. ${records.map(({ measured }, place) =>
      `${names[place].join(' ')}: ${measured.hardest ? words.columns.says(short(measured.hardest[target]), short(measured.pooled[target])) : words.status.none}`).join('; ')}`);
  }
}
