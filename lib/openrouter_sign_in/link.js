// The link that leaves for OpenRouter. The redirect ends the Streamlit session, so on the way out
// the pending sign-in, sealed by the server, is kept in a cookie of this browser.

const MAX_PENDING = 4;

let sealed = ""; // the last cookie, and since when it is here
let sealedAt = 0;
let isLeaving = false; // a click waits for a fresh cookie
let watch = new AbortController();

export default function ({ data, parentElement, setTriggerValue }) {
  const link = parentElement.querySelector("a");
  link.textContent = data.label;
  link.href = data.href;
  if (data.cookie !== sealed) [sealed, sealedAt] = [data.cookie, Date.now()];

  // A page may stand open, or its computer sleep, for longer than what was sealed for it is good.
  const isStale = () => Date.now() - sealedAt >= data.max_age * 1000;
  const renew = () => isStale() && setTriggerValue("stale", true);
  watch.abort();
  watch = new AbortController();
  const timer = setInterval(renew, data.max_age * 1000);
  watch.signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("visibilitychange", () => document.hidden || renew(), {
    signal: watch.signal,
  });

  // A click, a middle click, "open in new tab", a drag to the tab bar: all of them leave. A long
  // press on a phone may open a new tab with no event but the first, `pointerdown`.
  for (const departure of ["onpointerdown", "onauxclick", "oncontextmenu", "ondragstart"]) {
    link[departure] = () => keep(data);
  }
  // OpenRouter does not load inside a frame: leave it, at the worst into a new tab.
  const isFramed = window.top !== window.self;
  if (isFramed) link.target = "_blank";
  link.onclick = (event) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (isPlain && isStale()) {
      isLeaving = true;
      renew();
      event.preventDefault();
      return;
    }
    keep(data);
    if (isFramed && isPlain && leaveFrame(data.href)) event.preventDefault();
  };
  if (isLeaving && !isStale()) {
    isLeaving = false;
    link.click();
  }

  const watched = watch;
  return () => watched.abort();
}

function keep({ cookie, prefix }) {
  const pending = cookieNames().filter((name) => name.startsWith(prefix));
  for (const name of pending.slice(0, Math.max(0, pending.length - MAX_PENDING + 1))) {
    drop(name);
  }
  document.cookie = cookie;
}

// A frame may be forbidden to navigate the page around it; a link that belongs to that page is not.
function leaveFrame(href) {
  try {
    const link = window.top.document.createElement("a");
    link.href = href;
    link.rel = "noreferrer";
    window.top.document.body.append(link);
    link.click();
    link.remove();
    return true;
  } catch {
    return false; // another origin: the link's own target serves
  }
}

function cookieNames() {
  return document.cookie.split("; ").map((pair) => pair.split("=")[0]);
}

function drop(name) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
}
