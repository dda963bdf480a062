// Keep what is typed into the chat input until it has become a question: over a reload, a visit to
// another page, and a connection that is dead without Streamlit's noticing, which swallows it.

const INPUT = '[data-testid="stChatInputTextArea"]';
const CHECK_INTERVAL = 1000; // milliseconds
const ARRIVAL_TIMEOUT = 2000; // milliseconds until the app is asked after what was sent

let listening = new AbortController();
let field = null; // the chat input that was seen last
let draft = null; // what was typed there, what was sent, and the number of questions before that
let missing = null; // what was sent and has not arrived, as it is reported
let isStoring = false; // once the draft of a field before it was looked for
let session = ""; // the last one that was seen
let hadStored = false; // whether it began with chats in the tab

export default function ({ data, setTriggerValue }) {
  listening.abort();
  listening = new AbortController();
  const { signal } = listening;
  const check = () => sync(data, (report) => setTriggerValue("missing", report));
  const edit = ({ target }) => {
    if (!target.matches(INPUT)) return;
    if (target === field && !field.value) draft.text = ""; // by hand: Streamlit gives no event
    check();
  };
  const checkSoon = () => setTimeout(check);
  document.addEventListener("input", edit, { signal });
  for (const type of ["keyup", "click"]) document.addEventListener(type, checkSoon, { signal });
  const checking = setInterval(check, CHECK_INTERVAL);
  signal.addEventListener("abort", () => clearInterval(checking));
  check();

  const ending = listening;
  return () => ending.abort();
}

function sync(data, report) {
  const input = document.querySelector(INPUT);
  if (!input || input.disabled) return;
  if (input !== field) {
    [field, draft, missing] = [input, { text: "", sent: "", count: data.question_count }, null];
    isStoring = false;
  }
  if (!isStoring && !isRestoring(data) && isOwn(data)) {
    isStoring = true;
    const before = read(data);
    if (before && !hasArrived(before, data)) putBack(before.sent, before.text);
  }
  if (draft.text && !input.value) {
    draft.sent = join(draft.sent, draft.text);
    missing = { id: String(Date.now()), count: draft.count };
  }
  draft.text = input.value;
  if (!draft.sent || hasArrived(draft, data)) {
    [draft.sent, draft.count, missing] = ["", data.question_count, null];
  }
  if (isStoring) write(data);
  // Messages arrive in order: the report is answered and the question is not there, so it is lost.
  if (missing && data.answered === missing.id) putBack(draft.sent);
  else if (missing && Date.now() - Number(missing.id) > ARRIVAL_TIMEOUT) report(missing);
}

function hasArrived({ count }, data) {
  return data.question_count > count;
}

function putBack(...texts) {
  [draft.sent, missing] = ["", null];
  // React overwrites what is set in any other way.
  const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
  set.call(field, join(...texts, field.value));
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function join(...texts) {
  return texts.filter(Boolean).join("\n\n");
}

// Until the chats are back, the number of their questions says nothing. The server is told of none
// that are not there, so it awaits them for as long as the session lasts.
function isRestoring({ awaits, session_id: id }) {
  if (id !== session) [session, hadStored] = [id, Boolean(awaits && hasChats(awaits))];
  return Boolean(awaits) && hadStored;
}

function hasChats(prefix) {
  const isChat = (key) => /^[0-9a-f]{16}$/.test(key.slice(prefix.length));
  return storage((store) => keysOf(store, prefix).some(isChat));
}

function keyOf({ prefix }) {
  return `${prefix}draft${location.pathname}`;
}

function read(data) {
  return storage((store) => JSON.parse(store.getItem(keyOf(data))));
}

function write(data) {
  storage((store) => {
    if (draft.text || draft.sent) store.setItem(keyOf(data), JSON.stringify(draft));
    else store.removeItem(keyOf(data));
  });
}
