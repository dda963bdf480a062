// Tells whether this browser keeps a cookie of ours: sets one, looks for it, and drops it again.

export default function ({ data, setStateValue }) {
  const { cookie, dropped, said } = data;
  document.cookie = cookie;
  const kept = document.cookie.split("; ").includes(cookie.split("; ")[0]);
  document.cookie = dropped;
  // A report runs the page again: one is enough.
  if (kept !== said) setStateValue("kept", kept);
}
