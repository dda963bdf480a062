"""The account of the signed-in user: fetch and render it."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.markdown.streamlit import escape_markdown
from lib.openrouter.account import Account, get_account
from lib.openrouter.errors import KeyRejected, OpenRouterError
from lib.openrouter_sign_in import User, reject_key
from lib.settings import Settings
from lib.ui import account_labels, budget
from lib.ui.formatting import rounded_usd, small, usd
from lib.ui.session import Session, api_url
from lib.ui.widgets import in_thread, wait_for

UNAVAILABLE = "Your account could not be loaded just now; you are still signed in."


def refresh(settings: Settings, session: Session, slot: DeltaGenerator | None = None) -> None:
    """Fetch the account if it is stale, wait for it, and render it in the slot.

    A rejected key signs the user out and reruns the page; other failures do not. A click may end the
    wait; the next run waits on.
    """
    if session.user is None:
        return
    if session.account.is_stale:
        session.account.is_stale = False
        session.account.fetch = in_thread(
            partial(get_account, api_url(settings, session.user), session.user.key)
        )
    if (fetch := session.account.fetch) is None:
        return
    wait_for(fetch)
    if session.account.fetch is fetch:
        session.account.fetch = None
    try:
        session.account.latest, session.account.failure = fetch.result(), ""
    except KeyRejected:
        reject_key()
        st.rerun()
    except OpenRouterError:
        session.account.failure = UNAVAILABLE
    if slot is not None:
        render_line(settings, session, slot)


def render_line(settings: Settings, session: Session, slot: DeltaGenerator) -> None:
    """Render the label of the key, what is left of it, and what chat and session cost."""
    account = session.account.latest
    exact: list[str] = []
    if account is None:
        lines = [
            session.account.failure
            or f"Signed in with {'the sandbox' if session.is_in_sandbox else 'OpenRouter'}"
        ]
    else:
        remaining = account.limit_remaining
        left = "No limit on this key"
        if remaining is not None:
            left = f"{rounded_usd(remaining)} left of this key's limit"
            exact.append(f"{usd(remaining)} left")
        lines = [
            f"Signed in as {_label(session, account)}",
            f"**{left}**, {rounded_usd(account.usage)} used",
        ]
        exact.append(f"{usd(account.usage)} used by this key")
    if session.spending.spent:
        most = budget.limit(settings, session)
        of = f" of {rounded_usd(most)}" if most is not None else ""
        chat, spent = session.chat.conversation.cost, session.spending.spent
        lines.append(f"This chat {rounded_usd(chat)}, session {rounded_usd(spent)}{of}")
        exact += [f"this chat {usd(chat)}", f"session {usd(spent)}"]
    help = f"Exactly: {', '.join(exact)}" if exact else None
    slot.markdown("  \n".join(f":small[{line}]" for line in lines), help=help)


def render_account(settings: Settings, session: Session, user: User) -> None:
    """Render the whole account, or that it could not be loaded, and links to OpenRouter."""
    account = session.account.latest
    if account is None:
        st.warning(session.account.failure or UNAVAILABLE, icon=":material/cloud_off:")
    else:
        small(f"Your key: {_label(session, account)}")
        _render_limits(account)
        if sentence := account_labels.other_limit(account, settings.key_limit):
            st.warning(sentence, icon=":material/key:")
    if session.is_in_sandbox:
        return
    with st.container(horizontal=True):
        st.link_button("Key settings", user.key_settings_url, icon=":material/key:")
        st.link_button("Activity", user.activity_url, icon=":material/list_alt:")
        credits_url = f"{settings.base_url}/settings/credits"
        st.link_button("Credits", credits_url, icon=":material/payments:")


def _label(session: Session, account: Account) -> str:
    """Return the name of the key, which no audience has to read."""
    return "•••" if session.is_presenting else escape_markdown(account.label)


def _render_limits(account: Account) -> None:
    with st.container(horizontal=True):
        for label, amount in (
            ("Used by this key", account.usage),
            ("Left of its limit", account.limit_remaining),
            ("Limit of this key", account.limit),
        ):
            value = "No limit" if amount is None else rounded_usd(amount)
            exact = None if amount is None else usd(amount)
            st.metric(label, value, border=True, help=exact)
    sentences = account_labels.sentences(account)
    st.markdown("  \n".join(f":small[{sentence}]" for sentence in sentences))
