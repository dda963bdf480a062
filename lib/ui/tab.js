// This tab's end of the chat: brings back the conversations that were kept here, says whether it is
// still there, and shows what its user has just asked.

const LEFT_OUT = "left out"; // the record that says that not all of them were brought back
const MAX_KEPT_BYTES = 20_000_000; // Streamlit refuses messages of more than 25 MB

const REPEAT_INTERVAL = 1000; // milliseconds
const MAX_SILENCE = 6000; // milliseconds
const SLOW_LINE = 250; // characters that it takes in a millisecond

let listening = new AbortController();
let askedBy = null; // the session that wanted the conversations last
let kept = null;
let keptIsDue = 0;
let forgotten = ""; // what had the conversations forgotten last
let isLive = false; // whether an answer is on its way
let heardAt = 0; // when the server gave the last sign of life, in milliseconds
let shown = ""; // which page, which conversation, and whose
let questionInView = ""; // the id of the last question that was brought into view

export default function ({ data, setTriggerValue }) {
  const conversations = `${data.prefix}chat/`;
  listening.abort();
  listening = new AbortController();
  const { signal } = listening;
  makeRoom([location.pathname, data.opened, data.signed_in_at].join());
  showQuestion(data.asked, signal);
  document.addEventListener("keydown", endComposition, { capture: true, signal });
  if (data.forgets && data.forgets !== forgotten) {
    forgotten = data.forgets;
    storage((store) => keysOf(store, conversations).forEach((key) => store.removeItem(key)));
  }

  // Once a session: what it kept itself since then is no news to it.
  const bringBack = () => {
    if (!data.wants_kept) kept = null;
    else if (data.wants_kept !== askedBy && isOwn(data)) {
      askedBy = data.wants_kept;
      kept = storage((store) => readConversations(store, conversations));
      keptIsDue = 0;
    }
    if (kept && Date.now() >= keptIsDue) {
      setTriggerValue("kept", kept);
      keptIsDue = Date.now() + kept.length / SLOW_LINE;
    }
  };
  bringBack();
  // A report is lost if another message ends the script that was to hear it: repeat it until the
  // server has taken it, which changes the data.
  const repeating = setInterval(bringBack, REPEAT_INTERVAL);
  signal.addEventListener("abort", () => clearInterval(repeating));
  window.addEventListener("openrouter_storage_claimed", bringBack, { signal });
  watchForSilence(setTriggerValue, signal);

  const ending = listening;
  return () => ending.abort();
}

// Whether the sign-in has cleared what another user left here.
function isOwn({ prefix, signed_in_at: signedInAt }) {
  return Number(storage((store) => store.getItem(`${prefix}signed_in_at`))) === signedInAt;
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
  const watching = setInterval(look, REPEAT_INTERVAL);
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

// The latest first, as many as one message holds.
function readConversations(store, prefix) {
  const names = keysOf(store, prefix).map((key) => key.slice(prefix.length));
  const read = (name) => store.getItem(prefix + name);
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

function keysOf(store, prefix) {
  return Object.keys(store).filter((key) => key.startsWith(prefix));
}

// Storage can be forbidden or full; nothing here depends on it but comfort.
function storage(use) {
  try {
    return use(window.sessionStorage);
  } catch {
    return null;
  }
}
