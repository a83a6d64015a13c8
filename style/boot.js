// Starts the app. A file of its own, because the Content-Security-Policy allows no inline script.
const form = document.querySelector("#join");
// Whoever is faster than the app has pressed all the same.
const early = (event) => {
  event.preventDefault();
  form.dataset.pressed = "";
};
form.addEventListener("submit", early);
// A page that was loaded anew in a call comes back into it: nobody has to come in again.
try {
  if (sessionStorage.getItem("holdfast")) document.querySelector("#page").dataset.screen = "call";
} catch {
  // A browser that keeps nothing for this site.
}

// What breaks is said. Whatever it is, the page can be loaded anew, and comes back into its call.
const broken = (sentence) => {
  document.querySelector("#fatal").textContent = sentence;
  const again = document.querySelector("#reload-button");
  again.hidden = false;
  again.onclick = () => location.reload();
};
addEventListener("error", ({ error }) => {
  if (error instanceof WebAssembly.RuntimeError) broken("Something went wrong in this page. Load it again: a call goes on.");
});

const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
try {
  const { default: init } = await import(new URL(js, document.baseURI));
  await init({ module_or_path: new URL(wasm, document.baseURI) });
  form.removeEventListener("submit", early);
} catch (error) {
  broken(`Holdfast could not be loaded. Check your connection, then load the page again. (${error})`);
  throw error;
}
