// Keeps the page on this device when that is asked for, where it came from a web server and lies beside the files that
// `teach --export` writes with it: a service worker then answers in place of the network. Until then nothing is fetched.

import { html } from './drawing.js';

/** Whether the page can be kept: it holds the solver, and the browser trusts where it came from. */
export const canBeKept = Boolean(document.getElementById('solver')) && location.protocol.startsWith('http') && 'serviceWorker' in navigator;

/** What a browser needs to know to install the page like a program. */
function describe() {
  if (!document.querySelector('link[rel="manifest"]')) document.head.append(html('link', { rel: 'manifest', href: 'manifest.webmanifest' }));
}

/** Whether it is kept already. */
export function isKept() {
  const kept = canBeKept && Boolean(navigator.serviceWorker.controller);
  if (kept) describe();
  return kept;
}

/** Keeps it; fails where the files are not beside it. */
export async function keep() {
  const { installing, waiting, active } = await navigator.serviceWorker.register('sw.js');
  const worker = installing ?? waiting ?? active;
  await new Promise((resolve, reject) => {
    const look = () => {
      if (worker.state === 'activated') resolve();
      else if (worker.state === 'redundant') reject(new Error(worker.state));
    };
    worker.addEventListener('statechange', look);
    look();
  });
  describe();
}
