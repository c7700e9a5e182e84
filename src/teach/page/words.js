// The language of the page: that of the link, or of the browser, or English.

import { languages } from './languages.js';
import { en } from './words/en.js';

/** The language that a link asks for, if there is one of that name. */
export const languageOf = (hash) => {
  const asked = new URLSearchParams(hash.split('?')[1] ?? '').get('lang');
  return languages.find(({ code }) => code === asked)?.code ?? '';
};

const ours = languages.find(({ code }) => navigator.language.startsWith(code)) ?? en;

/** All texts. */
export const words = languages.find(({ code }) => code === languageOf(location.hash)) ?? ours;

/** A sentence between what varies in it, as a pattern. */
const escaped = (piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const sentence = ([english, ours]) => {
  const pieces = english.split(/\{(\d)\}/);
  const pattern = new RegExp(`^${pieces.map((piece, place) => (place % 2 ? '(.*?)' : escaped(piece))).join('')}$`);
  return { pattern, slots: pieces.filter((_, place) => place % 2), length: pieces.filter((_, place) => place % 2 === 0).join('').length, ours };
};
/** Those that say the most first. */
const sentences = words.said.map(sentence).sort((one, other) => other.length - one.length);

/** What is longer is no sentence of the solver. */
const LONGEST = 2000;

/** What the solver says, in the language of the page; English where there are no words for it. */
export function translated(said) {
  if (said.length > LONGEST) return said;
  for (const { pattern, slots, ours } of sentences) {
    const found = pattern.exec(said);
    if (!found) continue;
    return ours.replaceAll(/\{(\d)(\+?)\}/g, (_, slot, isSentence) => {
      const varied = found[1 + slots.indexOf(slot)];
      return isSentence ? translated(varied) : varied;
    });
  }
  return said;
}
