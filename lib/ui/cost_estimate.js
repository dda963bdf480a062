// What the question in the chat input will cost, while it is typed. No live region: it would be
// read out at each key.

const INPUT = '[data-testid="stChatInputTextArea"]';
const FILE = '[data-testid="stChatInput"] [data-testid="stFileChip"]';
const INTERVAL = 500; // milliseconds: a file is chosen, and the input is emptied, without an event

const watching = new WeakMap();

export default function ({ data, parentElement }) {
  watching.get(parentElement)?.abort();
  const controller = new AbortController();
  watching.set(parentElement, controller);
  const { signal } = controller;
  const line = parentElement.querySelector("p");
  const show = () => showCost(line, data, document.querySelector(INPUT)?.value ?? "");
  document.addEventListener("input", show, { signal });
  const showing = setInterval(show, INTERVAL);
  signal.addEventListener("abort", () => clearInterval(showing));
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
  const files = document.querySelector(FILE) ? ", and what its files cost" : "";
  const label = `This question: ${likely}${likely === longest ? "" : `, at most ${longest}`}${files}`;
  if (line.textContent !== label) line.textContent = label;
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
