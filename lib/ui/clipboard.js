// Copy a text, and say so on the button's label for a moment.

const LABEL_TIME = 2000; // milliseconds

async function copyTo(label, text) {
  label.textContent = (await copy(text)) ? "Copied" : "Copying is not allowed here";
  label.classList.add("said");
  setTimeout(() => {
    label.textContent = "Copy";
    label.classList.remove("said");
  }, LABEL_TIME);
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
