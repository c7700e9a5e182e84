// What can be taken home: a picture as SVG, the design as a file, the link.

import { svg, text } from './drawing.js';

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

const SLIDE = { width: 1280, height: 720, top: 120, margin: 40, most: 3 };

/** The scene as a slide: its name, its law, and the first pictures in view. */
export function slide(scene, pictures) {
  const law = new DOMParser().parseFromString(scene.claim, 'text/html').querySelector('.law')?.textContent ?? '';
  const seen = pictures.filter(({ drawing, element }) => drawing && !element.hidden).slice(0, SLIDE.most);
  const across = (SLIDE.width - 2 * SLIDE.margin) / Math.max(seen.length, 1);
  const high = SLIDE.height - SLIDE.top - SLIDE.margin;
  const placed = seen.flatMap((picture, place) => {
    const copy = copied(picture);
    const x = SLIDE.margin + place * across;
    const box = { x: x + 10, y: SLIDE.top + 40, width: across - 20, height: high - 40 };
    for (const [name, value] of Object.entries(box)) copy.setAttribute(name, value);
    const heading = text(x + 10, SLIDE.top + 20, picture.title.textContent, { 'font-size': 15 });
    // Long titles are set as wide as their picture.
    if (picture.title.textContent.length * 7.5 > across - 20) {
      heading.setAttribute('textLength', across - 30);
      heading.setAttribute('lengthAdjust', 'spacingAndGlyphs');
    }
    return [heading, copy];
  });
  return onPaper(svg('svg', { viewBox: `0 0 ${SLIDE.width} ${SLIDE.height}`, 'font-family': 'system-ui, DejaVu Sans, sans-serif' },
    text(SLIDE.margin + 10, 56, scene.name, { 'font-size': 34, 'font-weight': 700 }),
    text(SLIDE.margin + 10, 94, law.replaceAll(/\s+/g, ' '), { 'font-size': 20 }), placed), SLIDE.width, SLIDE.height);
}

export const saveSlide = (scene, pictures) => download(`${scene.id}-slide.svg`, 'image/svg+xml', slide(scene, pictures));

export const savePicture = (scene, picture) =>
  download(`${scene.id}-${picture.name}.svg`, 'image/svg+xml', standalone(picture));

export const saveDesign = (scene, file) => download(`${scene.id}.toml`, 'application/toml', file);
