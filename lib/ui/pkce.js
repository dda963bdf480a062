// Compute the code_challenge of a code_verifier with each key: RFC 7636, section 4.2.

const GRAMMAR = /^[A-Za-z0-9\-._~]{43,128}$/;
const EXAMPLE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"; // appendix B

export default function ({ parentElement }) {
  const field = parentElement.querySelector("input");
  const outputs = Object.fromEntries(
    [...parentElement.querySelectorAll("output")].map((output) => [output.name, output]),
  );
  const show = () => showChallenge(field.value, outputs);
  field.oninput = show;
  parentElement.querySelector("button").onclick = () => {
    field.value = EXAMPLE;
    show();
  };
  show();
}

async function showChallenge(verifier, { grammar, sha256, challenge }) {
  const wrong = [...new Set(verifier.replace(/[A-Za-z0-9\-._~]/g, ""))].join(" ");
  grammar.textContent = GRAMMAR.test(verifier)
    ? "✓ 43 to 128 of the allowed characters"
    : `✗ ${verifier.length} characters, of 43 to 128${wrong && `; not allowed: ${wrong}`}`;
  if (!window.crypto?.subtle) {
    sha256.textContent = challenge.textContent = "Your browser computes this only on https.";
    return;
  }
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)),
  );
  sha256.textContent = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  challenge.textContent = btoa(String.fromCharCode(...digest))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
