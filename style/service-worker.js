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
  const asked = (name) => new Request(name, { cache: "no-cache" });
  const keep = async () => {
    const store = await caches.open(STORE);
    await store.addAll(FILES.map(asked));
    // A site may have none.
    await store.add(asked("config.json")).catch(() => {});
  };
  if (VERSION) event.waitUntil(keep());
});

// What a page of the version before may still fetch is kept for as long as this one is the newest.
addEventListener("activate", (event) => {
  const forget = async () => {
    const others = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== STORE);
    await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  };
  event.waitUntil(forget());
});

// A ring, or the end of one, in their order: notifications with answers in them are for workers alone, and on Android
// all are. One whose page is gone goes too.
let turn = Promise.resolve();
addEventListener("message", (event) => {
  const { data, source } = event;
  const show = async () => {
    for (const shown of await registration.getNotifications()) {
      if (shown.tag === source.id || !(await clients.get(shown.tag))) shown.close();
    }
    const { title, actions } = data;
    if (title) await registration.showNotification(title, { tag: source.id, requireInteraction: true, icon: "icon-512.png", actions });
  };
  turn = turn.then(show).catch(() => {});
  event.waitUntil(turn);
});

addEventListener("notificationclick", (event) => {
  const { action, notification } = event;
  notification.close();
  const answer = async () => {
    const page = await clients.get(notification.tag);
    page?.postMessage(action);
    if (!action.startsWith("decline")) await (page ? page.focus() : clients.openWindow("./"));
  };
  event.waitUntil(answer());
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

// As the host has it now; while it cannot be reached, or is slow, as it had it last.
const fresh = async (request, name) => {
  const store = await caches.open(STORE);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout?.(4000) });
    if (answer.ok) await store.put(name, answer.clone());
    return answer;
  } catch (error) {
    const known = (await store.match(name)) ?? (await caches.match(name));
    if (!known) throw error;
    return known;
  }
};
