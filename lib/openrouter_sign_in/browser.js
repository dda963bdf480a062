// This tab's end of the sign-in: carries out what the server commands (cookies, a clean URL), and
// tells it of a sign-out in another tab.

const OF_THE_CALLBACK = ["code", "state", "error", "error_description"];
const REPEAT_INTERVAL = 1000; // milliseconds

let listening = new AbortController();
let carriedOut = ""; // the commands that were carried out last
let cleared = ""; // what had the storage cleared last

export default function ({ data, setTriggerValue }) {
  const { commands: [commands], is_heard: isHeard, signed_in_at: signedInAt, prefix } = data;
  listening.abort();
  listening = new AbortController();
  const { signal } = listening;
  claimStorage(signedInAt, prefix);
  window.addEventListener("pageshow", (event) => leaveStalePage(event, data), { signal });

  // Once, though they come again until the server has heard: others may have signed in by then.
  if (commands && commands.id !== carriedOut) {
    carriedOut = commands.id;
    carryOut(commands, signedInAt, prefix);
  }

  // A report ends the running script: not while that waits for the exchange.
  const report = () => {
    if (!isHeard) return;
    if (commands) setTriggerValue("acknowledged", commands.id);
    if (signedInAt && signedOutAt(prefix) > signedInAt) {
      setTriggerValue("signed_out_elsewhere", true);
    }
  };
  report();
  // A report is lost if another message ends the script that was to hear it: repeat it until the
  // server has taken it, which changes the data.
  const repeating = setInterval(report, REPEAT_INTERVAL);
  signal.addEventListener("abort", () => clearInterval(repeating));
  // `storage` fires in the other tabs at once; the rest is for a tab that slept through it.
  for (const moment of ["storage", "focus", "pageshow"]) {
    window.addEventListener(moment, report, { signal });
  }

  const ending = listening;
  return () => ending.abort();
}

function carryOut(commands, signedInAt, prefix) {
  for (const cookie of commands.cookies) document.cookie = cookie;
  if (commands.cleans_url) cleanUrls();
  storage("localStorage", (store) => {
    const name = `${prefix}signed_out_at`;
    if (commands.signed_out_at) store.setItem(name, commands.signed_out_at);
    // A new sign-in comes after every sign-out, also if the server's clock was set back.
    const isLate = commands.signs_in && Number(store.getItem(name)) > signedInAt;
    if (isLate) store.setItem(name, signedInAt);
  });
  if (commands.clears_storage && commands.clears_storage !== cleared) {
    cleared = commands.clears_storage;
    clearStorage(prefix);
  }
}

// What the app keeps in this tab is that of the user who signed in last. A tab that was elsewhere at
// a sign-out did not hear of it: the next user is not to find anything there.
function claimStorage(signedInAt, prefix) {
  const owner = `${prefix}signed_in_at`;
  storage("sessionStorage", (store) => {
    const ownedSince = Number(store.getItem(owner));
    if (ownedSince && signedOutAt(prefix) > ownedSince) clearStorage(prefix);
    if (signedInAt && !(signedOutAt(prefix) > signedInAt)) store.setItem(owner, signedInAt);
  });
  window.dispatchEvent(new Event("openrouter_storage_claimed"));
}

function clearStorage(prefix) {
  storage("sessionStorage", (store) => {
    for (const key of Object.keys(store)) if (key.startsWith(prefix)) store.removeItem(key);
  });
}

// Back may bring an old page to life, with its old session: where the browser's user has signed in
// or out since, the page begins anew. Not always: without a cookie that would sign out.
function leaveStalePage({ persisted }, { signed_in_at: signedInAt, key_cookie: name, prefix }) {
  const isSignedIn = document.cookie.split("; ").some((one) => one.startsWith(`${name}=`));
  const isStale = signedInAt ? signedOutAt(prefix) > signedInAt : isSignedIn;
  if (!persisted || !isStale) return;
  document.documentElement.style.visibility = "hidden";
  location.reload();
}

function signedOutAt(prefix) {
  return Number(storage("localStorage", (store) => store.getItem(`${prefix}signed_out_at`)));
}

// Before the server clears its query parameters, which would leave the code in the history.
function cleanUrls() {
  for (const view of new Set([window, window.top])) {
    try {
      const url = new URL(view.location.href);
      for (const name of OF_THE_CALLBACK) url.searchParams.delete(name);
      view.history.replaceState(view.history.state, "", url);
    } catch {
      // a page of another origin around this one: its URL cannot be read
    }
  }
}

// Storage can be forbidden, or full.
function storage(kind, use) {
  try {
    return use(window[kind]);
  } catch {
    return null;
  }
}
