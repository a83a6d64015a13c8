// Starts the app. A file of its own, because the Content-Security-Policy allows no inline script.
const form = document.querySelector("#join");
// Whoever is faster than the app has pressed all the same.
const early = (event) => {
  event.preventDefault();
  form.dataset.pressed = "";
};
form.addEventListener("submit", early);
// The installed app is opened for a new room, or with a link to one that somebody has shared with it.
const link = `${location.host}${location.pathname}#`;
const shared = [...new URLSearchParams(location.search).values()].find((text) => text.includes(link))?.split(link)[1].match(/^\S+/);
const digits = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const room = location.hash === "#new" ? `r=${digits()}` : shared?.[0];
if (room) history.replaceState(null, "", `${location.pathname}#${room}`);

// The language: the one that was chosen in Settings, or the first that the browser likes and that there is. What
// stands in the page is English; locales/ has a file for each of the others.
const { documentElement } = document;
let chosen;
try {
  chosen = localStorage.getItem("holdfast-language");
  // A page that was loaded anew in a call comes back into it: nobody has to come in again.
  if (sessionStorage.getItem("holdfast")) document.querySelector("#page").dataset.screen = "call";
} catch {
  // A browser that keeps nothing for this site.
}
const [language] = [chosen, ...navigator.languages].join("\n").match(/^(ar|de|en|es|ko)\b/m) ?? ["en"];
// A language that cannot be had is none to wait for.
const translated = language !== "en" && fetch(`${language}.json`).then((file) => file.json()).catch(() => {});
const late = new Promise((done) => setTimeout(done, 3000));
const translate = (root, words) => {
  const nodes = document.createNodeIterator(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node; (node = nodes.nextNode()); ) {
    const text = node.data?.trim();
    if (words[text]) node.data = node.data.replace(text, () => words[text]);
    if (node.content) translate(node.content, words);
    for (const name of ["aria-label", "placeholder"]) {
      const word = words[node.getAttribute?.(name)];
      if (word) node.setAttribute(name, word);
    }
  }
};

// What breaks is said. Whatever it is, the page can be loaded anew, and comes back into its call.
const broken = (sentence, why = "") => {
  const again = document.querySelector("#reload-button");
  // What comes after the first is mostly because of it.
  if (again.onclick) return;
  document.querySelector("#fatal").textContent = `${globalThis.messages?.[sentence] ?? sentence} ${why}`;
  again.hidden = false;
  again.onclick = async () => {
    // What was kept may be what is broken.
    await (await navigator.serviceWorker?.getRegistration())?.unregister();
    location.reload();
  };
};
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const script = new URL(js, document.baseURI);
// A panic of the app's, or what its own script throws: then what it was doing is done by nobody. What the browser
// refuses later, and nobody waited for, is none.
const stops = (error, stack) => {
  if (error instanceof WebAssembly.RuntimeError || stack?.includes(script)) broken("Something went wrong in this page. Load it again: a call goes on.");
};
addEventListener("error", ({ error }) => stops(error, error?.stack));
addEventListener("unhandledrejection", ({ reason }) => stops(reason));

try {
  const page = import(script);
  const words = await Promise.race([translated, late]);
  if (words) {
    globalThis.messages = words;
    documentElement.lang = language;
    documentElement.dir = language === "ar" ? "rtl" : "ltr";
    translate(document.body, words);
  }
  const { default: init } = await page;
  await init({ module_or_path: new URL(wasm, document.baseURI) });
  form.removeEventListener("submit", early);
  // Where a browser keeps nothing, the page is fetched each time.
  navigator.serviceWorker?.register("service-worker.js").catch(() => {});
} catch (error) {
  broken("Holdfast could not be loaded. Check your connection, then load the page again.", error);
  throw error;
}
