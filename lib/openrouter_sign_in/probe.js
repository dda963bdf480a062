// Reports whether this browser stores cookies: sets one, looks for it, and deletes it again.

export default function ({ data, setStateValue }) {
  const { cookie, deleted, known } = data;
  document.cookie = cookie;
  const stored = document.cookie.split("; ").includes(cookie.split("; ")[0]);
  document.cookie = deleted;
  // A report runs the page again: only one is needed.
  if (stored !== known) setStateValue("stored", stored);
}
