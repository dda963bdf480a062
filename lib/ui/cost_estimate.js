// What the question in the chat input will cost, while it is typed. No live region: it would be
// read out at each key.

const INPUT = '[data-testid="stChatInputTextArea"]';

const watching = new WeakMap();

export default function ({ data, parentElement }) {
  watching.get(parentElement)?.abort();
  const controller = new AbortController();
  watching.set(parentElement, controller);
  const { signal } = controller;
  const line = parentElement.querySelector("p");
  const show = () => showCost(line, data, document.querySelector(INPUT)?.value ?? "");
  // After a key, too: Streamlit empties the input without an event.
  for (const type of ["input", "keyup"]) document.addEventListener(type, show, { signal });
  show();
  return () => controller.abort();
}

function showCost(line, { fixed, about, most, weights }, text) {
  if (!about) {
    line.textContent = fixed;
    return;
  }
  const { tokens, bytes } = count(text, weights);
  const [likely, longest] = [labelOf(about, tokens), labelOf(most, bytes)];
  line.textContent = `This question: ${likely}${likely === longest ? "" : `, at most ${longest}`}`;
  const [likelyUsd, longestUsd] = [costOf(about, tokens), costOf(most, bytes)];
  line.title = `About $${likelyUsd}, at most $${longestUsd} with the longest answer`;
}

function labelOf([, , steps], tokens) {
  return steps.findLast(([start]) => start <= tokens)[1];
}

function costOf([fixed, each], tokens) {
  return (fixed + tokens * each).toFixed(4);
}

// As lib/chat/tokens.py counts.
function count(text, [perLetter, perSign, perOtherByte]) {
  const bytes = new TextEncoder().encode(text);
  let tokens = 0;
  for (const byte of bytes) {
    if (byte > 127) tokens += perOtherByte;
    else tokens += isLetter(byte) ? perLetter : perSign;
  }
  return { tokens, bytes: bytes.length };
}

// Or a space, or the end of a line.
function isLetter(byte) {
  const lower = byte | 32;
  return byte === 32 || byte === 10 || (lower > 96 && lower < 123);
}
