// Predict, then reveal: the pictures of a scene are covered until a number has been written down.

import { html, short } from './drawing.js';
import { words } from './words.js';

const say = words.quiz;
/** What is smaller is zero but for rounding. */
const ROUNDING = 1e-9;

/** Resolves when the page waits for no answer. */
const answered = () => new Promise((resolve) => {
  const look = () => (document.documentElement.dataset.state === 'asking' ? setTimeout(look, 20) : resolve());
  look();
});

/**
 * `assign(values)` sets the scene's values; `parts` of the page, the last of them the pictures, can be moved once a question is answered.
 * What is returned shows a scene's questions, and takes them away.
 */
export function quizzer(parts, assign) {
  const panel = document.getElementById('quiz');
  let questions = [];
  let asked = 0;

  function cover(covered) {
    parts.forEach((part) => { part.inert = covered; });
    // Slides would show what is covered.
    for (const id of ['slide', 'deck']) document.getElementById(id).disabled = covered;
    parts.at(-1).toggleAttribute('data-covered', covered);
  }

  /** Reveals what belongs to the question that is seen, once it has been solved. */
  async function reveal(input, found, button) {
    button.disabled = true;
    // Whatever was undone or followed meanwhile.
    assign(questions[asked].values);
    await answered();
    if (!found.isConnected) return;
    cover(false);
    const shown = document.querySelector(`data[data-name="${questions[asked].number}"]`)?.value;
    const number = shown === undefined || shown === '' ? undefined : Number(shown);
    const value = Math.abs(number) < ROUNDING ? say.zero(short(number)) : short(number);
    found.textContent = input.value.trim() ? say.says(input.value, value) : say.found(value);
  }

  function ask() {
    const { question, values } = questions[asked];
    cover(true);
    assign(values);
    const input = html('input', { type: 'text', inputmode: 'decimal', id: 'prediction', autocomplete: 'off' });
    const found = html('p', { id: 'quiz-found', role: 'status' });
    const button = html('button', { type: 'button', id: 'reveal' }, say.reveal);
    button.addEventListener('click', () => reveal(input, found, button));
    const next = html('button', { type: 'button', id: 'next-question' }, say.next);
    next.addEventListener('click', () => {
      asked = (asked + 1) % questions.length;
      ask();
    });
    panel.replaceChildren(html('p', { class: 'count' }, say.question(asked + 1, questions.length)), html('p', {}, question),
      html('label', { for: 'prediction' }, say.predict), input, button, ...(questions.length > 1 ? [next] : []), found);
  }

  return {
    begin(scene) {
      questions = (scene.quiz ?? []).map(([question, values, number]) => ({ question, values, number }));
      asked = 0;
      panel.hidden = questions.length === 0;
      if (questions.length) ask();
      else cover(false);
    },
    end() {
      panel.hidden = true;
      panel.replaceChildren();
      cover(false);
    },
  };
}
