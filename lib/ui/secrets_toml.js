// The text for Community Cloud's Secrets. The secret is made here, so that only this browser has it:
// it is in no message to the server, no URL, no log and no other session.

const SECRET = newSecret();

function newSecret() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default function ({ data, parentElement }) {
  const text = `SIGN_IN_SECRET = "${SECRET}"\n${data.toml}`;
  parentElement.querySelector("pre").textContent = text;
  const button = parentElement.querySelector("button");
  button.onclick = () => copyTo(button, text);
}
