// This tab's end of the session: carries out what the server orders (a cookie, a clean address),
// and tells it of a sign-out in another tab and of the conversations that were kept here.

// Keys of the storage, which begin with what tells this deployment from others of the same origin.
let SIGNED_OUT_AT;
let SIGNED_IN_AT; // whose conversations this tab keeps
let CONVERSATIONS;
const OF_THE_RETURN = ["code", "state", "error", "error_description"];

const LEFT_OUT = "left out"; // the record that says that not all of them were brought back
const MAX_KEPT_BYTES = 20_000_000; // Streamlit refuses messages of more than 25 MB

const PATIENCE = 1000; // milliseconds
const MAX_SILENCE = 6000; // milliseconds
const SLOW_LINE = 250; // characters that it takes in a millisecond

let attention = new AbortController();
let askedBy = null;
let kept = null;
let keptIsDue = 0;
let carriedOut = ""; // the order that was carried out last
let forgotten = ""; // what had the conversations forgotten last
let isLive = false; // whether an answer is on its way
let heardAt = 0; // when the server gave the last sign of life, in milliseconds
let shown = ""; // which page, which conversation, and whose
let questionInView = ""; // the id of the last question that was brought into view

export default function ({ data, setTriggerValue }) {
  const { orders: [order], is_heard: isHeard, signed_in_at: signedInAt } = data;
  const names = ["signed_out_at", "signed_in_at", "chat/"];
  [SIGNED_OUT_AT, SIGNED_IN_AT, CONVERSATIONS] = names.map((name) => data.prefix + name);
  attention.abort();
  attention = new AbortController();
  const { signal } = attention;
  makeRoom([location.pathname, data.opened, signedInAt].join());
  forgetOthers(signedInAt);
  showQuestion(data.asked, signal);
  document.addEventListener("keydown", endComposition, { capture: true, signal });
  window.addEventListener("pageshow", (event) => leaveStalePage(event, data), { signal });

  // Once, though it comes again until the server has heard: others may have signed in by then.
  if (order && order.id !== carriedOut) {
    carriedOut = order.id;
    carryOut(order, signedInAt);
  }
  // Once a session: what it kept itself since then is no news to it.
  if (!data.wants_kept) {
    kept = null;
  } else if (data.wants_kept !== askedBy) {
    askedBy = data.wants_kept;
    kept = storage("sessionStorage", readConversations);
    keptIsDue = 0;
  }

  // A report ends the running script: not while it waits for the exchange.
  const report = () => {
    if (!isHeard) return;
    if (kept && Date.now() >= keptIsDue) {
      setTriggerValue("kept", kept);
      keptIsDue = Date.now() + kept.length / SLOW_LINE;
    }
    if (order) setTriggerValue("carried_out", order.id);
    if (signedInAt && isSignedOutSince(signedInAt)) setTriggerValue("signed_out_elsewhere", true);
  };
  report();
  // A report is lost if another message ends the script that was to hear it: repeat it until the
  // server has taken it, which changes the data.
  const repeated = setInterval(report, PATIENCE);
  signal.addEventListener("abort", () => clearInterval(repeated));
  // `storage` fires in the other tabs at once; the rest is for a tab that slept through it.
  for (const moment of ["storage", "focus", "pageshow"]) {
    window.addEventListener(moment, report, { signal });
  }

  watchForSilence(setTriggerValue, signal);

  const ending = attention;
  return () => ending.abort();
}

// While an answer grows, the server gives signs of life (keep.js). Where they stay away the line was
// lost, perhaps in sleep, and Streamlit begins no run of itself for a page that finds back.
function watchForSilence(setTriggerValue, signal) {
  const look = () => {
    if (!isLive || Date.now() - heardAt < MAX_SILENCE) return;
    heardAt = Date.now();
    setTriggerValue("silence", true);
  };
  const hear = ({ detail }) => [isLive, heardAt] = [detail.isLive, Date.now()];
  // A hint: many a page is closed before this leaves, and a reload says it, too.
  const sayGoodbye = () => isLive && setTriggerValue("goodbye", true);
  const watching = setInterval(look, PATIENCE);
  signal.addEventListener("abort", () => clearInterval(watching));
  window.addEventListener("openrouter_sign_of_life", hear, { signal });
  window.addEventListener("online", look, { signal });
  document.addEventListener("visibilitychange", look, { signal });
  window.addEventListener("pagehide", sayGoodbye, { signal });
}

// On a phone Streamlit's sidebar lies over what was chosen in it, and stays there.
function makeRoom(toShow) {
  if (shown && toShow !== shown && matchMedia("(max-width: 768px)").matches) {
    document.querySelector('[aria-controls="stSidebar"][aria-expanded="true"]')?.click();
  }
  shown = toShow;
}

// A message of one's own is brought into view, also to someone who has scrolled up to read: its end,
// which is the end of the page by then, from where Streamlit follows the answer.
function showQuestion(id, signal) {
  if (!id || id === questionInView) return;
  const show = () => {
    const end = document.querySelector(`.st-key-question_${id}`);
    if (!end) return;
    observer.disconnect();
    questionInView = id;
    end.scrollIntoView();
  };
  const observer = new MutationObserver(show); // it may not be painted yet
  observer.observe(document.body, { childList: true, subtree: true });
  signal.addEventListener("abort", () => observer.disconnect());
  show();
}

// The Enter that ends a composition (Japanese, Chinese) sends nothing. In Safari the composition
// has ended by then, and only the key code tells: https://webkit.org/b/165004.
function endComposition(event) {
  if (event.key === "Enter" && event.keyCode === 229) event.stopPropagation();
}

// Back may bring an old page to life, with its old session: where the browser's user has signed in
// or out since, the page begins anew. Not always: without a cookie that would sign out.
function leaveStalePage({ persisted }, { signed_in_at: signedInAt, key_cookie: keyCookie }) {
  const isStale = signedInAt ? isSignedOutSince(signedInAt) : hasCookie(keyCookie);
  if (!persisted || !isStale) return;
  document.documentElement.style.visibility = "hidden";
  location.reload();
}

function hasCookie(name) {
  return document.cookie.split("; ").some((cookie) => cookie.startsWith(`${name}=`));
}

function isSignedOutSince(time) {
  return Number(storage("localStorage", (store) => store.getItem(SIGNED_OUT_AT))) > time;
}

function carryOut(order, signedInAt) {
  for (const cookie of order.cookies) document.cookie = cookie;
  if (order.clean_address) cleanAddresses();
  if (order.signed_out_at) {
    storage("localStorage", (store) => store.setItem(SIGNED_OUT_AT, order.signed_out_at));
  }
  if (order.then_open_chat) {
    // A new sign-in comes after every sign-out, also if the server's clock was set back.
    storage("localStorage", (store) => {
      if (Number(store.getItem(SIGNED_OUT_AT)) > signedInAt) store.setItem(SIGNED_OUT_AT, signedInAt);
    });
  }
  if (order.forget_conversations && order.forget_conversations !== forgotten) {
    forgotten = order.forget_conversations;
    storage("sessionStorage", forgetConversations);
  }
}

// A tab that was elsewhere at a sign-out did not hear of it: the next user is not to find its chats.
function forgetOthers(signedInAt) {
  storage("sessionStorage", (store) => {
    const keptSince = store.getItem(SIGNED_IN_AT);
    if (keptSince && isSignedOutSince(Number(keptSince))) forgetConversations(store);
    // Back may bring a page to life that was signed in before: what is kept is of the last sign-in.
    if (signedInAt && !isSignedOutSince(signedInAt)) store.setItem(SIGNED_IN_AT, signedInAt);
  });
}

function forgetConversations(store) {
  for (const key of [...keysOfConversations(store), SIGNED_IN_AT]) store.removeItem(key);
}

function keysOfConversations(store) {
  return Object.keys(store).filter((key) => key.startsWith(CONVERSATIONS));
}

// The latest first, as many as one message holds.
function readConversations(store) {
  const names = keysOfConversations(store).map((key) => key.slice(CONVERSATIONS.length));
  const read = (name) => store.getItem(CONVERSATIONS + name);
  const ids = [...new Set(names.map((name) => name.split("/")[0]))];
  ids.sort((one, other) => beganAt(read(other)) - beganAt(read(one)));
  let room = MAX_KEPT_BYTES;
  const records = {};
  for (const id of ids) {
    const own = names.filter((name) => name.split("/")[0] === id);
    const part = Object.fromEntries(own.map((name) => [name, read(name)]));
    room -= new Blob([JSON.stringify(JSON.stringify(part))]).size;
    Object.assign(records, room > 0 ? part : { [LEFT_OUT]: id });
  }
  return ids.length ? JSON.stringify(records) : null;
}

// What is no conversation, but said of all of them, comes first.
function beganAt(record) {
  try {
    return JSON.parse(record).began_at ?? Infinity;
  } catch {
    return Infinity;
  }
}

// Before the server clears its query parameters, which would leave the code in the history.
function cleanAddresses() {
  for (const view of new Set([window, window.top])) {
    try {
      const url = new URL(view.location.href);
      for (const name of OF_THE_RETURN) url.searchParams.delete(name);
      view.history.replaceState(view.history.state, "", url);
    } catch {
      // a page of another origin around us: its address is not ours
    }
  }
}

// Storage can be forbidden or full; nothing here depends on it but comfort.
function storage(kind, use) {
  try {
    return use(window[kind]);
  } catch {
    return null;
  }
}
