// What can be taken home: a picture as SVG, the design as a file, the link.

import { svg } from './drawing.js';

function download(name, kind, content) {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(new Blob([content], { type: kind }));
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

/** A picture by itself, in the colours of paper. */
export function standalone(picture) {
  const probe = document.createElement('div');
  probe.className = 'paper';
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const copy = picture.drawing.cloneNode(true);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', picture.width);
  copy.setAttribute('height', picture.height);
  copy.prepend(svg('rect', { width: picture.width, height: picture.height, fill: 'var(--paper)' }));
  for (const element of copy.querySelectorAll('[tabindex], [role]')) {
    for (const name of ['tabindex', 'role', 'class', 'aria-valuetext', 'aria-valuenow']) element.removeAttribute(name);
  }
  const content = new XMLSerializer().serializeToString(copy)
    .replaceAll(/var\((--[a-z0-9-]+)\)/g, (_, name) => colour(name));
  probe.remove();
  return content;
}

export const savePicture = (scene, picture) =>
  download(`${scene.id}-${picture.name}.svg`, 'image/svg+xml', standalone(picture));

export const saveDesign = (scene, file) => download(`${scene.id}.toml`, 'application/toml', file);
