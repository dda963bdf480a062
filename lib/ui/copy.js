// Copy a text to the clipboard, and say so for a moment.

const LABEL_TIME = 2000; // milliseconds

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.onclick = async () => {
    button.textContent = (await copy(textOf(data))) ? "Copied" : "Copying is not allowed here";
    setTimeout(() => (button.textContent = "Copy"), LABEL_TIME);
  };
}

// What the tab has stored is not sent once more.
function textOf({ text, storage_key: key, length }) {
  if (!key) return text;
  const stored = window.sessionStorage.getItem(key) ?? "";
  return stored.length === length ? stored : "";
}

// Without https there is no navigator.clipboard; the older way needs a selected field.
async function copy(text) {
  if (!text) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }
}
