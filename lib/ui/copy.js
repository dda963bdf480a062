// Copies a text to the clipboard, and says for a moment that it did.

const MOMENT = 2000; // milliseconds

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.onclick = async () => {
    button.textContent = (await copy(textOf(data))) ? "Copied" : "Copying is not allowed here";
    setTimeout(() => (button.textContent = "Copy"), MOMENT);
  };
}

// What the tab keeps anyway need not be sent once more.
function textOf({ text, kept_as: name, length }) {
  if (!name) return text;
  const kept = window.sessionStorage.getItem(name) ?? "";
  return kept.length === length ? kept : "";
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
