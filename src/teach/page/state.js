// The state of a scene: the values of its parameters, and the link that reproduces them.

import { languageOf } from './words.js';

/** The values a scene starts from. */
export const start = (scene) => Object.fromEntries(scene.parameters.map((parameter) => [parameter.key, parameter.start]));

const clamp = (value, { min, max }) => Math.min(Math.max(value, min), max);

/** A parameter with `zero` may be nothing at all, below the least of the values that it grows from by factors. */
function rounded(value, parameter) {
  if (parameter.zero && value < parameter.min) return 0;
  const within = clamp(value, parameter);
  return parameter.whole ? Math.round(within) : Number(within.toPrecision(6));
}

/** A value as its parameter allows it, or the one it starts from. */
export function allowed(parameter, value) {
  switch (parameter.kind) {
    case 'number': {
      return Number.isFinite(value) ? rounded(value, parameter) : parameter.start;
    }
    case 'point': {
      const fits = Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
      return fits ? value.map((entry) => Number(clamp(entry, parameter).toFixed(3))) : parameter.start;
    }
    case 'list':
      return String(value);
    case 'choice':
      return parameter.options.some(([option]) => option === value) ? value : parameter.start;
    default: {
      const known = parameter.options.map(([option]) => option);
      const chosen = Array.isArray(value) ? known.filter((option) => value.includes(option)) : [];
      const fits = chosen.length >= parameter.least && chosen.length <= parameter.most;
      return fits ? chosen : parameter.start;
    }
  }
}

const written = (value) => (Array.isArray(value) ? value.join(',') : String(value));

function read(parameter, content) {
  switch (parameter.kind) {
    case 'number': return allowed(parameter, content.trim() === '' ? NaN : Number(content));
    case 'point': return allowed(parameter, content.split(',').map(Number));
    case 'list':
    case 'choice': return allowed(parameter, content);
    default: return allowed(parameter, content.split(','));
  }
}

/** What differs from the start, as the end of a link. */
export function link(scene, values, page) {
  const query = new URLSearchParams();
  for (const parameter of scene.parameters) {
    // Names of columns of a user's own table are nobody else's business.
    if (scene.keeps?.includes(parameter.key)) continue;
    const value = written(values[parameter.key]);
    if (value !== written(parameter.start)) query.set(parameter.key, value);
  }
  for (const [key, value] of Object.entries(page)) if (value) query.set(key, value);
  const end = query.toString().replaceAll('%2C', ',');
  return `#${scene.id}${end ? `?${end}` : ''}`;
}

/** The scene, values and look of the page that a link asks for. */
export function follow(hash, scenes) {
  const [id, query = ''] = hash.replace(/^#/, '').split('?');
  const scene = scenes.find((known) => known.id === id) ?? scenes[0];
  const given = new URLSearchParams(query);
  const values = start(scene);
  for (const parameter of scene.parameters) {
    const content = given.get(parameter.key);
    if (content !== null) values[parameter.key] = read(parameter, content);
  }
  const theme = given.get('theme');
  const isOn = (key) => (given.get(key) === '1' ? '1' : '');
  return {
    scene,
    values,
    page: { theme: ['dark', 'light'].includes(theme) ? theme : '', projector: isOn('projector'), quiz: isOn('quiz'), lang: languageOf(hash) },
  };
}

/** Whether a preset is what is seen; it leaves alone what the scene keeps. */
export const matchesPreset = (scene, values, preset) => {
  const wanted = { ...start(scene), ...preset.values };
  return scene.parameters.every(({ key }) => scene.keeps?.includes(key) || written(wanted[key]) === written(values[key]));
};
