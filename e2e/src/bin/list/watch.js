// When news of people comes, and how long the page's main thread is then busy: a message that the
// page posts to itself again and again comes back late while something else runs.
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
window.busy = 0;
const channel = new MessageChannel();
let last = performance.now();
channel.port1.onmessage = () => {
  const now = performance.now();
  if (now - last > 0.3) window.busy += now - last;
  last = now;
  channel.port2.postMessage(0);
};
channel.port2.postMessage(0);
