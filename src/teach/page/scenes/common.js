// What scenes share: how a problem is posed, and what its parts are called.

import { words } from '../words.js';

/** Where a problem ended and how well it is balanced. */
const ALWAYS = ['gradient', 'balance_residual', 'mean_probability', 'shortfall', 'outflow', 'inflow', 'residual', 'recall'];

/** A lesson: an analysis as its file would say it. */
export function problem({ name, title, seed = 1, measure = [], penalty = 0, weights = 'none', data, series, figure = [], look, test }) {
  const analysis = {
    name, title, seed, penalty, class_weights: weights, measure: [...new Set([...ALWAYS, ...measure])], data, series, figure, ...(test ? { test } : {}),
  };
  return { problem: { analysis, ...(look ? { look } : {}) } };
}

/** Normal classes around given means. */
export const gaussian = (means, counts) => ({ gaussian: { means: { at: means }, counts } });

/** Names of classes in files, which are English, and on the page. */
export const numbered = (count) => Array.from({ length: count }, (_, k) => `class ${k}`);
export const classNames = (count) => Array.from({ length: count }, (_, k) => words.cls(k));

export const weightSlider = (key, label) => ({ key, label, kind: 'number', min: 0.01, max: 100, start: 1, log: true });

export const sizeSlider = (key, label, start, max = 1000) => ({ key, label, kind: 'number', min: 2, max, start, log: true, whole: true });

/** A class centre; scenes that let it be moved draw it. */
export const centre = (key, start, halfWidth = 5) => ({ key, kind: 'point', start, min: -halfWidth, max: halfWidth });

/** Presets: their texts by name, and the values that each sets. */
export const presets = (texts, values) => Object.entries(values).map(([key, set]) => {
  const [name, comment] = texts[key];
  return { name, comment, values: set };
});
