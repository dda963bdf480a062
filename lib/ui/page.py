"""What every page has: settings, who is signed in, the way between the pages, the way out."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import streamlit as st
from dotenv import dotenv_values
from streamlit.delta_generator import DeltaGenerator

from lib.markdown.streamlit_markdown import literal
from lib.openrouter.account import key_logs_url, key_settings_url
from lib.settings import SettingError, Settings, read_settings
from lib.ui import account, autosave, browser, models, sign_in, signed_in
from lib.ui.formatting import small
from lib.ui.session import Session, widget_value

ROOT = Path(__file__).parents[2]
ICON = "💬"
"""Drawn by the browser; for an image file Streamlit would load numpy and PIL first."""
MAIN_PAGE = "streamlit_app.py"
CHAT_PAGE = "pages/chat.py"
COMPARE_PAGE = "pages/compare.py"
SELF_CHECK_PAGE = "pages/self_check.py"


@dataclass(frozen=True)
class App:
    """What a page works with."""

    settings: Settings
    session: Session


def start_page(layout: Literal["centered", "wide"] = "centered") -> App:
    """Begin a page: its settings, and its session, signed in if the browser remembers a sign-in.

    A setting that cannot be used ends the page with a sentence that names it.
    """
    # Community Cloud forces another value than config.toml's, with which a traceback shows.
    st.set_option("client.showErrorDetails", "none")
    try:
        settings = read_settings({**_dotenv(), **os.environ, **_secrets()})
    except SettingError as error:
        st.set_page_config(page_title="Not set up yet")
        st.error(f"This app is not set up yet: {error}", icon=":material/build:")
        st.stop()
    st.set_page_config(page_title=settings.app_title, page_icon=ICON, layout=layout)
    session = signed_in.take_session(settings)
    models.prepare(settings, session)
    return App(settings, session)


def _dotenv() -> dict[str, str | None]:
    try:
        return dotenv_values(ROOT / ".env", encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingError(".env", "must be a text in UTF-8.") from error


def _secrets() -> dict[str, str]:
    """Return the flags in Streamlit's secrets: it puts texts and numbers into the environment."""
    if not st.secrets.load_if_toml_exists():
        if (ROOT / ".streamlit" / "secrets.toml").exists():
            raise SettingError("secrets.toml", "must be TOML, as https://toml.io has it.")
        return {}
    for name, value in st.secrets.items():
        if isinstance(value, list):
            raise SettingError(name, "must be one text in quotes, and no list.")
    return {name: str(value) for name, value in st.secrets.items() if isinstance(value, bool)}


class Frame(NamedTuple):
    """Places beside a page that it fills itself: its own buttons, and the account's line."""

    buttons: DeltaGenerator
    account_line: DeltaGenerator


def show_frame(app: App, *, leads_to_chat: bool = False) -> Frame:
    """Show what surrounds every page, and attend to the browser's tab.

    A page that leads to the chat after a sign-in looks at `session.opens_chat`, which stays True
    until another page runs: Streamlit may end the very run that leads there.
    """
    settings, session = app.settings, app.session
    if browser.attend_tab(session, lambda kept: autosave.take_back(session, kept), signed_in.KEY):
        signed_in.forget(session, signed_in.SIGNED_OUT_ELSEWHERE)
        st.rerun()
    session.opens_chat &= leads_to_chat
    with st.sidebar:
        st.subheader(literal(settings.app_title), anchor=False)
        label = "Account" if session.sign_in else "Sign in"
        st.page_link(MAIN_PAGE, label=label, icon=":material/account_circle:")
        st.page_link(
            CHAT_PAGE, label="Chat", icon=":material/forum:", query_params=models.address(session)
        )
        st.page_link(COMPARE_PAGE, label="Compare", icon=":material/compare:")
        frame = Frame(st.container(), st.empty())
        if session.sign_in:
            account.show_line(settings, session, frame.account_line)
            st.button(
                "Sign out",
                key="sign_out",
                icon=":material/logout:",
                on_click=signed_in.sign_out,
                args=(settings, session),
                width="stretch",
            )
        st.page_link(SELF_CHECK_PAGE, label="Self-check", icon=":material/checklist:")
    return frame


def slot_above_input() -> DeltaGenerator:
    """Return a slot that stays in sight above the chat input, which is to be made after it.

    By an attribute that Streamlit does not document, checked with 1.67.
    """
    slot: DeltaGenerator = st._bottom.empty()
    return slot


def finish_sign_in(app: App) -> None:
    """Wait for an exchange that is under way, and run the page again with what it brought."""
    if app.session.exchange:
        with st.spinner("Finishing your sign-in…"):
            sign_in.finish(app.settings, app.session)
        st.rerun()


def show_sign_in(app: App) -> None:
    """Show the ways to sign in, and what became of the last one."""
    settings, session = app.settings, app.session
    if session.failure:
        st.error(session.failure, icon=":material/error:")
    if session.notice:
        st.info(session.notice, icon=":material/info:")
    if session.unconfirmed:
        st.warning(
            "OpenRouter sent you back without the mark by which this app knows a sign-in that you "
            "began here. If you have just approved it yourself, go on. If somebody sent you this "
            "link, do not: you would be signed in to their account, and they could read what you "
            "ask.",
            icon=":material/link_off:",
        )
        st.button(
            "Go on and sign in",
            key="confirm",
            icon=":material/login:",
            on_click=sign_in.confirm,
            args=(settings, session),
        )
    can_return = sign_in.can_return(settings, session)
    if can_return:
        sign_in.show_link(settings, session)
        small(
            "You approve on OpenRouter's own page and set how much may be spent. "
            "You type no password here, and you can take the approval back at any time."
        )
    elif session.cookies_are_blocked:
        st.warning(
            "Your browser blocks cookies for this page, so it could not find its way back from "
            "OpenRouter. Allow them and reload, or paste a code instead.",
            icon=":material/cookie_off:",
        )
    else:
        st.warning(
            "OpenRouter does not send anyone back to this address; it wants https, or localhost. "
            "Paste a code instead.",
            icon=":material/wrong_location:",
        )
    # Few open it: what is in it is made, and loaded by the browser, only for them.
    expander = st.expander(
        "Paste a code instead",
        expanded=not can_return,
        icon=":material/password:",
        on_change="rerun",
    )
    if expander.open:
        with expander:
            _show_headless(app)


def _show_headless(app: App) -> None:
    settings, session = app.settings, app.session
    st.markdown(
        "1. Open OpenRouter in a new tab and approve.\n"
        "2. Copy the code that it shows.\n"
        "3. Come back to this tab and paste it.\n\n"
        "Paste only a code that you have just fetched yourself. With somebody else's you would be "
        "signed in to their account, and they could read what you ask."
    )
    st.link_button(
        "Get a code from OpenRouter",
        sign_in.headless_url(settings, session),
        icon=":material/open_in_new:",
    )

    # In a callback, since another message of the tab may end a run before it comes to its button.
    def receive() -> None:
        if pasted := widget_value("code").strip():
            sign_in.receive_pasted(settings, session, pasted)

    with st.form("headless", clear_on_submit=True, border=False):
        st.text_input("Code", key="code", autocomplete="off", max_chars=4096)
        st.form_submit_button("Sign in with this code", on_click=receive)


def show_key_links(app: App) -> None:
    """Show where the owner of the key finds it at OpenRouter."""
    if app.session.sign_in:
        base_url, key = app.settings.base_url, app.session.sign_in.key
        with st.container(horizontal=True):
            st.link_button("Key settings", key_settings_url(base_url, key), icon=":material/key:")
            st.link_button("Activity", key_logs_url(base_url, key), icon=":material/list_alt:")
