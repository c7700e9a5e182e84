// The page: which scene is open, its values, and how they come to be seen.

import { Asker } from './ask.js';
import { build } from './controls.js';
import { html, number, rounded } from './drawing.js';
import { fill } from './formula.js';
import { canBeKept, isKept, keep } from './offline.js';
import { quizzer } from './quiz.js';
import { saveDeck, saveDesign, savePicture, saveSlide, slide } from './save.js';
import { averaging } from './scenes/averaging.js';
import { batches } from './scenes/batches.js';
import { digits } from './scenes/digits.js';
import { heldOut } from './scenes/held_out.js';
import { losses } from './scenes/losses.js';
import { notConverged } from './scenes/not_converged.js';
import { ownData } from './scenes/own_data.js';
import { separable } from './scenes/separable.js';
import { threeClasses } from './scenes/three_classes.js';
import { twoClasses } from './scenes/two_classes.js';
import { languages } from './languages.js';
import { inWords, solve } from './solver.js';
import { follow, link, matchesPreset, start } from './state.js';
import { isFirstVisit, tour } from './tour.js';
import { languageOf, translated, words } from './words.js';

const scenes = [twoClasses, threeClasses, averaging, batches, separable, heldOut, notConverged, digits, losses, ownData];
const at = (id) => document.getElementById(id);
const asker = new Asker();

/** What is open: scene, values, look of the page, pictures, and what was last answered. */
let open = null;
let linkTimer = 0;
/** The address that was followed or written last. */
let linked = location.hash;

/** Values before the last moves, newest last; moves in quick succession, as of a slider, are one. */
const before = [];
/** Values that were undone, which can come back until the next move. */
const after = [];
const MAX_BEFORE = 100;
const ONE_MOVE = 600;
let lastMove = -ONE_MOVE;

function remember() {
  const now = performance.now();
  if (now - lastMove > ONE_MOVE) before.push(open.values);
  if (before.length > MAX_BEFORE) before.shift();
  after.length = 0;
  lastMove = now;
}

function forget() {
  before.length = 0;
  after.length = 0;
  lastMove = -ONE_MOVE;
}

/** One move back, or forward again: the last values of one list, for which the other keeps those that are seen. */
function go(from, to) {
  if (from.length === 0) return;
  to.push(open.values);
  open.values = from.pop();
  lastMove = -ONE_MOVE;
  moved();
}

/** Keys of other programs; a field of text undoes what is typed in it. */
function undoByKey(event) {
  const { ctrlKey, metaKey, altKey, shiftKey, key, target } = event;
  if (!(ctrlKey || metaKey) || altKey || key.toLowerCase() !== 'z' || target.matches('[type=text]')) return;
  event.preventDefault();
  if (shiftKey) go(after, before);
  else go(before, after);
}

function change(key, value) {
  remember();
  open.values = { ...open.values, [key]: value };
  moved();
}

function assign(values) {
  remember();
  open.values = { ...open.values, ...values };
  moved();
}

/** The values that a scene starts from, but for those that belong to a user's own table. */
const startOf = (scene) => ({
  ...start(scene), ...Object.fromEntries((scene.keeps ?? []).map((key) => [key, open.values[key]])),
});

function moved() {
  const since = performance.now();
  open.values = open.scene.settle?.(open.values) ?? open.values;
  open.set(open.values);
  mark();
  clearTimeout(linkTimer);
  linkTimer = setTimeout(writeLink, 200);
  ask(since);
}

function writeLink() {
  // The address is another one by now, and is about to be followed.
  if (location.hash !== linked) return;
  const wanted = link(open.scene, open.values, open.page);
  if (wanted !== linked) history.replaceState(null, '', wanted);
  linked = location.hash;
}

function ask(since) {
  const { scene, values, pictures } = open;
  const lesson = scene.lesson(values);
  if (!lesson) {
    scene.showNothing(pictures);
    const why = scene.whyNothing();
    at('status').replaceChildren(why && html('strong', {}, why));
    at('pictures').classList.remove('dim');
    document.documentElement.dataset.state = 'ready';
    return;
  }
  document.documentElement.dataset.state = 'asking';
  const answered = (answer) => {
    if (open.scene !== scene) return;
    open.answer = answer;
    at('pictures').classList.remove('dim');
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
    at('status').replaceChildren(html('strong', {}, why), why.includes('--') ? ` ${words.status.options}` : '');
    if (open.scene === scene) scene.refused?.(pictures);
    document.documentElement.dataset.state = 'refused';
  };
  asker.ask(lesson, answered, refused);
}

/** What is compared, by the names that files have, spelled out. */
const { batches: { balanced }, separable: { weights }, notConverged: { descent, newton } } = words.scenes;
const SPELLED = {
  LGL: words.losses.logistic,
  SML: words.losses.softmax,
  'LGL-INR': words.losses.inr,
  'LGL-INR in batches': words.losses.inr,
  'SML, balanced': balanced,
  'weight 1': weights.none,
  'inverse frequency': weights.balanced,
  'weight 100': weights.heavy,
  'gradient descent': descent,
  Newton: newton,
};

/** How each search ended. */
function showAnswer(answer) {
  const { records = [], names: given = [] } = answer.problem ?? {};
  const names = given.map((name) => SPELLED[name] ?? name);
  const ends = records.map((record, series) => {
    const { ended } = record;
    if (ended.unsolved) {
      const why = translated(rounded(ended.unsolved));
      return html('strong', {}, `${words.status.of(names[series])}${why}${words.status.end}`);
    }
    const [gradient] = record.measured.gradient ?? [];
    const word = ended === 'stationary' ? words.status.stationary : words.status.stopped;
    return html('span', {}, `${words.status.of(names[series])}${word}${words.status.gradient}`, number(`gradient-${series}`, gradient), words.status.end);
  });
  at('status').replaceChildren(...ends);
}

/** Which scene and which preset are seen. */
function mark() {
  for (const anchor of at('scenes').children) {
    if (anchor.dataset.scene !== open.scene.id) anchor.removeAttribute('aria-current');
    else if (!anchor.hasAttribute('aria-current')) {
      anchor.setAttribute('aria-current', 'page');
      // On a phone the scenes are a row of which a part is seen.
      at('scenes').scrollLeft = anchor.offsetLeft - at('scenes').clientWidth / 2;
    }
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
  for (const key of ['projector', 'quiz']) {
    root.toggleAttribute(`data-${key}`, Boolean(open.page[key]));
    at(`tool-${key}`).setAttribute('aria-pressed', String(Boolean(open.page[key])));
  }
  // Scenes without questions keep what would say the answer.
  root.toggleAttribute('data-asked', Boolean(open.page.quiz && open.scene.quiz));
  for (const { element, readout } of Object.values(open.pictures)) {
    if (readout) (open.page.projector ? at('readouts') : element).append(readout);
  }
  at('undo').disabled = before.length === 0;
  at('tool-quiz').disabled = !open.scene.quiz;
  at('design').disabled = !open.scene.isProblem;
}

function show({ scene, values, page }) {
  const isNew = open?.scene !== scene;
  if (isNew) {
    const pictures = scene.build(assign, () => open.values);
    Object.values(pictures).filter((picture) => picture.save).forEach((picture) =>
      picture.save.addEventListener('click', () => savePicture(scene, picture)));
    forget();
    open = { scene, values, page, pictures, answer: null, set: build(scene, at('controls'), change, () => open.values, assign) };
    at('name').textContent = scene.name;
    fill(at('claim'), scene.claim);
    at('presets').replaceChildren(...scene.presets.map((preset) =>
      html('button', { type: 'button', onclick: () => assign({ ...startOf(scene), ...preset.values }) }, preset.name)));
    at('readouts').replaceChildren();
    at('pictures').replaceChildren(...Object.values(pictures).map((picture) => picture.element));
    document.title = `${scene.name} – ${words.title}`;
  }
  const quizBegins = page.quiz && (isNew || !open.page.quiz);
  Object.assign(open, { values, page });
  moved();
  if (quizBegins) quiz.begin(scene);
  else if (!page.quiz) quiz.end();
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

function toggleQuiz() {
  setPage({ quiz: open.page.quiz ? '' : '1' });
  if (open.page.quiz) quiz.begin(open.scene);
  else quiz.end();
}

/** With the table that is open, which is in no link. */
function beginAnew() {
  ownData.handOver();
  location.reload();
}

/** All texts are chosen when the page begins, so it begins anew. */
function changeLanguage(code) {
  setPage({ lang: code });
  beginAnew();
}

/** A scene as a slide; nothing where it has nothing to show, as without a table. */
async function slideOf(scene, values) {
  const lesson = scene.lesson(values);
  if (!lesson) return [];
  const answer = await solve(lesson);
  const pictures = scene.build(() => {}, () => values);
  scene.show(answer, values, pictures, values);
  return [slide(scene, Object.values(pictures), values)];
}

/** A slide of every scene: of the open one as it is seen, of the others as they start. */
async function saveSlides(button) {
  button.disabled = true;
  const slides = [];
  let why = '';
  for (const [place, scene] of scenes.entries()) {
    button.textContent = `${place + 1} / ${scenes.length}`;
    const values = scene === open.scene ? open.values : start(scene);
    slides.push(...await slideOf(scene, values).catch((error) => {
      why = inWords(error);
      return [];
    }));
  }
  if (slides.length) saveDeck(slides);
  else at('status').replaceChildren(html('strong', {}, why));
  [button.textContent] = words.tools.deck;
  button.disabled = false;
}

async function keepPage(button) {
  button.disabled = true;
  try {
    await keep();
    button.textContent = words.tools.kept;
  } catch {
    button.textContent = words.tools.notKept;
  }
}

function keepTool() {
  if (!canBeKept) return [];
  const button = tool('keep', words.tools.keep, () => keepPage(button));
  if (isKept()) {
    button.textContent = words.tools.kept;
    button.disabled = true;
  }
  return [button];
}

const languageTool = () => html('select', { id: 'language', 'aria-label': words.tools.language, onchange: (event) => changeLanguage(event.target.value) },
  languages.map(({ code, name }) => html('option', { value: code, lang: code, selected: code === words.code }, name)));

/** The exercises lie beside the page that holds its solver. */
function exercisesTool() {
  const [name, file] = words.tools.exercises;
  return document.getElementById('solver') ? [html('a', { id: 'exercises', href: file }, name)] : [];
}

async function copyLink(button) {
  writeLink();
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = words.tools.copied;
  } catch {
    button.textContent = words.tools.address;
  }
  setTimeout(() => { [button.textContent] = words.tools.link; }, 1500);
}

function tool(id, [name, title], onclick) {
  return html('button', { type: 'button', id, title, onclick }, name);
}

/** What the scenes keep of the page's look when one goes from one to another. */
const lookOf = ({ lang, theme, projector, quiz: asking }) =>
  Object.entries({ lang, theme, projector, quiz: asking }).filter(([, value]) => value).map(([key, value]) => `${key}=${value}`).join('&');

function openScene(event, scene) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const look = lookOf(open.page);
  location.hash = `#${scene.id}${look ? `?${look}` : ''}`;
}

/** The tour, with everything in view; at its end the scene is as it was before. */
function begin() {
  const { scene, values, page } = open;
  const moves = [...before];
  const back = () => {
    show({ scene, values, page: { ...open.page, quiz: page.quiz } });
    before.splice(0, before.length, ...moves);
    mark();
  };
  tour(at('tour'), (hash) => show({ ...follow(hash, scenes), page: { ...open.page, quiz: '' } }), back);
}

const quiz = quizzer([at('controls'), at('presets'), at('pictures')], (values) => assign({ ...startOf(open.scene), ...values }));

document.documentElement.lang = words.code;
at('title').textContent = words.title;
for (const id of ['scenes', 'tools', 'panel', 'presets', 'controls', 'stage', 'pictures']) {
  if (words.aria[id]) at(id).setAttribute('aria-label', words.aria[id]);
}
at('scenes').replaceChildren(...scenes.map((scene) =>
  html('a', { href: `#${scene.id}`, 'data-scene': scene.id, onclick: (event) => openScene(event, scene) }, scene.name)));
at('tools').replaceChildren(
  tool('reset', words.tools.reset, () => assign(startOf(open.scene))),
  tool('undo', words.tools.undo, () => go(before, after)),
  tool('link', words.tools.link, (event) => copyLink(event.target)),
  tool('design', words.tools.design, () => open.answer?.problem && saveDesign(open.scene, open.answer.problem.file)),
  tool('slide', words.tools.slide, () => saveSlide(open.scene, Object.values(open.pictures), open.values)),
  tool('deck', words.tools.deck, (event) => saveSlides(event.target)),
  tool('tool-tour', words.tools.tour, begin),
  tool('tool-quiz', words.tools.quiz, toggleQuiz),
  tool('tool-projector', words.tools.projector, () => setPage({ projector: open.page.projector ? '' : '1' })),
  tool('theme', words.tools.theme, nextTheme),
  ...keepTool(),
  ...exercisesTool(),
  languageTool(),
);
at('controls').addEventListener('submit', (event) => event.preventDefault());
addEventListener('keydown', undoByKey);
addEventListener('hashchange', () => {
  linked = location.hash;
  const asked = languageOf(location.hash);
  if (asked && asked !== words.code) beginAnew();
  else show(follow(location.hash, scenes));
});

/** Opens the scene that takes files, unless it is open, and gives it one. */
function takeFile(file) {
  const scene = scenes.find(({ dropped }) => dropped);
  if (open.scene !== scene) {
    show({ scene, values: start(scene), page: open.page });
    history.pushState(null, '', link(scene, open.values, open.page));
    linked = location.hash;
  }
  scene.dropped(file, assign);
}

// A file may fall anywhere; it must not take the page's place.
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file) takeFile(file);
});
const isToured = !location.hash && isFirstVisit();
show(follow(location.hash, scenes));
if (isToured) begin();
