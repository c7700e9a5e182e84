// Keeps the lecture page on a device: what was fetched once is answered from there. Another page has another digest, and takes
// the place of this one.
'use strict';

const OURS = `equipoise ${registration.scope} `;
const KEPT = `${OURS}{digest}`;
const PAGE = 'index.html';
const NEEDED = [PAGE, 'manifest.webmanifest', 'icon.svg'];
/** Cached if it is there. */
const WELCOME = ['exercises.html', 'exercises.zh.html'];

async function keep() {
  const cache = await caches.open(KEPT);
  await cache.addAll(NEEDED);
  await Promise.allSettled(WELCOME.map((file) => cache.add(file)));
  await skipWaiting();
}

async function forgetOlder() {
  const older = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== KEPT);
  await Promise.all(older.map((name) => caches.delete(name)));
  await clients.claim();
}

async function answer(request) {
  const cache = await caches.open(KEPT);
  const { origin, pathname } = new URL(request.url);
  const file = `${origin}${pathname}` === registration.scope ? PAGE : request;
  return (await cache.match(file, { ignoreSearch: true })) ?? fetch(request);
}

addEventListener('install', (event) => event.waitUntil(keep()));
addEventListener('activate', (event) => event.waitUntil(forgetOlder()));
addEventListener('fetch', (event) => {
  if (event.request.method === 'GET') event.respondWith(answer(event.request));
});
