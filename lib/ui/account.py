"""Who is signed in, and what is left of the key."""

from concurrent.futures import Future
from threading import Thread

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.markdown.streamlit_markdown import literal
from lib.openrouter.account import Account, get_account
from lib.openrouter.errors import KeyRejected, OpenRouterError
from lib.openrouter_sign_in import User, reject_key
from lib.settings import Settings
from lib.ui import budget
from lib.ui.formatting import small, usd
from lib.ui.session import Session, wait_for

UNAVAILABLE = "Your account could not be loaded just now; you are still signed in."


def refresh(settings: Settings, session: Session, place: DeltaGenerator | None = None) -> None:
    """Fetch the account if something was spent since, and show it at `place`.

    A failure signs nobody out; a key that OpenRouter rejects does, and the page runs again. A click
    does not wait for it: the run that follows does.
    """
    if session.user is None:
        return
    if session.account_is_stale:
        session.account_is_stale = False
        session.account_fetch = _fetch(settings.base_url, session.user.key)
    if (fetch := session.account_fetch) is None:
        return
    wait_for(fetch)
    if session.account_fetch is fetch:
        session.account_fetch = None
    try:
        session.account, session.account_failure = fetch.result(), ""
    except KeyRejected:
        reject_key()
        st.rerun()
    except OpenRouterError:
        session.account_failure = UNAVAILABLE
    if place is not None:
        show_line(settings, session, place)


def _fetch(base_url: str, key: str) -> Future[Account]:
    """Begin to fetch an account, in a thread of its own."""
    fetch: Future[Account] = Future()

    def run() -> None:
        try:
            fetch.set_result(get_account(base_url, key))
        except Exception as error:  # noqa: BLE001 - whatever it was, who waits must hear of it
            fetch.set_exception(error)

    Thread(target=run, daemon=True).start()
    return fetch


def show_line(settings: Settings, session: Session, place: DeltaGenerator) -> None:
    """Show whose key it is, what is left of it, and what this chat and this session cost."""
    account = session.account
    if account is None:
        lines = [session.account_failure or "Signed in with OpenRouter"]
    else:
        remaining = account.limit_remaining
        left = "no limit" if remaining is None else f"{usd(remaining)} left"
        lines = [f"Signed in as {literal(account.label)}", f"**{left}**, {usd(account.usage)} used"]
    if session.spent:
        of = f" of {usd(most)}" if (most := budget.limit(settings, session)) is not None else ""
        chat, spent = usd(session.conversation.cost), usd(session.spent)
        lines.append(f"This chat {chat}, session {spent}{of}")
    place.markdown("  \n".join(f":small[{line}]" for line in lines))


def show_account(session: Session, user: User) -> None:
    """Show the account in full, or say that it could not be loaded, and where OpenRouter has more."""
    _show_limits(session)
    with st.container(horizontal=True):
        st.link_button("Key settings", user.key_settings_url, icon=":material/key:")
        st.link_button("Activity", user.activity_url, icon=":material/list_alt:")


def _show_limits(session: Session) -> None:
    account = session.account
    if account is None:
        st.warning(session.account_failure or UNAVAILABLE, icon=":material/cloud_off:")
        return
    small(f"Your key: {literal(account.label)}")
    with st.container(horizontal=True):
        no_limit = "No limit"
        st.metric("Used", usd(account.usage), border=True)
        left, limit = account.limit_remaining, account.limit
        st.metric("Left", no_limit if left is None else usd(left), border=True)
        st.metric("Limit", no_limit if limit is None else usd(limit), border=True)
