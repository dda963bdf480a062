"""What every page has: settings, who is signed in, the way between the pages, the way out."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode, urlsplit

import streamlit as st
from dotenv import dotenv_values
from streamlit.delta_generator import DeltaGenerator

from lib.markdown.streamlit_markdown import literal
from lib.openrouter_sign_in import (
    Exchanged,
    SignedIn,
    SignedOut,
    SignInEvent,
    SignInOptions,
    User,
    main_page_url,
    sign_in,
    sign_out,
)
from lib.settings import SettingError, Settings, read_settings
from lib.ui import account, autosave, browser, chat_actions, models
from lib.ui.session import Session, current_session, forget_widgets

ROOT = Path(__file__).parents[2]
ICON = "💬"
"""Drawn by the browser; for an image file Streamlit would load numpy and PIL first."""
MAIN_PAGE = "streamlit_app.py"
CHAT_PAGE = "pages/chat.py"
COMPARE_PAGE = "pages/compare.py"
SELF_CHECK_PAGE = "pages/self_check.py"


@dataclass(frozen=True)
class App:
    """What a page works with.

    `user` is who is signed in; `header` stands above the way to sign in, `buttons` and
    `account_line` in the sidebar.
    """

    settings: Settings
    session: Session
    user: User | None
    header: DeltaGenerator
    buttons: DeltaGenerator
    account_line: DeltaGenerator


def begin_page(
    layout: Literal["centered", "wide"] = "centered",
    *,
    shows_sign_in: bool = True,
    leads_to_chat: bool = False,
) -> App:
    """Begin a page: its settings, its user or the way to sign in, and what surrounds it.

    A setting that cannot be used ends the page with a sentence that names it. A page that leads to
    the chat after a sign-in looks at `session.opens_chat`.
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
    models.prepare(settings, current_session())
    header = st.container()
    user = sign_in(**_sign_in_options(settings, shows_link=shows_sign_in), stop=False)
    session = current_session()
    if user and session.user is None:
        session.user = user
        chat_actions.attach(session)
    has_report = browser.sync_tab(session, lambda kept: autosave.take_back(session, kept))
    _lead_to_chat(session, leads_to_chat=leads_to_chat, has_report=has_report)
    buttons, account_line = _show_sidebar(settings, session)
    return App(settings, session, user, header, buttons, account_line)


def _lead_to_chat(session: Session, *, leads_to_chat: bool, has_report: bool) -> None:
    """Keep `opens_chat` until the chat is open, whichever run Streamlit ends.

    A report that the tab had sent from the page before may end the chat's first run, and run that
    page again.
    """
    if not leads_to_chat:
        session.has_opened_chat |= session.opens_chat
        session.opens_chat = False
    elif has_report:
        session.opens_chat |= session.has_opened_chat
    else:
        session.has_opened_chat = False


def _sign_in_options(settings: Settings, *, shows_link: bool) -> SignInOptions:
    options = SignInOptions(
        secret=settings.sign_in_secret,
        base_url=settings.base_url,
        method=settings.code_challenge_method,
        callback_url=callback_url(settings),
        key_label=settings.key_label or settings.app_title[:100],
        limit=settings.key_limit,
        remember=settings.remember_sign_in,
        on_event=_take_event,
    )
    return options if shows_link else SignInOptions(**options, button=None)


def callback_url(settings: Settings) -> str:
    """Return where OpenRouter sends the user back to: the main page, with the model chosen."""
    url = settings.callback_url or main_page_url()
    query = urlencode(models.query(current_session()))
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}" if url and query else url


def _take_event(event: SignInEvent) -> None:
    session = current_session()
    match event:
        case SignedIn():
            session.opens_chat = True
        case Exchanged():
            session.exchanged = event
        case SignedOut():
            with session.lock:  # no earlier script begins an answer in between
                chat_actions.stop_all(session)
                session.user = session.account = None
            if event.forgets:
                session.forget()
                forget_widgets()


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


def _show_sidebar(settings: Settings, session: Session) -> tuple[DeltaGenerator, DeltaGenerator]:
    with st.sidebar:
        st.subheader(literal(settings.app_title), anchor=False)
        label = "Account" if session.user else "Sign in"
        st.page_link(MAIN_PAGE, label=label, icon=":material/account_circle:")
        st.page_link(
            CHAT_PAGE, label="Chat", icon=":material/forum:", query_params=models.query(session)
        )
        st.page_link(COMPARE_PAGE, label="Compare", icon=":material/compare:")
        buttons, account_line = st.container(), st.empty()
        if session.user:
            account.show_line(settings, session, account_line)
            st.button(
                "Sign out",
                key="sign_out",
                icon=":material/logout:",
                on_click=sign_out,
                width="stretch",
            )
        st.page_link(SELF_CHECK_PAGE, label="Self-check", icon=":material/checklist:")
    return buttons, account_line
