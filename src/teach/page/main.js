// The page: which scene is open, its values, and how they come to be seen.

import { Asker } from './ask.js';
import { build } from './controls.js';
import { html, number } from './drawing.js';
import { saveDesign, savePicture } from './save.js';
import { averaging } from './scenes/averaging.js';
import { digits } from './scenes/digits.js';
import { losses } from './scenes/losses.js';
import { notConverged } from './scenes/not_converged.js';
import { threeClasses } from './scenes/three_classes.js';
import { twoClasses } from './scenes/two_classes.js';
import { follow, link, matchesPreset, start } from './state.js';

const scenes = [twoClasses, threeClasses, averaging, notConverged, digits, await losses()];
const at = (id) => document.getElementById(id);
const asker = new Asker();

/** What is open: scene, values, look of the page, pictures, and what was last answered. */
let open = null;
let linkTimer = 0;

function change(key, value) {
  open.values = { ...open.values, [key]: value };
  moved();
}

function assign(values) {
  open.values = { ...open.values, ...values };
  moved();
}

function moved() {
  const since = performance.now();
  open.set(open.values);
  mark();
  clearTimeout(linkTimer);
  linkTimer = setTimeout(writeLink, 200);
  ask(since);
}

function writeLink() {
  const wanted = link(open.scene, open.values, open.page);
  if (wanted !== location.hash) history.replaceState(null, '', wanted);
}

function ask(since) {
  const { scene, values, pictures } = open;
  document.documentElement.dataset.state = 'asking';
  const answered = (answer) => {
    if (open.scene !== scene) return;
    open.answer = answer;
    // Handles stay where the hand is by now.
    scene.show(answer, values, pictures, open.values);
    showAnswer(answer);
    requestAnimationFrame(() => setTimeout(() => {
      performance.measure('move', { start: since, end: performance.now() });
      if (asker.idle) document.documentElement.dataset.state = 'ready';
    }));
  };
  const refused = (why) => {
    at('pictures').classList.add('dim');
    at('status').replaceChildren(html('strong', {}, why));
    document.documentElement.dataset.state = 'refused';
  };
  asker.ask(scene.lesson(values), answered, refused);
}

/** How each search ended. */
function showAnswer(answer) {
  const { records = [], names = [] } = answer.problem ?? {};
  const ends = records.map((record, series) => {
    const { ended } = record;
    if (ended.unsolved) return html('strong', {}, `${names[series]}: ${ended.unsolved}. `);
    const [gradient] = record.measured.gradient ?? [];
    const word = ended === 'stationary' ? 'stationary' : 'stopped short';
    return html('span', {}, `${names[series]}: ${word}, largest gradient entry `, number(`gradient-${series}`, gradient, 2), '. ');
  });
  at('status').replaceChildren(...ends);
  const unsolved = records.length > 0 && records.every((record) => record.ended.unsolved);
  at('pictures').classList.toggle('dim', unsolved);
}

/** Which scene and which preset are seen. */
function mark() {
  for (const anchor of at('scenes').children) {
    if (anchor.dataset.scene === open.scene.id) anchor.setAttribute('aria-current', 'page');
    else anchor.removeAttribute('aria-current');
  }
  let comment = '';
  open.scene.presets.forEach((preset, place) => {
    const seen = matchesPreset(open.scene, open.values, preset);
    at('presets').children[place].setAttribute('aria-pressed', String(seen));
    if (seen) comment = preset.comment;
  });
  if (at('comment').textContent !== comment) at('comment').textContent = comment;
  const root = document.documentElement;
  if (open.page.theme) root.dataset.theme = open.page.theme;
  else delete root.dataset.theme;
  root.toggleAttribute('data-projector', Boolean(open.page.projector));
  at('projector').setAttribute('aria-pressed', String(Boolean(open.page.projector)));
  at('design').disabled = !open.scene.isProblem;
}

function show({ scene, values, page }) {
  if (open?.scene !== scene) {
    const pictures = scene.build(assign, () => open.values);
    Object.values(pictures).filter((picture) => picture.save).forEach((picture) =>
      picture.save.addEventListener('click', () => savePicture(scene, picture)));
    open = { scene, values, page, pictures, answer: null, set: build(scene, at('controls'), change, () => open.values) };
    at('name').textContent = scene.name;
    at('claim').innerHTML = scene.claim;
    at('presets').replaceChildren(...scene.presets.map((preset) =>
      html('button', { type: 'button', onclick: () => assign({ ...start(scene), ...preset.values }) }, preset.name)));
    at('pictures').replaceChildren(...Object.values(pictures).map((picture) => picture.element));
    document.title = `${scene.name} – what losses settle to`;
  }
  Object.assign(open, { values, page });
  moved();
}

function setPage(values) {
  open.page = { ...open.page, ...values };
  mark();
  writeLink();
}

function nextTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const seen = open.page.theme || (dark ? 'dark' : 'light');
  setPage({ theme: seen === 'dark' ? 'light' : 'dark' });
}

async function copyLink(button) {
  writeLink();
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'See the address';
  }
  setTimeout(() => { button.textContent = 'Copy link'; }, 1500);
}

at('scenes').replaceChildren(...scenes.map((scene) =>
  html('a', { href: `#${scene.id}`, 'data-scene': scene.id }, scene.name)));
at('tools').replaceChildren(
  html('button', { type: 'button', id: 'reset', title: 'The scene as it starts', onclick: () => assign(start(open.scene)) }, 'Reset'),
  html('button', { type: 'button', id: 'link', title: 'A link that reproduces what is seen', onclick: (event) => copyLink(event.target) }, 'Copy link'),
  html('button', {
    type: 'button', id: 'design', title: 'The design as a file for equipoise run',
    onclick: () => open.answer?.problem && saveDesign(open.scene, open.answer.problem.file),
  }, 'Save design'),
  html('button', { type: 'button', id: 'projector', title: 'Large type for a screen on a wall', onclick: () => setPage({ projector: open.page.projector ? '' : '1' }) }, 'Projector'),
  html('button', { type: 'button', id: 'theme', title: 'Dark or light', onclick: nextTheme }, 'Dark / light'),
);
at('controls').addEventListener('submit', (event) => event.preventDefault());
addEventListener('hashchange', () => show(follow(location.hash, scenes)));
show(follow(location.hash, scenes));
