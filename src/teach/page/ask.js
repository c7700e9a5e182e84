// One question is on its way at a time; of those asked meanwhile only the newest is kept.

import { inWords, solve } from './solver.js';

export class Asker {
  #asking = false;
  #next = null;

  /** `answered` and `refused` are called for every question that was not overtaken. */
  ask(lesson, answered, refused) {
    this.#next = { lesson, answered, refused };
    if (!this.#asking) this.#go();
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
      const answer = await solve(lesson).catch((error) => ({ refused: error }));
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
