// Answers lessons apart from the page: JSON in, JSON out, through the memory of the solver (WebAssembly).
'use strict';

let compiled = null;
let ready = null;

/** Some crates name functions of a browser that no lesson calls; each is there, and says so if it is called after all. */
function importsOf(module) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => { throw new Error(`${name} is not there`); };
  }
  return imports;
}

const start = () => WebAssembly.instantiate(compiled, importsOf(compiled)).then(({ exports }) => exports);

function answer(solver, lesson) {
  const bytes = new TextEncoder().encode(lesson);
  const place = solver.lesson(bytes.length);
  new Uint8Array(solver.memory.buffer, place, bytes.length).set(bytes);
  solver.answer();
  return new TextDecoder().decode(new Uint8Array(solver.memory.buffer, solver.reply(), solver.reply_bytes()));
}

onmessage = async ({ data }) => {
  if (data.module) {
    compiled = data.module;
    ready = start();
    return;
  }
  try {
    postMessage({ reply: answer(await ready, data.lesson) });
  } catch (fault) {
    // What a fault leaves of it is not used again.
    ready = start();
    postMessage({ fault: String(fault) });
  }
};
