"""Signed in: the key is remembered by the browser, sealed, and forgotten at sign-out."""

import hashlib
import secrets
import threading
import time
from dataclasses import asdict

from lib.chat.conversation import Conversation
from lib.openrouter.account import key_settings_url
from lib.sealing import SealBroken, Sealer
from lib.settings import Settings
from lib.ui import browser, chat_actions
from lib.ui.session import (
    MAX_SIGN_IN_AGE_S,
    Session,
    SignIn,
    cached_blocks,
    current_session,
    forget_widgets,
    replace_session,
)

KEY = "key"
BINDING = "binding"
MAX_SIGNED_OUT = 10_000
"""Sign-outs that the process remembers, the last ones; some 200 bytes each."""

EXPIRED = "You are signed out, as you signed in 12 hours ago. Sign in again to go on."
SIGNED_OUT_ELSEWHERE = "You signed out in another tab."
_RANDOM_SECRET = secrets.token_urlsafe(32)
"""Of the process, and in none of Streamlit's caches: any visitor's browser may clear those."""
_signed_out: dict[str, None] = {}
"""Digests of sign-ins, oldest first: a copy of their cookie signs nobody in any more."""
_lock = threading.Lock()


def sealer(settings: Settings, purpose: str) -> Sealer:
    """Return what seals, for one purpose, what the browser carries.

    Without a SIGN_IN_SECRET, what was sealed ends with the process.
    """
    return Sealer(settings.sign_in_secret or _RANDOM_SECRET, purpose)


def remembering(settings: Settings, sign_in: SignIn) -> tuple[str, ...]:
    """Return the cookies by which the browser remembers a sign-in: one, or none if it is not to."""
    if not settings.remember_sign_in:
        return ()
    return (browser.cookie(KEY, sealer(settings, KEY).seal(asdict(sign_in))),)


def bind(session: Session) -> None:
    """Bind the session to this browser, by a random cookie that is the browser's own.

    A session that is bound stays so: a callback runs before `take_session` has looked.
    """
    if session.binding:
        return
    value = browser.read_cookie(BINDING)
    if not value:
        value = secrets.token_urlsafe(32)
        browser.order(session, cookies=(browser.cookie(BINDING, value),))
    session.binding = _digest(value)


def take_session(settings: Settings) -> Session:
    """Return the running script's session, if this browser may have it; first of all, at each run.

    Streamlit hands a session to any websocket that names its id, and ids stand in the addresses of
    uploads. So the browser behind a new websocket must show the cookie that the session is bound
    to; without it the session is forgotten, and a new one begins.
    """
    session = current_session()
    websocket = browser.websocket_key()
    if websocket is not None and websocket != session.websocket:
        if session.binding and session.binding != _digest(browser.read_cookie(BINDING) or ""):
            forget(session, "")
            session = replace_session(
                "You are signed out here: the connection was lost, and this browser does not show "
                "the cookie of your sign-in. Sign in again to go on."
            )
        session.websocket = websocket
        session.cookies_were_read = False
    _restore(settings, session)
    if session.sign_in and session.sign_in.is_expired:
        _forget_key(session, EXPIRED)  # the conversation waits for the next sign-in
    elif session.sign_in and _fingerprint(session.sign_in) in _signed_out:
        forget(session, SIGNED_OUT_ELSEWHERE)
    return session


def _restore(settings: Settings, session: Session) -> None:
    """Sign a session in with the key that the browser kept sealed, if it did."""
    if session.cookies_were_read or session.sign_in:
        return
    session.cookies_were_read = True
    sealed = browser.read_cookie(KEY)
    if sealed and settings.remember_sign_in:
        try:
            record = sealer(settings, KEY).unseal(sealed, max_age=MAX_SIGN_IN_AGE_S)
            sign_in = SignIn(**record)
        except (SealBroken, TypeError):
            return  # of another secret, or too old: as if it were not there
        if not sign_in.is_expired and _fingerprint(sign_in) not in _signed_out:
            session.sign_in = sign_in
            bind(session)
            chat_actions.attach(session)


def _remember_sign_out(sign_in: SignIn) -> None:
    with _lock:
        _signed_out[_fingerprint(sign_in)] = None
        if len(_signed_out) > MAX_SIGNED_OUT:
            del _signed_out[next(iter(_signed_out))]


def _fingerprint(sign_in: SignIn) -> str:
    return _digest(f"{sign_in.at} {sign_in.key}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sign_out(settings: Settings, session: Session) -> None:
    """Forget the key and the conversation here, in the browser and in its other tabs."""
    browser.order(session, forget_conversations=True)
    if session.sign_in is None:  # clicked twice, or after OpenRouter rejected the key
        forget(session, session.notice)
        return
    _remember_sign_out(session.sign_in)
    key_url = key_settings_url(settings.base_url, session.sign_in.key)
    now = max(time.time(), session.sign_in.at + 1)  # after it, also if the clock was set back
    browser.order(session, cookies=(browser.cookie(KEY, "", max_age=0),), signed_out_at=now)
    forget(
        session,
        "You are signed out, and this app has forgotten your key. The key still exists in your "
        f"OpenRouter account until you [delete it there]({key_url}).",
    )


def forget(session: Session, notice: str) -> None:
    """Keep nothing of a user who signed out, here or in another tab; `notice` says so.

    What the tab keeps is the tab's own to forget: it may be of a later sign-in.
    """
    _forget_key(session, notice)
    session.streams = []
    session.conversation, session.conversations = Conversation(), []
    session.keep_anew()
    session.edited_turn, session.comparison = None, {}
    session.refused, session.blocks_of = "", cached_blocks()
    session.spent, session.budget = 0.0, None
    session.flow = None
    forget_widgets()


def key_was_rejected(session: Session) -> None:
    """OpenRouter does not take the key any more: sign in again, and find the conversation."""
    _forget_key(session, "")
    browser.order(session, cookies=(browser.cookie(KEY, "", max_age=0),))
    session.failure = (
        "OpenRouter no longer accepts your key; it may have been deleted or have expired. Sign in "
        "again to go on."
    )


def _forget_key(session: Session, notice: str) -> None:
    with session.lock:  # no earlier script begins an answer in between
        chat_actions.stop_all(session)
        session.sign_in = session.account = None
    session.account_failure = session.failure = ""
    session.notice = notice
