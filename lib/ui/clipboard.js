// Copy a text, and say so on the button for a moment.

const LABEL_TIME = 2000; // milliseconds

async function copyTo(button, text) {
  button.textContent = (await copy(text)) ? "Copied" : "Copying is not allowed here";
  setTimeout(() => (button.textContent = "Copy"), LABEL_TIME);
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
