// The language of the page: that of the link, or of the browser, or English.

import { en } from './words/en.js';
import { zh } from './words/zh.js';

const LANGUAGES = [en, zh];

/** The language that a link asks for, if there is one of that name. */
export const languageOf = (hash) => {
  const asked = new URLSearchParams(hash.split('?')[1] ?? '').get('lang');
  return LANGUAGES.find(({ code }) => code === asked)?.code ?? '';
};

const ours = LANGUAGES.find(({ code }) => navigator.language.startsWith(code)) ?? en;

/** All texts. */
export const words = LANGUAGES.find(({ code }) => code === languageOf(location.hash)) ?? ours;

/** What else the page may be read in. */
export const otherLanguage = LANGUAGES.find((language) => language !== words);
