// This tab's end of the session: carries out what the server orders (a cookie, a clean address),
// and tells it of a sign-out in another tab and of a conversation that was kept here.

const SIGNED_OUT_AT = "openrouter_signed_out_at";
const CONVERSATION = "openrouter_conversation";
const OF_THE_RETURN = ["code", "state", "error", "error_description"];

export default function ({ data, setTriggerValue }) {
  const { order, signed_in_at: signedInAt } = data;

  const kept = storage("sessionStorage", (store) => store.getItem(CONVERSATION));
  if (kept && signedInAt !== null) {
    storage("sessionStorage", (store) => store.removeItem(CONVERSATION));
    setTriggerValue("conversation", kept);
  }

  if (order) {
    for (const cookie of order.cookies) document.cookie = cookie;
    if (order.clean_address) cleanAddresses();
    if (order.signed_out_at) {
      storage("localStorage", (store) => store.setItem(SIGNED_OUT_AT, order.signed_out_at));
      storage("sessionStorage", (store) => store.removeItem(CONVERSATION));
    }
    if (order.keep_conversation) {
      storage("sessionStorage", (store) => store.setItem(CONVERSATION, order.keep_conversation));
    }
    setTriggerValue("carried_out", order.number);
  }

  if (signedInAt === null) return;

  const listen = () => {
    const signedOutAt = Number(storage("localStorage", (store) => store.getItem(SIGNED_OUT_AT)));
    if (signedOutAt > signedInAt) setTriggerValue("signed_out_elsewhere", true);
  };
  // `storage` fires in the other tabs at once; the rest is for a tab that slept through it.
  const moments = ["storage", "focus", "pageshow"];
  for (const moment of moments) window.addEventListener(moment, listen);
  document.addEventListener("visibilitychange", listen);
  listen();
  return () => {
    for (const moment of moments) window.removeEventListener(moment, listen);
    document.removeEventListener("visibilitychange", listen);
  };
}

// Before the server clears its query parameters, which would leave the code in the history.
function cleanAddresses() {
  for (const view of new Set([window, window.top])) {
    try {
      const url = new URL(view.location.href);
      for (const name of OF_THE_RETURN) url.searchParams.delete(name);
      view.history.replaceState(view.history.state, "", url);
    } catch {
      // a page of another origin around us: its address is not ours
    }
  }
}

// Storage can be forbidden or full; nothing here depends on it but comfort.
function storage(kind, use) {
  try {
    return use(window[kind]);
  } catch {
    return null;
  }
}
