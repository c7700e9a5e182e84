// What can be taken home: a picture as SVG, scenes as slides, the design as a file.

import { html, svg, text } from './drawing.js';
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

const SLIDE = { width: 1280, height: 720, margin: 40, title: 56, law: 94, top: 120, most: 3 };
/** Room for what is read below the pictures of a slide. */
const READ = { size: 15, line: 20, lines: 5 };
/** And for their titles, above them. */
const HEAD = { size: 14, line: 17, lines: 3, weight: 600 };
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
  const lines = [''];
  for (const node of picture.readout.childNodes) {
    if (node.nodeName === 'BR') lines.push('');
    else lines[lines.length - 1] += node.textContent;
  }
  return lines.map((line) => line.trim()).filter(Boolean);
}

/** A picture of a slide with its title and what is read below it. */
function placed(picture, x, across) {
  const copy = copied(picture);
  const width = across - 20;
  const height = SLIDE.height - SLIDE.top - 40 - SLIDE.margin - READ.lines * READ.line;
  const box = { x, y: SLIDE.top + 40, width, height, preserveAspectRatio: 'xMidYMin meet' };
  for (const [name, value] of Object.entries(box)) copy.setAttribute(name, value);
  const below = box.y + Math.min(height, (width / picture.width) * picture.height) + READ.line;
  const read = readout(picture).flatMap((line) => wrapped(line, width, READ)).slice(0, READ.lines);
  return [
    ...wrapped(picture.title.textContent, width, HEAD).slice(0, HEAD.lines).map((line, row) =>
      text(x, SLIDE.top + row * HEAD.line, line, { 'font-size': HEAD.size, 'font-weight': HEAD.weight })),
    copy,
    ...read.map((line, row) => text(x, below + row * READ.line, line, { 'font-size': READ.size })),
  ];
}

/** The scene as a slide: its name, its law, and the first pictures with what is read below them. */
export function slide(scene, pictures) {
  const law = new DOMParser().parseFromString(scene.claim, 'text/html').querySelector('.law')?.textContent ?? '';
  const seen = pictures.filter(({ drawing, element }) => drawing && !element.hidden).slice(0, SLIDE.most);
  const across = (SLIDE.width - 2 * SLIDE.margin) / Math.max(seen.length, 1);
  const left = SLIDE.margin + 10;
  return onPaper(svg('svg', { viewBox: `0 0 ${SLIDE.width} ${SLIDE.height}`, 'font-family': FACE },
    text(left, SLIDE.title, scene.name, { 'font-size': 34, 'font-weight': 700 }),
    written(left, SLIDE.law, law, { size: 20 }),
    seen.flatMap((picture, place) => placed(picture, left + place * across, across))), SLIDE.width, SLIDE.height);
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

export const saveSlide = (scene, pictures) => download(`${scene.id}-slide.svg`, 'image/svg+xml', slide(scene, pictures));

export const savePicture = (scene, picture) =>
  download(`${scene.id}-${picture.name}.svg`, 'image/svg+xml', standalone(picture));

export const saveDesign = (scene, file) => download(`${scene.id}.toml`, 'application/toml', file);
