// Keeps in the tab's own storage what the server sends of the conversations: only what changed.

const PREFIX = "openrouter_chat/";

let giver = ""; // whose changes they are: each session has its own
let applied = 0; // the number of the last ones
let trouble = "";

export default function ({ data, setTriggerValue }) {
  const { changes, is_last: isLast } = data;
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
  try {
    const store = window.sessionStorage;
    for (const key of remove) store.removeItem(PREFIX + key);
    for (const [key, text] of Object.entries(put)) store.setItem(PREFIX + key, text);
    for (const [key, text] of Object.entries(add)) {
      store.setItem(PREFIX + key, (store.getItem(PREFIX + key) ?? "") + text);
    }
  } catch {
    trouble = "full";
  }
}
