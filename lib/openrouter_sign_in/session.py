"""Signed in: whose session it is, how long the sign-in holds, and how it ends."""

import secrets
import threading
import time

from . import browser, cookies
from .events import SignedIn, SignedOut
from .sealing import SealBroken, Sealer
from .state import MAX_SIGN_IN_AGE_S, Options, State, User, current_state, digest, replace_state

KEY, BINDING = "key", "binding"
MAX_SIGNED_OUT = 10_000
"""Sign-outs that the process remembers, the last ones; some 200 bytes each."""

SIGNED_OUT_ELSEWHERE = "You signed out in another tab."
_RANDOM_SECRET = secrets.token_urlsafe(32)
_signed_out: dict[str, None] = {}
"""Digests of sign-ins, oldest first: a copy of their cookie signs nobody in any more."""
_lock = threading.Lock()


def sealer(options: Options, purpose: str) -> Sealer:
    """Return what seals, for one purpose, what the browser carries.

    Without a secret, what was sealed ends with the process.
    """
    return Sealer(options.secret or _RANDOM_SECRET, purpose)


def take_state(options: Options) -> State:
    """Return the state of the running script's session, if this browser may have it.

    Streamlit hands a session to any websocket that names its id, and ids stand in the URLs of
    uploads. So the browser behind a new websocket must show the cookie that the session is bound
    to; without it the session's user is forgotten, and a new state begins.
    """
    state = current_state()
    state.options = options
    websocket = cookies.websocket_key()
    if websocket is not None and websocket != state.websocket:
        if not _is_own(state):
            end(state, SignedOut("taken"))
            state = replace_state(
                "You are signed out here: the connection was lost, and this browser does not show "
                "the cookie of your sign-in. Sign in again to go on."
            )
            state.options = options
        state.websocket, state.cookies_were_read = websocket, False
    _restore(state)
    if state.user and _was_signed_out(state.user):
        end(state, SignedOut("elsewhere"), SIGNED_OUT_ELSEWHERE)
    elif state.user and state.user.is_expired:
        notice = "You are signed out, as you signed in 12 hours ago. Sign in again to go on."
        end(state, SignedOut("expired"), notice)
    return state


def announce(state: State) -> None:
    """Tell the app of a new sign-in, once the browser has carried out all that belongs to it.

    Again where the browser says so again: the app may have been led elsewhere by then.
    """
    if state.user and not state.is_announced:
        state.is_announced = True
        state.options.on_event(SignedIn())


def current_user() -> User | None:
    """Return the signed-in user; in a callback, too, which runs before `sign_in` has looked.

    None also where `sign_in` would first end the sign-in: it is too old, was signed out in another
    tab, or this browser does not show that the session is its own.
    """
    state = current_state()
    user = state.user
    is_known = cookies.websocket_key() in (None, state.websocket) or _is_own(state)
    is_over = user is None or user.is_expired or _was_signed_out(user)
    return user if is_known and not is_over else None


def bind(state: State) -> None:
    """Bind the session to this browser, by a random cookie of the browser's own.

    A session that is bound stays so: callbacks run before `take_state` has looked.
    """
    if not state.binding:
        value = cookies.read_cookie(BINDING)
        if not value:
            value = secrets.token_urlsafe(32)
            browser.queue(state, cookies=(cookies.set_cookie(BINDING, value),))
        state.binding = digest(value)


def _is_own(state: State) -> bool:
    return state.binding in ("", digest(cookies.read_cookie(BINDING) or ""))


def _restore(state: State) -> None:
    """Sign a session in with the key that the browser kept sealed, if it did."""
    if state.cookies_were_read or state.user:
        return
    state.cookies_were_read = True
    sealed = cookies.read_cookie(KEY)
    if sealed and state.options.remember:
        try:
            record = sealer(state.options, KEY).unseal(sealed, max_age=MAX_SIGN_IN_AGE_S)
            user = User(**record)
        except (SealBroken, TypeError):
            return  # of another secret, or too old: as if it were not there
        is_ours = user.base_url == state.options.base_url
        if is_ours and not user.is_expired and not _was_signed_out(user):
            state.user = user
            bind(state)


def _was_signed_out(user: User) -> bool:
    return _digest(user) in _signed_out


def _digest(user: User) -> str:
    """Return what tells one sign-in from all others, and tells nothing of its key."""
    return digest(f"{user.signed_in_at} {user.key}")


def sign_out() -> None:
    """Forget the key here, in the browser and in its other tabs. Works as a callback, too."""
    state = current_state()
    browser.queue(state, clears_storage=True)
    if (user := state.user) is None:  # clicked twice, or after OpenRouter rejected the key
        return
    with _lock:
        _signed_out[_digest(user)] = None
        if len(_signed_out) > MAX_SIGNED_OUT:
            del _signed_out[next(iter(_signed_out))]
    now = max(time.time(), user.signed_in_at + 1)  # after it, also if the clock was set back
    browser.queue(state, cookies=(cookies.delete_cookie(KEY),), signed_out_at=now)
    end(
        state,
        SignedOut("here"),
        "You are signed out, and this app has forgotten your key. The key still exists in your "
        f"OpenRouter account until you [delete it there]({user.key_settings_url}).",
    )


def reject_key() -> None:
    """End the sign-in since OpenRouter does not accept its key: it was deleted, or has expired."""
    state = current_state()
    browser.queue(state, cookies=(cookies.delete_cookie(KEY),))
    end(state, SignedOut("rejected"))
    state.failure = (
        "OpenRouter no longer accepts your key; it may have been deleted or have expired. Sign in "
        "again to go on."
    )


def end(state: State, event: SignedOut, notice: str = "") -> None:
    """End the sign-in, and tell the app why."""
    state.user, state.failure, state.notice = None, "", notice
    state.options.on_event(event)
