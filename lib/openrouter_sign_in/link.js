// The link to OpenRouter. The redirect ends the Streamlit session, so a click first stores the
// pending sign-in, sealed by the server, in a cookie.

const MAX_PENDING = 4;
// Characters of all of them, whose callback URLs may be long: Streamlit answers no request with more
// than 8 KB of cookies, so that the app would not load any more.
const MAX_PENDING_LENGTH = 5000;

// By link: its last cookie and when that arrived, whether a click waits for a new one, and what it
// listens to.
const links = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const link = parentElement.querySelector("a");
  link.textContent = data.label;
  link.href = data.href;
  link.className = `sign-in ${data.style}`;
  const known = links.get(link) ?? { isLeaving: false };
  links.set(link, known);
  if (data.cookie !== known.cookie) Object.assign(known, { cookie: data.cookie, at: Date.now() });

  // A page may stay open, or its computer sleep, for longer than the cookie is good.
  const isStale = () => Date.now() - known.at >= data.max_age * 1000;
  const renew = () => isStale() && setTriggerValue("stale", true);
  known.listening?.abort();
  const listening = (known.listening = new AbortController());
  const { signal } = listening;
  const timer = setInterval(renew, data.max_age * 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("visibilitychange", () => document.hidden || renew(), { signal });

  // A click, a middle click, "open in new tab", a drag to the tab bar: all of them leave. A long
  // press on a phone may open a new tab with only the first event, `pointerdown`.
  for (const handler of ["onpointerdown", "onauxclick", "oncontextmenu", "ondragstart"]) {
    link[handler] = () => storePending(data);
  }
  // OpenRouter does not load inside a frame: leave it, if necessary by a new tab.
  const isFramed = window.top !== window.self;
  if (isFramed) link.target = "_blank";
  link.onclick = (event) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (isPlain && isStale()) {
      known.isLeaving = true;
      renew();
      event.preventDefault();
      return;
    }
    storePending(data);
    if (isFramed && isPlain && leaveFrame(data.href)) event.preventDefault();
  };
  if (known.isLeaving && !isStale()) {
    known.isLeaving = false;
    link.click();
  }

  return () => listening.abort();
}

function storePending({ cookie, prefix }) {
  const pending = document.cookie.split("; ").filter((pair) => pair.startsWith(prefix));
  const isTooMuch = () =>
    pending.length >= MAX_PENDING || [...pending, cookie].join("; ").length > MAX_PENDING_LENGTH;
  while (pending.length && isTooMuch()) deleteCookie(pending.shift().split("=")[0]);
  document.cookie = cookie;
}

// A frame may not be allowed to navigate the page around it; a link in that page is.
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
    return false; // another origin: the link's own target applies
  }
}

function deleteCookie(name) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
}
