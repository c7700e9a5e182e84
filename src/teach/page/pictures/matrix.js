// The mean-probability matrix, and the matrix of what each weight does to each class.

import { Picture, classColour, short, svg, text, widthOf } from '../drawing.js';
import { words } from '../words.js';

/** How much of the ink covers the paper, of none and of all; colours are those of classes. */
const INK = [0.04, 0.84];

/** What has a contrast of 4.5 with a cell: black in between, whether the paper is light or dark. */
const readOn = (value) => (value < 0.52 ? 'var(--far)' : value < 0.7 ? '#000000' : 'var(--near)');

/** Room for names of classes, unless they are long. */
const LEFT = 84;
const TOP = 48;
const SIDE = 312;
/** What is beside a name: the axis and its title, or the matrix. */
const BESIDE = { title: 28, matrix: 12 };
const SIN_45 = Math.SQRT1_2;
/** Pieces of colour between names and matrix. */
const SWATCH = { long: 22, wide: 4 };

class Matrix extends Picture {
  constructor({ name, title, hint, rows, columns, picked = null, shape = '' }) {
    super({ name, title, hint, shape, width: LEFT + SIDE + 4, height: TOP + SIDE + 4 });
    Object.assign(this, { rows, columns, picked });
    if (picked) this.hasParts();
  }

  /** Makes room for names; those of columns are turned where they would meet. */
  fit(classes, names) {
    const longest = Math.max(...names.map(widthOf));
    this.isTurned = longest > SIDE / classes - 4;
    this.left = Math.max(LEFT, BESIDE.title + longest + BESIDE.matrix);
    this.top = this.isTurned ? Math.max(TOP, BESIDE.title + longest * SIN_45 + 2 * BESIDE.matrix) : TOP;
    this.width = this.left + SIDE + 4;
    this.resize(this.top + SIDE + 4);
  }

  heads(classes, names) {
    this.fit(classes, names);
    const { left, top, isTurned } = this;
    const side = SIDE / classes;
    const long = Math.min(SWATCH.long, side - 4);
    const turned = isTurned ? { transform: 'rotate(-45)', 'text-anchor': 'start' } : { 'text-anchor': 'middle' };
    const swatch = (k, x, y, width, height) => svg('rect', { x, y, width, height, fill: classColour(k) });
    return [
      text(left + SIDE / 2, 16, this.columns, { 'text-anchor': 'middle' }),
      text(0, 0, this.rows, { 'text-anchor': 'middle', transform: `translate(14 ${top + SIDE / 2}) rotate(-90)` }),
      names.map((name, k) => {
        const [across, down] = [left + (k + 0.5) * side, top + (k + 0.5) * side];
        return [
          svg('g', { transform: `translate(${across + (isTurned ? 4 : 0)} ${top - BESIDE.matrix})` }, text(0, 0, name, { ...turned, 'font-weight': 700 })),
          swatch(k, across - long / 2, top - 7, long, SWATCH.wide),
          text(left - BESIDE.matrix, down + 5, name, { 'text-anchor': 'end', 'font-weight': 700 }),
          swatch(k, left - 7, down - long / 2, SWATCH.wide, long),
        ];
      }),
    ];
  }

  cells(classes, cell) {
    const side = SIDE / classes;
    const size = Math.max(11, Math.min(20, side / 4.2));
    return Array.from({ length: classes * classes }, (_, place) => {
      const [row, column] = [Math.floor(place / classes), place % classes];
      const { fill, strength = 1, ink, content, label, chosen } = cell(row, column);
      const shown = svg('g', {
        transform: `translate(${this.left + column * side} ${this.top + row * side})`,
        ...(this.picked ? { class: 'cell', tabindex: 0, role: 'button', 'aria-label': label, 'aria-pressed': String(Boolean(chosen)), 'data-cell': `${row},${column}` } : {}),
      },
      svg('rect', { x: 1, y: 1, width: side - 2, height: side - 2, fill, 'fill-opacity': strength, stroke: chosen ? 'var(--link)' : 'none', 'stroke-width': 4 }),
      text(side / 2, side / 2 + size / 3, content, { 'text-anchor': 'middle', 'font-size': Math.min(size, (1.6 * side) / content.length), fill: ink }));
      if (this.picked) {
        shown.addEventListener('click', () => this.picked(row, column));
        shown.addEventListener('keydown', (event) => {
          if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            this.picked(row, column);
          }
        });
      }
      return shown;
    });
  }

  /** Draws anew and leaves the focus at the cell that had it. */
  redraw(...nodes) {
    const focused = this.layer.contains(document.activeElement) ? document.activeElement.dataset.cell : null;
    this.draw(...nodes);
    if (focused) this.layer.querySelector(`[data-cell="${focused}"]`)?.focus();
  }
}

/** `P[c][k]`. */
export class MeanProbability extends Matrix {
  constructor(options) {
    super({ rows: words.matrix.rows, columns: words.matrix.columns, ...options });
  }

  show(record, { names, chosen = null }) {
    const classes = record.classes;
    const values = record.measured.mean_probability ?? [];
    if (values.length === 0) {
      this.clear();
      return;
    }
    this.redraw(this.heads(classes, names), this.cells(classes, (row, column) => {
      const value = values[row * classes + column];
      return {
        fill: 'var(--ink)',
        strength: INK[0] + value * (INK[1] - INK[0]),
        ink: readOn(value),
        // Where cells are narrow, two digits after the point have to do.
        content: classes > 6 ? value.toFixed(2).replace(/^0/, '') : short(value),
        label: words.matrix.cell(names[row], names[column], short(value)),
        chosen: chosen && chosen[0] === row && chosen[1] === column,
      };
    }));
    const own = names.map((name, k) => `${name}: ${short(values[k * classes + k])}`);
    this.describe(`${this.title.textContent}. ${words.matrix.own}: ${own.join(', ')}`);
  }
}

/** What the weight of a class, in rows, does to the mean probability of each class, in columns: the way round of `weight_effect`. */
export class Effects extends Matrix {
  constructor(options) {
    super({ rows: words.effects.rows, columns: words.effects.columns, ...options });
    // Raised is filled and lowered is hatched, since colours are those of classes.
    this.hatching = `hatched-${this.name}`;
    this.drawing.prepend(svg('pattern', { id: this.hatching, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('rect', { width: 1.6, height: 6, fill: 'var(--ink)' })));
  }

  show(record, { names }) {
    const classes = record.classes;
    const effects = record.measured.weight_effect ?? [];
    if (effects.length === 0) {
      this.clear();
      return;
    }
    const most = Math.max(...effects.map(Math.abs), 1e-12);
    this.draw(this.heads(classes, names), this.cells(classes, (row, column) => {
      const value = effects[row * classes + column];
      return {
        fill: value < 0 ? `url(#${this.hatching})` : 'var(--ink)',
        strength: 0.08 + 0.3 * (Math.abs(value) / most),
        ink: 'var(--ink)',
        content: `${value < 0 ? '−' : '+'}${short(Math.abs(value))}`,
      };
    }));
    const raised = [];
    for (let row = 0; row < classes; row += 1) {
      for (let column = 0; column < classes; column += 1) {
        if (row !== column && effects[row * classes + column] > 0) raised.push(words.effects.raises(names[row], names[column]));
      }
    }
    this.describe(`${this.title.textContent}. ${raised.length ? raised.join('; ') : words.effects.lowers}`);
  }
}
