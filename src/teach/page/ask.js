// One question is on its way at a time; of those asked meanwhile only the newest is kept.

import { inWords, solve } from './solver.js';

/** How long a question may stay on its way once another waits behind it. */
const OVERTAKEN = 1000;

export class Asker {
  #asking = false;
  #next = null;
  #abort = null;
  #hurry = 0;

  /** `answered` and `refused` are called for every question that was not overtaken. */
  ask(lesson, answered, refused) {
    this.#next = { lesson, answered, refused };
    if (!this.#asking) this.#go();
    else if (!this.#hurry) this.#hurry = setTimeout(() => this.#abort.abort(), OVERTAKEN);
  }

  /** Whether nothing is on its way. */
  get idle() {
    return !this.#asking;
  }

  async #go() {
    this.#asking = true;
    while (this.#next) {
      const { lesson, answered, refused } = this.#next;
      this.#next = null;
      this.#abort = new AbortController();
      const { signal } = this.#abort;
      const answer = await solve(lesson, signal).catch((error) => ({ refused: error }));
      clearTimeout(this.#hurry);
      this.#hurry = 0;
      if (signal.aborted) continue;
      // A fault of a drawing must not stop the next.
      try {
        if (answer.refused) refused(inWords(answer.refused));
        else answered(answer);
      } catch (fault) {
        reportError(fault);
      }
    }
    this.#asking = false;
  }
}
