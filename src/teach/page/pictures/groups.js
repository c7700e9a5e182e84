// Samples that share their features, group by group: which classes overlap is all there is to see.

import { Picture, classColour, svg, text } from '../drawing.js';
import { words } from '../words.js';

const WIDTH = 400;
const ROW = 48;
const LEFT = 66;

export class Groups extends Picture {
  constructor({ name, title, shape }) {
    super({ name, title, shape, width: WIDTH, height: 400 });
  }

  show(groups, names) {
    const largest = Math.max(...groups.map((group) => group.reduce((sum, count) => sum + count, 0)));
    const scale = (WIDTH - LEFT - 50) / largest;
    this.draw(
      groups.map((group, place) => {
        let x = LEFT;
        const top = 14 + place * ROW;
        const bars = group.map((count, k) => {
          const bar = svg('rect', { x, y: top, width: Math.max(count * scale, 1.5), height: ROW - 18, fill: classColour(k) });
          x += Math.max(count * scale, 1.5);
          return bar;
        });
        return [text(LEFT - 8, top + 20, words.group(place + 1), { 'text-anchor': 'end' }), bars,
          text(x + 6, top + 20, group.reduce((sum, count) => sum + count, 0), { 'font-size': 12, fill: 'var(--quiet)' })];
      }),
      names.map((name, k) => [
        svg('rect', { x: LEFT + k * 100, y: 376, width: 12, height: 12, fill: classColour(k) }),
        text(LEFT + 18 + k * 100, 387, name),
      ]),
    );
    this.describe(`${this.title.textContent}: ${groups.map((group) => group.join(', ')).join('; ')}`);
  }
}
