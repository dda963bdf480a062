// Store what the server sends of the conversations in sessionStorage: only what changed.

let lastSource = ""; // of the last changes: each session has its own
let applied = 0; // the number of the last ones
let trouble = "";
const cut = new Set(); // records whose end is missing: nothing is added behind a gap

export default function ({ data, setTriggerValue }) {
  const { changes, is_live: isLive, is_last: isLast, prefix } = data;
  window.dispatchEvent(new CustomEvent("openrouter_sign_of_life", { detail: { isLive } }));
  for (const change of changes) apply(change, prefix);
  // A report ends the running script, so only the last element of a run makes one.
  if (isLast && trouble) {
    setTriggerValue("trouble", trouble);
    trouble = "";
  }
}

function apply({ source, number, put, add, remove }, prefix) {
  if (source !== lastSource) [lastSource, applied] = [source, 0];
  if (number <= applied) return; // sent once more
  // Changes that a lost connection swallowed are sent again on request.
  if (number > applied + 1) trouble = "behind";
  applied = number;
  for (const key of remove) drop(prefix + key);
  for (const [key, text] of Object.entries(put)) {
    // An older text beside newer records would be taken for the newer one.
    if (!write(prefix + key, text)) drop(prefix + key);
  }
  for (const [key, text] of Object.entries(add)) append(prefix + key, text);
}

function append(key, text) {
  if (!cut.has(key)) write(key, text, (store) => store.getItem(key) ?? "");
}

function drop(key) {
  attempt((store) => store.removeItem(key));
}

function write(key, text, before = () => "") {
  const isWhole = attempt((store) => store.setItem(key, before(store) + text));
  if (isWhole) cut.delete(key);
  else cut.add(key);
  return isWhole;
}

// Storage can be forbidden, or full.
function attempt(use) {
  try {
    use(window.sessionStorage);
    return true;
  } catch {
    trouble = "full";
    return false;
  }
}
