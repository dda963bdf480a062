// Storage can be forbidden or full; the chat works without it.
function storage(use) {
  try {
    return use(window.sessionStorage);
  } catch {
    return null;
  }
}

function keysOf(store, prefix) {
  return Object.keys(store).filter((key) => key.startsWith(prefix));
}

// Whether the sign-in has cleared what another user left here.
function isOwn({ prefix, signed_in_at: signedInAt }) {
  return Number(storage((store) => store.getItem(`${prefix}signed_in_at`))) === signedInAt;
}
