// The link that leaves for OpenRouter. The redirect ends the Streamlit session, so on the way out
// the pending sign-in, sealed by the server, is kept in a cookie of this browser.

const MOST_PENDING = 4;

export default function ({ data, parentElement, setTriggerValue }) {
  const link = parentElement.querySelector("a");
  link.textContent = data.label;
  link.href = data.href;

  // A click, a middle click, "open in new tab", a drag to the tab bar: all of them leave.
  for (const departure of ["onclick", "onauxclick", "oncontextmenu", "ondragstart"]) {
    link[departure] = () => keep(data);
  }

  if (window.top !== window.self) {
    // OpenRouter does not load inside a frame: leave it, at the worst into a new tab.
    link.target = "_blank";
    link.onclick = (event) => {
      keep(data);
      const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      if (isPlain && leaveFrame(data.href)) event.preventDefault();
    };
  }

  if (!takesCookies(data.probe)) setTriggerValue("blocked", true);
}

function keep({ cookie, prefix }) {
  const pending = cookieNames().filter((name) => name.startsWith(prefix));
  for (const name of pending.slice(0, Math.max(0, pending.length - MOST_PENDING + 1))) {
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

function takesCookies(probe) {
  document.cookie = probe;
  const name = probe.split("=")[0];
  const taken = cookieNames().includes(name);
  drop(name);
  return taken;
}

function cookieNames() {
  return document.cookie.split("; ").map((pair) => pair.split("=")[0]);
}

function drop(name) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
}
