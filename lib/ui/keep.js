// Keeps in the tab's own storage what the server sends of the conversations: only what changed.

const PREFIX = "openrouter_chat/";

let giver = ""; // whose changes they are: each session has its own
let applied = 0; // the number of the last ones
let trouble = "";
const cut = new Set(); // records whose end is missing: what is added behind a gap would hide it

export default function ({ data, setTriggerValue }) {
  const { changes, is_live: isLive, is_last: isLast } = data;
  window.dispatchEvent(new CustomEvent("openrouter_sign_of_life", { detail: { isLive } }));
  changes.forEach(apply);
  // A report ends the running script, so only the last element of a run makes one.
  if (isLast && trouble) {
    setTriggerValue("trouble", trouble);
    trouble = "";
  }
}

function apply({ keeper, number, put, add, remove }) {
  if (keeper !== giver) [giver, applied] = [keeper, 0];
  if (number <= applied) return; // sent once more
  // Changes that a lost connection swallowed are sent again on request.
  if (number > applied + 1) trouble = "behind";
  applied = number;
  for (const key of remove) attempt(key, (store, name) => store.removeItem(name));
  for (const [key, text] of Object.entries(put)) {
    // An older text beside newer records would be taken for the newer one.
    const isPut = attempt(key, (store, name) => store.setItem(name, text));
    if (!isPut) attempt(key, (store, name) => store.removeItem(name), { isWhole: false });
  }
  for (const [key, text] of Object.entries(add)) {
    if (!cut.has(key)) {
      attempt(key, (store, name) => store.setItem(name, (store.getItem(name) ?? "") + text));
    }
  }
}

// Storage can be forbidden, or full.
function attempt(key, use, { isWhole = true } = {}) {
  try {
    use(window.sessionStorage, PREFIX + key);
    if (isWhole) cut.delete(key);
    return true;
  } catch {
    trouble = "full";
    cut.add(key);
    return false;
  }
}
