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
