// Watches the page from within, at next to no cost: what comes over the websocket, and when.
(() => {
  const [FIRST, LAST] = ["Now,", "THE-END"];
  const bench = (window.bench = { bytes: 0, stall: 0, lost: false });
  const now = () => (performance.timeOrigin + performance.now()) / 1000;

  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => (bench.bytes += data.byteLength ?? data.size));
      this.addEventListener("close", () => (bench.lost = true));
    }
  };

  const answer = () => {
    const all = document.querySelectorAll("[data-testid=stChatMessage]");
    return all.length > bench.before ? all[all.length - 1].textContent : "";
  };
  bench.answer = answer;

  // From Enter on: when the first token, the whole answer and the free input are in the page.
  bench.watch = () => {
    Object.assign(bench, { bytes: 0, stall: 0, lost: false, first: 0, whole: 0, free: 0 });
    bench.before = document.querySelectorAll("[data-testid=stChatMessage]").length;
    addEventListener("keydown", () => (bench.sent = now()), { once: true, capture: true });
    const observer = new MutationObserver(() => {
      if (!bench.whole) {
        const text = answer();
        if (!bench.first && text.includes(FIRST)) bench.first = now();
        if (text.includes(LAST)) bench.whole = now();
      }
      if (bench.whole && !document.querySelector("[data-test-script-state=running]")) {
        bench.free = now();
        observer.disconnect();
      }
    });
    observer.observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ["data-test-script-state"],
    });
  };

  bench.watchFrames = () => {
    let last = performance.now();
    const frame = (at) => {
      bench.stall = Math.max(bench.stall, at - last);
      last = at;
      if (!bench.free) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  };
})();
