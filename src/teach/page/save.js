// What can be taken home: a picture as SVG, scenes as slides, the design as a file.

import { html, short, svg, text } from './drawing.js';
import { runs } from './formula.js';
import { words } from './words.js';

function download(name, kind, content) {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(new Blob([content], { type: kind }));
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

/** A drawing without what is only for hands and readers of screens. */
function copied(picture) {
  const copy = picture.drawing.cloneNode(true);
  for (const element of copy.querySelectorAll('[tabindex], [role]')) {
    for (const name of ['tabindex', 'role', 'class', 'aria-valuetext', 'aria-valuenow']) element.removeAttribute(name);
  }
  return copy;
}

/** A drawing as text, in the colours of paper. */
function onPaper(drawing, width, height) {
  const probe = document.createElement('div');
  probe.className = 'paper';
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  drawing.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  drawing.setAttribute('width', width);
  drawing.setAttribute('height', height);
  drawing.prepend(svg('rect', { width, height, fill: 'var(--paper)' }));
  const content = new XMLSerializer().serializeToString(drawing)
    .replaceAll(/var\((--[a-z0-9-]+)\)/g, (_, name) => colour(name));
  probe.remove();
  return content;
}

/** A picture by itself. */
export const standalone = (picture) => onPaper(copied(picture), picture.width, picture.height);

const SLIDE = { width: 1280, height: 720, margin: 40, title: 44, law: 74, top: 92 };
/** What is read below the pictures of a slide, their titles above them, and the settings of the scene at its end. */
const READ = { size: 15, line: 19, lines: 5 };
const HEAD = { size: 14, line: 17, lines: 3, weight: 600 };
const SET = { size: 13, line: 17, lines: 3 };
/** Room beside a picture and below it. */
const GAP = 20;
/** Letters of pictures are no smaller as drawn, unless they would have to grow more than this, and meet. */
const SMALLEST = 12;
const GROWTH = 1.6;
const FACE = 'system-ui, DejaVu Sans, sans-serif';

/** A line of text in which formulas have raised and lowered parts. */
function written(x, y, sentence, { size, ...attributes }) {
  let height = 0;
  const parts = runs(sentence.replaceAll(/\s+/g, ' ')).map(({ text: content, italic, shift, size: share }) => {
    const part = svg('tspan', { 'font-size': size * share, dy: (shift * size - height).toFixed(2), 'font-style': italic ? 'italic' : 'normal', 'xml:space': 'preserve' }, content);
    height = shift * size;
    return part;
  });
  return svg('text', { x, y, fill: 'var(--ink)', ...attributes }, ...parts);
}

const ruler = document.createElement('canvas').getContext('2d');

/** The lines that a text takes within a width; Chinese and the like may be broken anywhere. */
function wrapped(content, width, { size, weight = 400 }) {
  ruler.font = `${weight} ${size}px ${FACE}`;
  const lines = [''];
  for (const piece of content.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/gu) ?? []) {
    const longer = lines.at(-1) + piece;
    if (lines.at(-1) && ruler.measureText(longer.trimEnd()).width > width) lines.push(piece);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** What is read below a picture, line by line. */
function readout(picture) {
  if (picture.readout.hidden) return [];
  const lines = [''];
  for (const node of picture.readout.childNodes) {
    if (node.nodeName === 'BR') lines.push('');
    else lines[lines.length - 1] += node.dataset?.glyphs ?? node.textContent;
  }
  return lines.map((line) => line.trim()).filter(Boolean);
}

/** Letters that a drawing would make too small for a wall grow; titles of axes, which are turned, give way to those beside them. */
function enlarged(drawing, scale) {
  for (const element of drawing.querySelectorAll('text')) {
    const size = Number(element.getAttribute('font-size'));
    const larger = Math.max(size, Math.min(SMALLEST / scale, GROWTH * size));
    const turned = element.getAttribute('transform');
    element.setAttribute('font-size', larger);
    if (turned?.includes('rotate(-90)')) element.setAttribute('transform', `translate(${4.4 * (size - larger)} 0) ${turned}`);
  }
  return drawing;
}

/** Pictures beside each other with the lines of their texts; how high the row is but for these, and how much room its pictures have. */
function rowOf(pictures) {
  const across = (SLIDE.width - 2 * SLIDE.margin) / pictures.length;
  const width = across - GAP;
  const parts = pictures.map((picture) => ({
    picture,
    title: wrapped(picture.title.textContent, width, HEAD).slice(0, HEAD.lines),
    read: readout(picture).flatMap((line) => wrapped(line, width, READ)).slice(0, READ.lines),
  }));
  const most = (key) => Math.max(...parts.map((part) => part[key].length));
  return {
    parts, across, above: most('title') * HEAD.line + 4, below: most('read') * READ.line + GAP,
    height: Math.max(...pictures.map((picture) => picture.height)),
    scale: Math.min(...pictures.map((picture) => width / picture.width)),
  };
}

function drawnRow({ parts, across, above }, top, scale) {
  return parts.flatMap(({ picture, title, read }, place) => {
    const x = SLIDE.margin + GAP / 2 + place * across;
    const copy = enlarged(copied(picture), scale);
    const box = { x, y: top + above, width: scale * picture.width, height: scale * picture.height, overflow: 'visible' };
    for (const [name, value] of Object.entries(box)) copy.setAttribute(name, value);
    const lines = (all, y, { size, line, weight = 400 }) => all.map((content, row) => text(x, y + row * line, content, { 'font-size': size, 'font-weight': weight }));
    return [...lines(title, top + HEAD.size, HEAD), copy, ...lines(read, box.y + box.height + READ.line, READ)];
  });
}

/** What the controls of a scene say. */
const settings = ({ parameters }, values) => parameters
  .filter(({ label, kind, hidden, when }) => (label || kind === 'point') && !hidden && (!when || when(values)))
  .map(({ key, label, kind, options }) => {
    if (kind === 'point') return words.status.of(words.cls(key.slice(1))) + values[key].map((value) => short(value)).join(', ');
    const name = (value) => (Array.isArray(options) ? options.find(([option]) => option === value)[1] : value);
    const value = values[key];
    return words.status.of(label) + (typeof value === 'number' ? short(value) : [value].flat().map(name).join(', '));
  }).join(' · ');

/** Pictures in a row, or in two where they are larger so. */
function arranged(pictures, room) {
  return [pictures.length, Math.floor(pictures.length / 2), Math.ceil(pictures.length / 2)].map((count) => {
    const rows = [pictures.slice(0, count), pictures.slice(count)].filter((row) => row.length).map(rowOf);
    const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
    return { rows, scale: Math.min(...rows.map((row) => row.scale), (room - sum('above') - sum('below')) / sum('height')) };
  }).reduce((one, other) => (other.scale > one.scale ? other : one));
}

/** The scene as a slide: its name, its law, its pictures with what is read below them, and its settings. */
export function slide(scene, pictures, values) {
  const law = new DOMParser().parseFromString(scene.claim, 'text/html').querySelector('.law')?.textContent ?? '';
  const seen = pictures.filter(({ drawing, element }) => drawing && !element.hidden);
  const set = wrapped(settings(scene, values), SLIDE.width - 2 * SLIDE.margin - GAP, SET).slice(0, SET.lines);
  const end = SLIDE.height - GAP - set.length * SET.line;
  const { rows, scale } = arranged(seen, end - SLIDE.top);
  const left = SLIDE.margin + GAP / 2;
  let top = SLIDE.top;
  const drawn = rows.map((row) => {
    const found = drawnRow(row, top, scale);
    top += row.above + scale * row.height + row.below;
    return found;
  });
  return onPaper(svg('svg', { viewBox: `0 0 ${SLIDE.width} ${SLIDE.height}`, 'font-family': FACE },
    text(left, SLIDE.title, scene.name, { 'font-size': 32, 'font-weight': 700 }),
    written(left, SLIDE.law, law, { size: 20 }),
    drawn.flat(),
    set.map((content, row) => text(left, end + SET.size + row * SET.line, content, { 'font-size': SET.size, fill: 'var(--quiet)' }))), SLIDE.width, SLIDE.height);
}

/** Slides as one HTML file, each a page of the printer. */
export function deck(slides) {
  const style = `@page { size: ${SLIDE.width}px ${SLIDE.height}px; margin: 0; }
body { margin: 0; background: #888; }
svg.slide { display: block; width: 100%; height: auto; max-width: ${SLIDE.width}px; margin: 0 auto 12px; break-after: page; break-inside: avoid; }
@media print { body { background: none; } svg.slide { margin: 0; } }`;
  const page = html('html', { lang: words.code },
    html('head', {}, html('meta', { charset: 'utf-8' }), html('link', { rel: 'icon', href: 'data:,' }), html('title', {}, words.title), html('style', {}, style)),
    html('body', {}));
  const body = slides.map((content) => content.replace('<svg ', '<svg class="slide" ')).join('\n');
  return `<!DOCTYPE html>\n${page.outerHTML.replace('<body></body>', () => `<body>\n${body}\n</body>`)}\n`;
}

export const saveDeck = (slides) => download('slides.html', 'text/html', deck(slides));

export const saveSlide = (scene, pictures, values) => download(`${scene.id}-slide.svg`, 'image/svg+xml', slide(scene, pictures, values));

export const savePicture = (scene, picture) =>
  download(`${scene.id}-${picture.name}.svg`, 'image/svg+xml', standalone(picture));

export const saveDesign = (scene, file) => download(`${scene.id}.toml`, 'application/toml', file);
