// Keeps the page, so that it is there at once from the second visit on, and without a network too.
// `cargo xtask build` writes the names of its files here, and what they hold as one number; without them, as under
// `trunk serve`, nothing is kept.
const FILES = [];
const VERSION = "";
// Other folders of this host may have a page, and a worker, of their own.
const OURS = `holdfast ${registration.scope} `;
const STORE = OURS + VERSION;

addEventListener("install", (event) => {
  skipWaiting();
  // As the host has them now: what is not named by its content may be kept on the way.
  const files = [...FILES, "config.json"].map((name) => new Request(name, { cache: "no-cache" }));
  if (VERSION) event.waitUntil(caches.open(STORE).then((store) => store.addAll(files)));
});

// What a page of the version before may still fetch is kept for as long as this one is the newest.
addEventListener("activate", (event) => {
  const forget = async () => {
    const others = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== STORE);
    await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  };
  event.waitUntil(forget());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  // What asks for the network itself is answered by it.
  if (!VERSION || request.method !== "GET" || request.cache === "no-store") return;
  const [address] = request.url.split(/[?#]/);
  const name = address.startsWith(registration.scope) ? address.slice(registration.scope.length) || "./" : "";
  if (name === "config.json") event.respondWith(fresh(request, name));
  else if (FILES.includes(name) || /^holdfast-|^..\.json$/.test(name)) event.respondWith(kept(name, request));
});

// As it is kept; of the version before, what is named by its content. A language is kept from when it is first
// wanted.
const kept = async (name, request) => {
  const store = await caches.open(STORE);
  const known = (await store.match(name)) ?? (name.startsWith("holdfast-") && (await caches.match(name)));
  return known || fresh(request, name);
};

// As the host has it now; while it cannot be reached, as it had it last.
const fresh = async (request, name) => {
  const store = await caches.open(STORE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await store.put(name, answer.clone());
    return answer;
  } catch (error) {
    const known = (await store.match(name)) ?? (await caches.match(name));
    if (!known) throw error;
    return known;
  }
};
