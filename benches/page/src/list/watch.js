// When the list of people comes, and when it is on the screen.
const Native = window.WebSocket;
window.came = null;
window.painted = null;
window.WebSocket = class extends Native {
  constructor(...args) {
    super(...args);
    this.addEventListener("message", event => {
      if (typeof event.data === "string" && !/^\{"[+-]"/.test(event.data)) return;
      window.came = performance.now();
      window.painted = null;
      const rows = () => document.querySelectorAll(".userlistbox li").length;
      const look = () => {
        // The frame after the one in which the rows are there has them on the screen.
        if (rows() > 1) requestAnimationFrame(() => { window.painted ??= performance.now(); });
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  }
};
