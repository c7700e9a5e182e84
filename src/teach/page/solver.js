// Where lessons are answered: by the program that serves the page, or, where the page holds the solver itself, in a worker.

import { words } from './words.js';

/** How long a lesson may take, as in the program. */
const PATIENCE = 30_000;

class Refusal extends Error {}

/** The program at the page's own address. */
async function byProgram(lesson) {
  const response = await fetch('solve', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(lesson),
  });
  return response.json();
}

/** The solver that is part of the page. */
class InPage {
  #module = null;
  #worker = null;

  async #compiled() {
    const packed = Uint8Array.from(atob(document.getElementById('solver').textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return WebAssembly.compile(await new Response(stream).arrayBuffer());
  }

  async #started() {
    if (this.#worker) return this.#worker;
    this.#module ??= this.#compiled();
    let module;
    try {
      module = await this.#module;
    } catch (fault) {
      throw new Refusal(`${words.status.noSolver} (${fault.message})`);
    }
    const address = URL.createObjectURL(new Blob([document.getElementById('worker').textContent], { type: 'text/javascript' }));
    this.#worker = new Worker(address);
    this.#worker.postMessage({ module });
    return this.#worker;
  }

  /** One lesson at a time is sent; what takes too long is ended with its worker. */
  async answer(lesson) {
    const worker = await this.#started();
    const data = await new Promise((resolve) => {
      const timer = setTimeout(() => {
        worker.terminate();
        this.#worker = null;
        resolve({ reply: JSON.stringify({ refused: words.status.tooLong }) });
      }, PATIENCE);
      worker.onmessage = (message) => {
        clearTimeout(timer);
        resolve(message.data);
      };
      worker.postMessage({ lesson: JSON.stringify(lesson) });
    });
    if (data.fault) throw new Refusal(`${words.status.upset} (${data.fault})`);
    return JSON.parse(data.reply);
  }
}

const inPage = document.getElementById('solver') ? new InPage() : null;

/** What a lesson is answered. */
export async function solve(lesson) {
  const answer = await (inPage ? inPage.answer(lesson) : byProgram(lesson));
  if (answer.refused) throw new Refusal(answer.refused);
  return answer;
}

/** Why there is no answer: what was refused says it; otherwise the program has ended. */
export const inWords = (error) => (error instanceof Refusal ? error.message : words.status.gone);
