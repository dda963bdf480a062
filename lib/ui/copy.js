// Copies a text to the clipboard, and says for a moment that it did.

const MOMENT = 2000; // milliseconds

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = async () => {
    button.textContent = (await copy(data.text)) ? "Copied" : "Copying is not allowed here";
    setTimeout(() => (button.textContent = data.label), MOMENT);
  };
}

// Without https there is no navigator.clipboard; the older way needs a selected field.
async function copy(text) {
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
