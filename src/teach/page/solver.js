// Where lessons are answered: by the program that serves the page, or, where the page holds the solver itself, in workers.

import { translated, words } from './words.js';

/** How long a lesson may take, as in the program. */
const PATIENCE = 30_000;
/** Losses that are compared are solved side by side, by so many workers at most. */
const MAX_WORKERS = 3;

class Refusal extends Error {}

/** The program at the page's own address. */
async function byProgram(lesson, signal) {
  const response = await fetch('solve', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(lesson), signal,
  });
  return response.json();
}

/** A worker with the solver, which answers one lesson at a time. */
class SolverWorker {
  #worker;

  /** `solver` is `{ packed }`, as it is in the page, or `{ module }`, compiled. */
  constructor(solver) {
    const address = URL.createObjectURL(new Blob([document.getElementById('worker').textContent], { type: 'text/javascript' }));
    this.#worker = new Worker(address);
    this.#worker.postMessage(solver);
    this.busy = false;
  }

  /** The next thing it says. */
  said() {
    return new Promise((resolve) => { this.#worker.onmessage = ({ data }) => resolve(data); });
  }

  ask(lesson) {
    this.#worker.postMessage({ lesson: JSON.stringify(lesson) });
    return this.said();
  }

  end() {
    this.#worker.terminate();
  }
}

const later = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const aborted = (signal) => new Promise((resolve) => { signal?.addEventListener('abort', () => resolve()); });

/** A problem for each of its series; other lessons are not divided. */
function parts(lesson) {
  const { problem } = lesson;
  if (!problem || problem.analysis.series.length < 2) return [lesson];
  return problem.analysis.series.map((_, series) => {
    const { look, ...rest } = problem;
    return { problem: { ...rest, only: [series], ...(look?.series === series ? { look } : {}) } };
  });
}

/** What the answer to a part depends on: of the series of its problem, its own. */
function premises({ problem, ...rest }) {
  if (!problem?.only) return JSON.stringify({ problem, ...rest });
  const { analysis, ...others } = problem;
  return JSON.stringify({ ...others, analysis: { ...analysis, series: problem.only.map((series) => analysis.series[series]) } });
}

/** The answers to the parts of a lesson as one; what they share is that of `first`. */
function joined(answers, first) {
  const refused = answers.find((answer) => answer.refused);
  if (refused || answers.length === 1) return refused ?? answers[0];
  const problems = answers.map(({ problem }) => problem);
  const seen = problems.find((problem) => problem.seen)?.seen;
  const all = (key) => problems.flatMap((problem) => problem[key]);
  return { problem: { ...problems[first], records: all('records'), separating: all('separating'), ...(seen ? { seen } : {}) } };
}

/** The solver that is part of the page. */
class InPage {
  #workers = [];
  #waiting = [];
  #module;
  #most = Math.min(navigator.hardwareConcurrency || 1, MAX_WORKERS);
  /** Answers to the parts of the last lesson, by their premises: a move that changes one loss does not solve the others again. */
  #last = new Map();

  constructor() {
    this.#module = this.#compiled();
  }

  /** The first worker unpacks and compiles the solver, while the page is built. */
  async #compiled() {
    const first = new SolverWorker({ packed: document.getElementById('solver').textContent });
    const { module, fault } = await first.said();
    if (fault) throw new Refusal(`${words.status.noSolver} (${fault})`);
    this.#workers.push(first);
    return module;
  }

  async answer(lesson, signal) {
    const module = await this.#module;
    const asked = parts(lesson).map((part) => ({ part, key: premises(part) }));
    const known = asked.map(({ key }) => this.#last.get(key));
    // One part is always answered anew, since answers also hold the lesson as a file.
    const first = Math.max(0, known.findIndex((answer) => !answer));
    const answers = await Promise.all(asked.map(({ part }, place) => (place !== first && known[place]) || this.#queued(part, module, signal)));
    this.#last = new Map(answers.flatMap((answer, place) => (answer.refused ? [] : [[asked[place].key, answer]])));
    return joined(answers, first);
  }

  #queued(part, module, signal) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ part, signal, resolve, reject });
      this.#next(module);
    });
  }

  /** Gives what waits to a worker that is free. */
  #next(module) {
    let worker = this.#workers.find(({ busy }) => !busy);
    if (!worker && this.#workers.length < this.#most) {
      worker = new SolverWorker({ module });
      this.#workers.push(worker);
    }
    if (!worker || this.#waiting.length === 0) return;
    const { part, signal, resolve, reject } = this.#waiting.shift();
    this.#answered(worker, part, signal).then(resolve, reject).finally(() => this.#next(module));
  }

  /** What takes too long, or is asked no more, is ended with its worker. */
  async #answered(worker, lesson, signal) {
    if (signal?.aborted) throw new Refusal(words.status.tooLong);
    worker.busy = true;
    const data = await Promise.race([worker.ask(lesson), later(PATIENCE), aborted(signal)]);
    worker.busy = false;
    if (!data) {
      worker.end();
      this.#workers = this.#workers.filter((other) => other !== worker);
      throw new Refusal(words.status.tooLong);
    }
    if (data.fault) throw new Refusal(`${words.status.upset} (${data.fault})`);
    return JSON.parse(data.reply);
  }
}

const inPage = document.getElementById('solver') ? new InPage() : null;

/** What a lesson is answered. When it is aborted, its work ends, and what it would have been answered is not needed. */
export async function solve(lesson, signal) {
  const answer = await (inPage ? inPage.answer(lesson, signal) : byProgram(lesson, signal));
  if (answer.refused) throw new Refusal(translated(answer.refused));
  return answer;
}

/** Why there is no answer: what was refused says it; otherwise the program has ended. */
export const inWords = (error) => (error instanceof Refusal ? error.message : words.status.gone);
