// The one call: design -> result. One question is on its way at a time; of those asked meanwhile only the newest is kept.

async function solve(lesson) {
  const response = await fetch('/solve', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(lesson),
  });
  const answer = await response.json();
  if (answer.refused) throw new Error(answer.refused);
  return answer;
}

/** The server is gone when the program has ended; whatever else it refuses it says why. */
const inWords = (error) =>
  (error instanceof TypeError ? 'The program does not answer. Is `equipoise teach` still running?' : error.message);

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

export const once = solve;
