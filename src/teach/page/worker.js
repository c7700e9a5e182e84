// Answers lessons apart from the page: JSON in, JSON out, through the memory of the solver (WebAssembly).
'use strict';

let compiled = null;
let ready = null;

/** The solver from what is in the page: base64 of what gzip has packed. */
async function unpacked(packed) {
  const letters = atob(packed);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compile(await new Response(stream).arrayBuffer());
}

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

/** Takes the solver, compiled or not; the page is given what was compiled, for other workers. */
async function take({ packed, module }) {
  compiled = module ?? await unpacked(packed);
  ready = start();
  if (packed) postMessage({ module: compiled });
}

onmessage = async ({ data }) => {
  try {
    if (data.lesson === undefined) await take(data);
    else postMessage({ reply: answer(await ready, data.lesson) });
  } catch (fault) {
    // What a fault leaves of it is not used again.
    if (compiled) ready = start();
    postMessage({ fault: String(fault) });
  }
};
