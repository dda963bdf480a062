"""Signed in: the key is remembered by the browser, sealed, and forgotten at sign-out."""

import secrets
import time
from dataclasses import asdict

from lib.conversation import Conversation
from lib.openrouter.account import key_settings_url
from lib.sealing import SealBroken, Sealer
from lib.settings import Settings
from lib.ui import asking, browser
from lib.ui.session import Session, SignIn, cached_blocks, forget_widgets

KEY = "key"
REMEMBERED_SECONDS = 12 * 3600

_RANDOM_SECRET = secrets.token_urlsafe(32)
"""Of the process, and in none of Streamlit's caches: any visitor's browser may clear those."""


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


def restore(settings: Settings, session: Session) -> None:
    """Sign a new session in with the key that the browser kept sealed, if it did."""
    if session.cookies_were_read:
        return
    session.cookies_were_read = True
    sealed = browser.read_cookie(KEY)
    if sealed and settings.remember_sign_in:
        try:
            record = sealer(settings, KEY).unseal(sealed, max_age=REMEMBERED_SECONDS)
            session.sign_in = SignIn(**record)
        except (SealBroken, TypeError):
            pass  # of another secret, or too old: as if it were not there


def sign_out(settings: Settings, session: Session) -> None:
    """Forget the key and the conversation here, in the browser and in its other tabs."""
    browser.order(session, forget_conversations=True)
    if session.sign_in is None:  # clicked twice, or after OpenRouter rejected the key
        forget(session, session.notice)
        return
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
    asking.stop_all(session)
    session.streams = []
    _forget_key(session, notice)
    session.conversation, session.conversations = Conversation(), []
    session.keep_anew()
    session.edited_turn, session.comparison = None, {}
    session.refused, session.blocks_of = "", cached_blocks()
    session.spent, session.budget = 0.0, None
    session.flow = None
    forget_widgets()


def key_was_rejected(session: Session) -> None:
    """OpenRouter does not take the key any more: sign in again, and find the conversation."""
    asking.stop_all(session)
    browser.order(session, cookies=(browser.cookie(KEY, "", max_age=0),))
    _forget_key(session, "")
    session.failure = (
        "OpenRouter no longer accepts your key; it may have been deleted or have expired. Sign in "
        "again to go on."
    )


def _forget_key(session: Session, notice: str) -> None:
    session.sign_in = session.account = None
    session.account_failure = session.failure = ""
    session.notice = notice
