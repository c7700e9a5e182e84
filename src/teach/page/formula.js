// Formulas from a line of text: as MathML on the page, and as text with raised and lowered parts in drawings.
//
// Letters are variables, longer words are functions or plain words, `_` and `^` lower and raise the next letter, number or
// group in braces or brackets, `{a}/{b}` is a fraction, two spaces are a wide one. In sentences formulas stand between dollar signs.

const MATH = 'http://www.w3.org/1998/Math/MathML';
const GREEK = { alpha: 'α', beta: 'β', gamma: 'γ', pi: 'π' };
const SIGNS = { '-': '−', '~': '∝', '<=': '≤', '>=': '≥', '!=': '≠', '->': '→', sum: '∑', Σ: '∑' };
/** Signs whose index is below them. */
const BELOW = ['∑'];
/** Words that are set as functions; other long words are text. */
const FUNCTIONS = ['exp', 'log', 'max', 'mean', 'min', 'sigmoid', 'softmax', 'softplus'];
/** Chinese and the like, with their punctuation, are words, whatever stands beside them. */
const TOKEN = /[\u2e80-\uffef]+|\s+|\d+(?:\.\d+)?|[<>!-]=|->|(?:--)?[A-Za-z]{2,}(?:-[A-Za-z]{2,}|'[a-z]+)*\d*|[A-Z]\d|l2|\p{L}\p{M}*|./gu;

const kindOf = (token) => {
  if (/^[\u2e80-\uffef]/.test(token)) return 'words';
  if (/^\d/.test(token)) return 'number';
  if (FUNCTIONS.includes(token) || token === 'l2') return 'name';
  if (/^(--)?[A-Za-z][A-Za-z0-9]/.test(token) || token === 'a') return 'words';
  return /^\p{L}/u.test(token) ? 'name' : 'sign';
};

/** A line as a list of `{ kind, text, sub, sup }` and `{ kind: 'fraction', above, below }`. */
export function parse(line) {
  const tokens = line.match(TOKEN) ?? [];
  let at = 0;
  const group = (end) => {
    at += 1;
    const inside = list(end);
    at += 1;
    return inside;
  };
  const script = () => {
    if (tokens[at] === '{') return group('}');
    return tokens[at] === '(' ? group(')') : [atom()];
  };
  function atom() {
    const token = tokens[at];
    at += 1;
    if (/^\s/.test(token)) return { kind: 'space', text: token };
    const sign = SIGNS[token];
    return sign ? { kind: 'sign', text: sign } : { kind: GREEK[token] ? 'name' : kindOf(token), text: GREEK[token] ?? token };
  }
  function element() {
    if (tokens[at] === '{') {
      const above = group('}');
      if (tokens[at] !== '/' || tokens[at + 1] !== '{') return { kind: 'row', inside: above };
      at += 1;
      return { kind: 'fraction', above, below: group('}') };
    }
    const base = atom();
    while (at < tokens.length - 1 && (tokens[at] === '_' || tokens[at] === '^')) {
      const place = tokens[at] === '_' ? 'sub' : 'sup';
      at += 1;
      base[place] = script();
    }
    return base;
  }
  function list(end) {
    const found = [];
    while (at < tokens.length && tokens[at] !== end) found.push(element());
    return found;
  }
  return list();
}

const TAGS = { name: 'mi', number: 'mn', sign: 'mo', words: 'mtext' };
const math = (tag, ...children) => {
  const element = document.createElementNS(MATH, tag);
  element.append(...children);
  return element;
};
const row = (nodes) => math('mrow', ...elements(nodes));

/** What is seen of a space: signs bring their own. */
function gap(before, space, after) {
  if (space.text.length > 1) return '\u2003';
  return before && after && [before, after].some(({ text }) => FUNCTIONS.includes(text)) ? '\u2009' : '';
}

/** Whether a sign begins a term, as the first minus of `(-z - 1)` does. */
const isPrefix = (before) => !before || (before.kind === 'sign' && !before.sup && before.text !== ')' && before.text !== ']');

function elements(nodes) {
  return nodes.flatMap((node, place) => {
    if (node.kind !== 'space') {
      const element = inMathML(node);
      if (node.text === '−' && isPrefix(nodes.slice(0, place).findLast(({ kind }) => kind !== 'space'))) element.setAttribute('form', 'prefix');
      return [element];
    }
    const seen = gap(nodes[place - 1], node, nodes[place + 1]);
    return seen ? [math('mtext', seen)] : [];
  });
}

function inMathML(node) {
  if (node.kind === 'row') return row(node.inside);
  if (node.kind === 'fraction') return math('mfrac', row(node.above), row(node.below));
  const isBarred = node.text.includes('\u0304');
  const leaf = math(TAGS[node.kind], node.text.replace('\u0304', ''));
  // Brackets of indices and of arguments stay as high as letters.
  if ('[](){}|'.includes(node.text)) leaf.setAttribute('stretchy', 'false');
  const base = isBarred ? math('mover', leaf, math('mo', '¯')) : leaf;
  const { sub, sup } = node;
  if (sub && BELOW.includes(node.text)) return math('munder', base, row(sub));
  if (sub && sup) return math('msubsup', base, row(sub), row(sup));
  if (sub) return math('msub', base, row(sub));
  return sup ? math('msup', base, row(sup)) : base;
}

/** Words, and the signs of sentences: a bracket is one of them beside a word, and so is the name of a function among words. */
function isProse(nodes, place) {
  const node = nodes[place];
  if (FUNCTIONS.includes(node.text)) return !node.sub && [nodes[place - 2], nodes[place + 2]].every((other) => other?.kind === 'words');
  const beside = { '(': nodes[place + 1], ')': nodes[place - 1] }[node.text];
  return node.kind === 'words' || (node.kind === 'sign' && ':;,'.includes(node.text)) || beside?.kind === 'words';
}

/** With indices below sums and fractions of full size. */
function displayed(nodes) {
  const element = math('math', ...elements(nodes));
  element.setAttribute('displaystyle', 'true');
  return element;
}

/** A line of formulas and words as elements and texts; only the texts may be broken into lines. */
export function formula(line) {
  const found = [];
  let run = [];
  const end = () => {
    const spaces = run.at(-1)?.kind === 'space' ? [run.pop().text] : [];
    if (run.length) found.push(displayed(run));
    found.push(...spaces);
    run = [];
  };
  const nodes = parse(line);
  for (const [place, node] of nodes.entries()) {
    const isLoose = run.length === 0 && node.kind === 'space';
    if (isProse(nodes, place) || isLoose) {
      end();
      found.push(isLoose && node.text.length > 1 ? '\u2003' : node.text);
    } else {
      run.push(node);
    }
  }
  end();
  return found;
}

/** A sentence with formulas between dollar signs, as elements and texts. */
export const typeset = (sentence) =>
  sentence.split('$').flatMap((part, place) => (place % 2 ? formula(part) : [part])).filter((part) => part !== '');

/** Our own HTML with such sentences, put into an element. */
export function fill(element, html) {
  element.innerHTML = html;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (walker.currentNode.data.includes('$')) texts.push(walker.currentNode);
  texts.forEach((text) => text.replaceWith(...typeset(text.data)));
}

/** Where parts stand beside the line, in shares of the size of type, and how large they are. */
const LOWERED = 0.22;
const RAISED = -0.38;
const SMALL = 0.72;

/** A sentence with formulas as runs of `{ text, italic, shift, size }`, for drawings that know no MathML. */
export function runs(sentence) {
  const found = [];
  const flat = (nodes, shift, size) => nodes.forEach((node) => {
    if (node.kind === 'row') flat(node.inside, shift, size);
    else if (node.kind === 'fraction') {
      flat(node.above, shift, size);
      found.push({ text: ' / ', shift, size });
      flat(node.below, shift, size);
    } else {
      found.push({ text: node.text, italic: node.kind === 'name' && !FUNCTIONS.includes(node.text), shift, size });
      if (node.sub) flat(node.sub, shift + LOWERED * size, size * SMALL);
      if (node.sup) flat(node.sup, shift + RAISED * size, size * SMALL);
    }
  });
  sentence.split('$').forEach((part, place) => {
    if (place % 2) flat(parse(part), 0, 1);
    else if (part) found.push({ text: part, shift: 0, size: 1 });
  });
  return found;
}
