// Executes the server's commands in this tab (cookies, a clean URL), and reports a sign-out in
// another tab.

const CALLBACK_PARAMETERS = ["code", "state", "error", "error_description"];
const REPEAT_INTERVAL_MS = 1000;

const ACTIONS = {
  set_cookie(cookie) {
    document.cookie = cookie;
  },
  clean_url: cleanUrls,
  clear_storage: (_, prefix) => clearStorage(prefix),
  record_sign_out: storeSignedOutAt,
  // A new sign-in is later than every sign-out, also if the server's clock was set back.
  record_sign_in(signedInAt, prefix) {
    if (signedOutAt(prefix) > signedInAt) storeSignedOutAt(signedInAt, prefix);
  },
};

const executed = new Set(); // ids of commands
let listening = new AbortController();

export default function ({ data, setTriggerValue }) {
  const { commands, is_exchanging: isExchanging, signed_in_at: signedInAt, prefix } = data;
  listening.abort();
  listening = new AbortController();
  const { signal } = listening;
  claimStorage(signedInAt, prefix);
  window.addEventListener("pageshow", (event) => leaveStalePage(event, data), { signal });

  // Once, though the server repeats them until it has the acknowledgement: another user may have
  // signed in by then.
  for (const { id, action, value } of commands) {
    if (executed.has(id)) continue;
    executed.add(id);
    ACTIONS[action](value, prefix);
  }

  // An event ends the running script: not while that waits for the exchange.
  const report = () => {
    if (isExchanging) return;
    if (commands.length) setTriggerValue("acknowledged", commands.at(-1).id);
    if (signedInAt && signedOutAt(prefix) > signedInAt) {
      setTriggerValue("signed_out_elsewhere", true);
    }
  };
  report();
  // An event is lost if another message ends the script that should handle it: repeat it until
  // the server has handled it, which changes the data.
  const repeating = setInterval(report, REPEAT_INTERVAL_MS);
  signal.addEventListener("abort", () => clearInterval(repeating));
  // `storage` fires in the other tabs at once; the rest is for a tab that was suspended.
  for (const type of ["storage", "focus", "pageshow"]) {
    window.addEventListener(type, report, { signal });
  }

  const ending = listening;
  return () => ending.abort();
}

// What the app stores in this tab belongs to the user who signed in last. A tab that was on another
// page missed the sign-out: the next user must not find anything there.
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

// Back may restore an old page, with its old session: reload it if the user of the browser has
// signed in or out since. Not in every case: without a cookie that would sign out.
function leaveStalePage({ persisted }, { signed_in_at: signedInAt, key_cookie: name, prefix }) {
  const isSignedIn = document.cookie.split("; ").some((pair) => pair.startsWith(`${name}=`));
  const isStale = signedInAt ? signedOutAt(prefix) > signedInAt : isSignedIn;
  if (!persisted || !isStale) return;
  document.documentElement.style.visibility = "hidden";
  location.reload();
}

function signedOutAt(prefix) {
  return Number(storage("localStorage", (store) => store.getItem(`${prefix}signed_out_at`)));
}

function storeSignedOutAt(time, prefix) {
  storage("localStorage", (store) => store.setItem(`${prefix}signed_out_at`, time));
}

// Before the server clears its query parameters, which would leave the code in the history.
function cleanUrls() {
  for (const view of new Set([window, window.top])) {
    try {
      const url = new URL(view.location.href);
      for (const name of CALLBACK_PARAMETERS) url.searchParams.delete(name);
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
