// Tells whether this browser stores cookies: sets one, looks for it, and deletes it again.

export default function ({ data, setStateValue }) {
  const { cookie, deleted, said } = data;
  document.cookie = cookie;
  const kept = document.cookie.split("; ").includes(cookie.split("; ")[0]);
  document.cookie = deleted;
  // A report runs the page again: one is enough.
  if (kept !== said) setStateValue("kept", kept);
}
