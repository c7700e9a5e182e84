// Five steps through the page: each opens a state and marks what it speaks of.

import { html } from './drawing.js';
import { words } from './words.js';

const say = words.tour;
const VISITED = 'equipoise visited';

/** Whether nobody has opened the page in this browser before; not where that cannot be remembered. */
export function isFirstVisit() {
  try {
    const isFirst = localStorage.getItem(VISITED) === null;
    localStorage.setItem(VISITED, '1');
    return isFirst;
  } catch {
    return false;
  }
}

/** Begins the tour; `go(link)` opens a state of the page, and `back()` the one before the tour. */
export function tour(box, go, back) {
  let marked = null;
  const unmark = () => marked?.classList.remove('marked');

  function end() {
    unmark();
    box.hidden = true;
    back();
    document.getElementById('tool-tour').focus({ preventScroll: true });
  }

  function step(place) {
    const [link, selector, content] = say.steps[place];
    unmark();
    go(link);
    marked = document.querySelector(selector);
    marked?.classList.add('marked');
    marked?.scrollIntoView({ block: 'nearest' });
    const isLast = place + 1 === say.steps.length;
    const next = html('button', { type: 'button', id: 'tour-next', onclick: () => (isLast ? end() : step(place + 1)) }, isLast ? say.end : say.next);
    const stop = html('button', { type: 'button', id: 'tour-end', 'aria-label': say.end, onclick: end }, '×');
    box.replaceChildren(html('p', { id: 'tour-says' }, html('span', { class: 'count' }, say.step(place + 1, say.steps.length)), ' ', content), next, stop);
    box.hidden = false;
    next.focus({ preventScroll: true });
  }

  const [title] = words.tools.tour;
  box.setAttribute('aria-label', title);
  box.setAttribute('aria-describedby', 'tour-says');
  box.onkeydown = ({ key }) => key === 'Escape' && end();
  step(0);
}
