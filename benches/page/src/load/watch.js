// When the field for a name is there, and when a press on Join is answered, by somebody who presses from the first
// picture on, ten times a second.
window.marks = {};
const mark = (name) => (marks[name] ??= performance.now());
let pressed = -Infinity;
const look = () => {
  const login = document.querySelector("#login");
  if (login) mark("field");
  if (login && performance.getEntriesByName("first-contentful-paint").length) {
    if (performance.now() > pressed + 100) {
      pressed = performance.now();
      login.click();
    }
    if (document.querySelector("#name-problem").textContent) return mark("answered");
  }
  setTimeout(look, 5);
};
look();
