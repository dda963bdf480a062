// The tab's end of the chat: send back the conversations that are stored here, report that the tab is
// still there, and scroll to the question that was just asked.

const LEFT_OUT = "left out"; // the record that says that not all of them were brought back
const MAX_STORED_BYTES = 20_000_000; // Streamlit refuses messages of more than 25 MB

const REPEAT_INTERVAL = 1000; // milliseconds
const MAX_SILENCE = 6000; // milliseconds
const HOLD_TIME = 2000; // milliseconds after the last change
const MAX_HOLD_TIME = 8000;
const MIN_UPLOAD_RATE = 250; // characters in a millisecond

let listening = new AbortController();
let restoredFor = null; // the last session that got the conversations
let stored = null;
let storedIsDue = 0;
let lastResetId = "";
let isLive = false; // whether an answer is on its way
let lastSignAt = 0; // of life, from the server, in milliseconds
let shown = ""; // the page, the conversation, and the sign-in
let inView = ""; // the last question that was brought into view, and for which time
let viewCount = 0; // how often one was found

export default function ({ data, setTriggerValue }) {
  const conversations = data.chat_prefix;
  listening.abort();
  listening = new AbortController();
  const { signal } = listening;
  closeSidebar([location.pathname, data.open_count, data.view_count, data.signed_in_at].join());
  scrollToQuestion(data.last_question_id, data.view_count, signal);
  document.addEventListener("keydown", endComposition, { capture: true, signal });
  document.addEventListener("paste", preferText, { capture: true, signal });
  if (data.reset_id && data.reset_id !== lastResetId) {
    lastResetId = data.reset_id;
    storage((store) => keysOf(store, conversations).forEach((key) => store.removeItem(key)));
  }

  // Once for each session, which knows what it stored itself since then.
  const sendBack = () => {
    if (!data.wants_restore) stored = null;
    else if (data.wants_restore !== restoredFor && isOwn(data)) {
      restoredFor = data.wants_restore;
      stored = storage((store) => readConversations(store, conversations));
      storedIsDue = 0;
    }
    if (stored && Date.now() >= storedIsDue) {
      setTriggerValue("stored", stored);
      storedIsDue = Date.now() + stored.length / MIN_UPLOAD_RATE;
    }
  };
  sendBack();
  // A report is lost if another message ends the script that would take it: repeat it until the
  // server has taken it, which changes the data.
  const repeating = setInterval(sendBack, REPEAT_INTERVAL);
  signal.addEventListener("abort", () => clearInterval(repeating));
  window.addEventListener("openrouter_storage_claimed", sendBack, { signal });
  watchForSilence(setTriggerValue, signal);

  const ending = listening;
  return () => ending.abort();
}

// While an answer grows, the server gives signs of life (storage.js). Where they stay away the
// connection was lost, and Streamlit begins no run by itself for a page that reconnects.
function watchForSilence(setTriggerValue, signal) {
  const check = () => {
    if (!isLive || Date.now() - lastSignAt < MAX_SILENCE) return;
    lastSignAt = Date.now();
    setTriggerValue("silence", true);
  };
  const note = ({ detail }) => [isLive, lastSignAt] = [detail.isLive, Date.now()];
  // A hint: often the page is closed before this leaves, and a reload sends it, too.
  const sayGoodbye = () => isLive && setTriggerValue("goodbye", true);
  const watching = setInterval(check, REPEAT_INTERVAL);
  signal.addEventListener("abort", () => clearInterval(watching));
  window.addEventListener("openrouter_sign_of_life", note, { signal });
  window.addEventListener("online", check, { signal });
  document.addEventListener("visibilitychange", check, { signal });
  window.addEventListener("pagehide", sayGoodbye, { signal });
}

// On a phone Streamlit's sidebar covers what was chosen in it until it is closed.
function closeSidebar(toShow) {
  if (shown && toShow !== shown && matchMedia("(max-width: 768px)").matches) {
    document.querySelector('[aria-controls="stSidebar"][aria-expanded="true"]')?.click();
  }
  shown = toShow;
}

// Scroll to the end of the user's new message, also if they have scrolled up: it is the end of the
// page by then, from where Streamlit follows the answer. Or to that of one that was found.
function scrollToQuestion(id, count, signal) {
  const wanted = `${id} ${count}`;
  if (!id || wanted === inView) return;
  const show = () => {
    const end = document.querySelector(`.st-key-question_${id}`);
    if (!end) return;
    observer.disconnect();
    inView = wanted;
    end.scrollIntoView();
    if (count !== viewCount) holdInView(id);
    viewCount = count;
  };
  const observer = new MutationObserver(show); // it may not be rendered yet
  observer.observe(document.body, { childList: true, subtree: true });
  signal.addEventListener("abort", () => observer.disconnect());
  show();
}

// What was found stays in view while its chat is rendered: Streamlit scrolls to the end of a page that
// grows, until the user scrolls with the wheel.
function holdInView(id) {
  const holding = new AbortController();
  let changedAt = Date.now();
  const observer = new MutationObserver(() => (changedAt = Date.now()));
  observer.observe(document.body, { childList: true, subtree: true });
  const timer = setInterval(() => {
    const end = document.querySelector(`.st-key-question_${id}`);
    end?.dispatchEvent(new WheelEvent("wheel", { bubbles: true }));
    end?.scrollIntoView();
    if (Date.now() - changedAt > HOLD_TIME) release();
  }, 50);
  const release = () => [observer.disconnect(), clearInterval(timer), holding.abort()];
  setTimeout(release, MAX_HOLD_TIME);
  for (const type of ["wheel", "touchstart", "keydown"]) {
    const byUser = (event) => event.isTrusted && release();
    document.addEventListener(type, byUser, { capture: true, signal: holding.signal });
  }
}

// The Enter that ends a composition (Japanese, Chinese) sends nothing. In Safari the composition
// has ended by then, and only the key code tells: https://webkit.org/b/165004.
function endComposition(event) {
  if (event.key === "Enter" && event.keyCode === 229) event.stopPropagation();
}

// Cells of a spreadsheet are pasted as text and as a picture of them, of which Streamlit takes the
// picture. A copied file can come with its name or address as text: there the file is meant.
function preferText(event) {
  const { files, types } = event.clipboardData;
  const lines = event.clipboardData.getData("text/plain").trim().split(/[\r\n]+/);
  const isPictureOf = ({ name, type }) =>
    type.startsWith("image/") && !lines.some((line) => line.endsWith(name));
  if (!files.length || !lines[0] || types.includes("text/uri-list")) return;
  if ([...files].every(isPictureOf)) event.stopPropagation();
}

// The latest first, as many as fit into one message.
function readConversations(store, prefix) {
  const names = keysOf(store, prefix).map((key) => key.slice(prefix.length));
  const read = (name) => store.getItem(prefix + name);
  const ids = [...new Set(names.map((name) => name.split("/")[0]))];
  ids.sort((one, other) => beganAt(read(other)) - beganAt(read(one)));
  let room = MAX_STORED_BYTES;
  const records = {};
  for (const id of ids) {
    const own = names.filter((name) => name.split("/")[0] === id);
    const part = Object.fromEntries(own.map((name) => [name, read(name)]));
    room -= new Blob([JSON.stringify(JSON.stringify(part))]).size;
    Object.assign(records, room > 0 ? part : { [LEFT_OUT]: id });
  }
  return ids.length ? JSON.stringify(records) : null;
}

// Records that are no conversations come first.
function beganAt(record) {
  try {
    return JSON.parse(record).began_at ?? Infinity;
  } catch {
    return Infinity;
  }
}
