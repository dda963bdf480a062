"""Signed in: whose session it is, how long the sign-in lasts, and how it ends."""

import secrets
import threading
import time

from . import browser, cookies
from .events import Reason, SignedOut
from .state import MAX_SIGN_IN_AGE_S, Options, State, User, current_state, digest

MAX_SIGNED_OUT = 10_000
"""How many sign-outs the process remembers, the last ones; some 200 bytes each."""

_signed_out: dict[str, None] = {}
"""Digests of sign-ins, oldest first: a copy of their cookie no longer signs anyone in."""
_lock = threading.Lock()

_SENTENCES: dict[Reason, str] = {
    "here": "You are signed out, and this app has forgotten your key. It still exists in your OpenRouter account until you [delete it there]({user.key_settings_url}).",
    "elsewhere": "You signed out in another tab.",
    "taken": "You are signed out here: the connection was lost, and this browser does not have the cookie of your sign-in. Please sign in again.",
    "rejected": "OpenRouter no longer accepts your key: it may have been deleted or have expired. Please sign in again.",
    "expired": "You are signed out because you signed in 12 hours ago. Please sign in again.",
}
_LEFT_SANDBOX = "You have left the sandbox, or your time in it is over. You can try it again, or sign in with OpenRouter."


def take_state(options: Options) -> State:
    """Return the state of the running script's session, if this browser may have it.

    Streamlit hands a session to any websocket that names its id, and ids are in the URLs of
    uploads. So the browser of a new websocket must present the cookie that the session is bound
    to. Otherwise the user is forgotten, and the state is reset.
    """
    state = current_state()
    state.options = options
    if not _is_own(state):
        end(state, "taken")
        vars(state).update(vars(State(options, notice=state.notice)))
    websocket = cookies.websocket_key() or state.websocket or "none"
    if websocket != state.websocket:
        state.websocket = websocket
        if options.remember and not state.user:
            _restore(state)
    if state.user and (reason := _end_reason(state.user)):
        end(state, reason)
    return state


def current_user() -> User | None:
    """Return the signed-in user, also in a callback, which runs before `sign_in` checks.

    None if `sign_in` would first end the sign-in: it has expired, was signed out in another tab,
    or this browser cannot prove that the session is its own.
    """
    state = current_state()
    user = state.user
    return user if user and _is_own(state) and not _end_reason(user) else None


def bind(state: State) -> None:
    """Bind the session to this browser, for good, by a random cookie."""
    if not state.binding:
        value = cookies.read_cookie(cookies.BINDING)
        if not value:
            value = secrets.token_urlsafe(32)
            browser.queue(state, "set_cookie", cookies.set_cookie(cookies.BINDING, value))
        state.binding = digest(value)


def _is_own(state: State) -> bool:
    """Tell whether the websocket is the one that was checked, or has the cookie of the binding."""
    is_checked = cookies.websocket_key() in (None, state.websocket)
    return is_checked or state.binding in ("", digest(cookies.read_cookie(cookies.BINDING) or ""))


def _restore(state: State) -> None:
    """Sign in with the key in the browser's cookie, if it has one that is still good."""
    found = cookies.unseal(state.options, cookies.KEY, User, max_age=MAX_SIGN_IN_AGE_S)
    if (user := found.get("")) and not _end_reason(user):
        state.user = user
        bind(state)


def _end_reason(user: User) -> Reason | None:
    if _digest(user) in _signed_out:
        return "elsewhere"
    return "expired" if user.is_expired else None


def _digest(user: User) -> str:
    """Return a digest that identifies one sign-in, and reveals nothing of its key."""
    return digest(f"{user.signed_in_at} {user.key}")


def sign_out() -> None:
    """Forget the key here, in the browser and in its other tabs. Works as a callback, too."""
    state = current_state()
    browser.queue(state, "clear_storage")
    if (user := state.user) is None:  # clicked twice, or after OpenRouter rejected the key
        return
    with _lock:
        _signed_out[_digest(user)] = None
        if len(_signed_out) > MAX_SIGNED_OUT:
            del _signed_out[next(iter(_signed_out))]
    browser.queue(state, "set_cookie", cookies.delete_cookie(cookies.KEY))
    # Later than the sign-in, also if the clock was set back.
    browser.queue(state, "record_sign_out", max(time.time(), user.signed_in_at + 1))
    end(state, "here")


def reject_key() -> None:
    """End the sign-in because OpenRouter does not accept its key: it was deleted, or has expired."""
    state = current_state()
    browser.queue(state, "set_cookie", cookies.delete_cookie(cookies.KEY))
    end(state, "rejected")
    state.failure, state.notice = state.notice, ""


def end(state: State, reason: Reason) -> None:
    """End the sign-in, and tell the user and the app why."""
    is_in_sandbox = state.user is not None and state.user.base_url != state.options.base_url
    sentence = _LEFT_SANDBOX if is_in_sandbox else _SENTENCES[reason]
    state.failure, state.notice = "", sentence.format(user=state.user)
    state.user = state.last_exchange = None  # both hold the key
    state.options.on_event(SignedOut(reason))
