// Measures in the page: bytes over the websocket, and when what is shown.
(() => {
  const [FIRST_TOKEN, END_MARK] = ["Now,", "THE-END"]; // as in workload.py
  const bench = (window.bench = { bytes: 0, maxStallMs: 0, isLost: false });
  const now = () => (performance.timeOrigin + performance.now()) / 1000;

  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => (bench.bytes += data.byteLength ?? data.size));
      this.addEventListener("close", () => (bench.isLost = true));
    }
  };

  const messages = () => document.querySelectorAll("[data-testid=stChatMessage]");
  bench.answer = () => {
    const all = messages();
    return all.length > bench.messagesBefore ? all[all.length - 1].textContent : "";
  };

  // Records when Enter is pressed, and when the page has the first token, the complete answer and
  // an input that is free again; in seconds since the epoch.
  bench.measureTurn = () => {
    Object.assign(bench, { bytes: 0, maxStallMs: 0, isLost: false });
    Object.assign(bench, { firstTokenAt: 0, completeAt: 0, inputFreeAt: 0 });
    bench.messagesBefore = messages().length;
    addEventListener("keydown", () => (bench.sentAt = now()), { once: true, capture: true });
    const observer = new MutationObserver(() => {
      if (!bench.completeAt) {
        const text = bench.answer();
        if (!bench.firstTokenAt && text.includes(FIRST_TOKEN)) bench.firstTokenAt = now();
        if (text.includes(END_MARK)) bench.completeAt = now();
      }
      if (bench.completeAt && !document.querySelector("[data-test-script-state=running]")) {
        bench.inputFreeAt = now();
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

  // Resolves `bench.effect` with the milliseconds from the next click or key to an effect.
  bench.measureEffect = (isThere) => {
    bench.effect = new Promise((resolve) => {
      const begin = () => {
        for (const type of ["click", "keydown"]) removeEventListener(type, begin, true);
        const began = performance.now();
        const check = () => (isThere() ? resolve(performance.now() - began) : requestAnimationFrame(check));
        requestAnimationFrame(check);
      };
      for (const type of ["click", "keydown"]) addEventListener(type, begin, true);
    });
  };

  bench.measureFrames = () => {
    let last = performance.now();
    const frame = (at) => {
      bench.maxStallMs = Math.max(bench.maxStallMs, at - last);
      last = at;
      if (!bench.inputFreeAt) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  };
})();
