// Digits behind an entry of the mean-probability matrix.

import { Picture, short, svg, text } from '../drawing.js';

const SIDE = 8;
const ACROSS = 4;
const CELL = 100;

export class Images extends Picture {
  constructor({ name, title }) {
    super({ name, title, width: ACROSS * CELL, height: 3 * (CELL + 24) });
  }

  show(seen, about) {
    this.title.textContent = about;
    const image = ({ probability, features }, place) => {
      const [column, row] = [place % ACROSS, Math.floor(place / ACROSS)];
      const pixel = (CELL - 10) / SIDE;
      const dark = features.flatMap((ink, number) => (ink === 0 ? [] : [svg('rect', {
        x: (number % SIDE) * pixel, y: Math.floor(number / SIDE) * pixel, width: pixel + 0.3, height: pixel + 0.3, fill: 'var(--ink)', 'fill-opacity': ink,
      })]));
      return svg('g', { transform: `translate(${column * CELL + 5} ${row * (CELL + 24) + 2})` },
        svg('rect', { width: CELL - 10, height: CELL - 10, fill: 'var(--tint)', stroke: 'var(--line)' }), dark,
        text((CELL - 10) / 2, CELL + 6, short(probability), { 'text-anchor': 'middle' }));
    };
    this.draw(seen.map(image));
    this.describe(`${about}: ${seen.map(({ probability }) => short(probability)).join(', ')}`);
  }
}
