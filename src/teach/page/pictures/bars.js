// Horizontal bars: mean errors beside what the law says, and the ledger of outflow and inflow.

import { Picture, classColour, line, linear, number, short, svg, text } from '../drawing.js';
import { words } from '../words.js';

const WIDTH = 400;
/** Room for the names of rows, where they are short. */
const LEFT = 118;
const RIGHT = 62;
const ROW = 40;

/** Rows of `{ label, value, colour, light, law }`; a tick marks where the law says that a bar ends. A row without a value has no bar. */
export class Bars extends Picture {
  constructor({ name, title, rows, most = null, left = LEFT, shape = '' }) {
    super({ name, title, shape, width: WIDTH, height: rows * ROW + 30 });
    Object.assign(this, { rows, most, left });
  }

  show(rows, unit) {
    this.resize(rows.length * ROW + 30);
    const most = this.most ?? Math.max(...rows.flatMap(({ value, law }) => [value ?? 0, law ?? 0]), 1e-300) * 1.02;
    const { left } = this;
    const place = linear([0, most], [left, WIDTH - RIGHT]);
    this.draw(rows.map(({ label, value, colour, light, law }, row) => {
      const top = row * ROW + 8;
      const end = place(value ?? 0);
      const bar = svg('rect', { x: left, y: top, width: Math.max(end - left, 0.5), height: ROW - 16, fill: colour, 'fill-opacity': light ? 0.45 : 1 });
      const tick = law === undefined ? [] : [line(place(law), top - 5, place(law), top + ROW - 11, { 'stroke-width': 2.5 })];
      return [text(left - 8, top + 17, label, { 'text-anchor': 'end' }), bar, tick,
        text(Math.max(end, place(law ?? 0)) + 6, top + 17, short(value))];
    }),
    line(left, 2, left, rows.length * ROW, { stroke: 'var(--quiet)' }),
    text((left + WIDTH - RIGHT) / 2, rows.length * ROW + 20, unit, { 'text-anchor': 'middle', fill: 'var(--quiet)' }));
    this.describe(`${this.title.textContent}. ${rows.map(({ label, value }) => `${label}: ${short(value)}`).join(', ')}`);
  }
}

/** Outflow and inflow of every class, as long as each other where the gradient vanishes. */
export class LedgerBars extends Bars {
  constructor({ classes, ...options }) {
    super({ ...options, rows: 2 * classes });
  }

  show(record, { names }) {
    const { outflow = [], inflow = [], residual = [] } = record.measured;
    if (outflow.length === 0) {
      this.clear();
      return;
    }
    super.show(outflow.flatMap((value, k) => [
      { label: words.ledger.out(names[k]), value, colour: classColour(k) },
      { label: words.ledger.into(names[k]), value: inflow[k], colour: classColour(k), light: true },
    ]), words.ledger.unit);
    this.setReadout(`${words.ledger.worst} `, number('residual', Math.max(...residual)));
  }
}
