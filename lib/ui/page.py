"""What every page has: settings, the signed-in user, the sidebar."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.markdown.streamlit import escape_markdown
from lib.openrouter_sign_in import (
    Exchanged,
    Returned,
    Sandbox,
    SignedIn,
    SignedOut,
    SignInEvent,
    SignInOptions,
    User,
    accepts_callback_url,
    begin_sign_in,
    main_page_url,
    sign_in,
    sign_in_link,
    sign_out,
)
from lib.settings import SettingError, Settings
from lib.ui import (
    account,
    autosave,
    browser,
    catalogue,
    chat_actions,
    configuration,
    models,
    presenting,
)
from lib.ui.session import Session, current_session
from lib.ui.state import SignInRecord
from lib.ui.widgets import clear_widgets

ICON = "💬"
"""An emoji: for an image file Streamlit would load numpy and PIL first."""
MAIN_PAGE = "streamlit_app.py"
CHAT_PAGE = "pages/chat.py"
COMPARE_PAGE = "pages/compare.py"
SANDBOX_PATH = "sandbox"
"""Of the page pages/sandbox.py, below the main page."""
HOW_IT_WORKS_PAGE = "pages/how_it_works.py"
SELF_CHECK_PAGE = "pages/self_check.py"
DEMO_LINK_PAGE = "pages/demo_link.py"


@dataclass(frozen=True)
class AppContext:
    """What a page works with; `buttons` and `account_line` are slots in the sidebar."""

    settings: Settings
    session: Session
    user: User | None
    buttons: DeltaGenerator
    account_line: DeltaGenerator


def begin_page(
    sandbox_url: Callable[[], str],
    layout: Literal["centered", "wide"] = "centered",
    *,
    heading: str = "",
    introduction: Callable[[Settings], object] | None = None,
    leads_to_chat: bool = False,
) -> AppContext:
    """Begin a page: read the settings, sign the user in or render the link, render the sidebar.

    `sandbox_url` returns the base URL of the process's sandbox, which is not called if the settings
    turn it off. The `heading` is the app's title by default. `introduction` renders what stands
    above the sign-in link; a page without one shows no link. `leads_to_chat` keeps
    `session.arrival`, for the page to open the chat: until then it renders no component, as a late
    event would end the first run of the chat, and bring it back.
    """
    settings = load_settings()
    models.prepare(settings, current_session())
    st.set_page_config(page_title=title(settings, current_session()), page_icon=ICON, layout=layout)
    presenting.prepare(current_session())
    bar = st.container(key="sandbox_bar")
    st.title(heading or escape_markdown(title(settings, current_session())), anchor=False)
    options = _sign_in_options(settings, sandbox_url, introduction)
    user = sign_in(**options, stop=False)
    session = current_session()
    if user and user != session.user:
        _welcome(settings, session, user)
    if user and session.is_in_sandbox:
        settings = replace(settings, **_SANDBOX_SETTINGS)
        with bar:
            _render_sandbox_bar(settings)
    settings = models.linked_settings(settings, session)
    if not leads_to_chat:
        session.arrival = ""
    if not session.arrival:
        browser.sync_tab(session, lambda stored: autosave.restore_stored(session, stored))
    buttons, account_line = _render_sidebar(settings, session)
    return AppContext(settings, session, user, buttons, account_line)


def title(settings: Settings, session: Session) -> str:
    """Return the title to show. The key and the requests have the one of the settings."""
    return session.demo_link.title or settings.app_title


def load_settings() -> Settings:
    """Read the settings; an invalid one ends the page with a sentence that names it."""
    # Community Cloud overrides config.toml with a value that shows tracebacks.
    st.set_option("client.showErrorDetails", "none")
    configuration.bypass_proxy()  # on the way to the sandbox
    try:
        return configuration.read_settings_in_force()
    except SettingError as error:
        st.set_page_config(page_title="Not set up yet")
        st.error(f"This app is not set up yet: {error}", icon=":material/build:")
        st.page_link(SELF_CHECK_PAGE, label="Set it up", icon=":material/checklist:")
        st.stop()


_SANDBOX_SETTINGS: dict[str, Any] = {"model": "openrouter/auto", "compared_models": ()}
"""The sandbox has models of its own."""


def _welcome(settings: Settings, session: Session, user: User) -> None:
    """Take over a user who has just signed in; what belongs to another OpenRouter goes."""
    is_in_sandbox = user.base_url != settings.base_url
    if is_in_sandbox != session.is_in_sandbox:
        chat_actions.stop_all(session)
        # What its URL asks for, and events of this sign-in.
        names = ("demo_link", "is_presenting", "sign_in", "arrival")
        values = {name: getattr(session, name) for name in names}
        session.forget()
        vars(session).update(values)
        clear_widgets()
    session.user, session.is_in_sandbox = user, is_in_sandbox
    chat_actions.attach(session)
    catalogue.providers(settings, session)  # fetched until the first answer has ended


def _render_sandbox_bar(settings: Settings) -> None:
    """Render the bar that stays in sight (tab.css): where the user is, and the way out."""
    with st.container(horizontal=True, gap="small"):
        st.markdown("**This is a sandbox:** answers are made up, nothing costs anything.")
        if accepts_callback_url(callback_url(settings)):
            with st.container(width="content"):
                sign_in_link(begin_sign_in(), "Sign in with OpenRouter", "text")


def _sign_in_options(
    settings: Settings,
    sandbox_url: Callable[[], str],
    introduction: Callable[[Settings], object] | None,
) -> SignInOptions:
    sandbox = None
    if settings.try_without_account:
        with suppress(OSError):  # no port, or no file descriptor is left: one can still sign in
            sandbox = Sandbox(sandbox_url(), f"{main_page_url().rstrip('/')}/{SANDBOX_PATH}")
    options = SignInOptions(
        secret=settings.sign_in_secret,
        base_url=settings.base_url,
        method=settings.code_challenge_method,
        callback_url=callback_url(settings),
        key_label=settings.key_label or settings.app_title[:100],
        limit=settings.key_limit,
        remember=settings.remember_sign_in,
        sandbox=sandbox,
        on_event=_take_event,
    )
    if introduction is None:
        return SignInOptions(**options, button=None)
    return SignInOptions(**options, introduction=partial(introduction, settings))


def callback_url(settings: Settings) -> str:
    """Return the callback URL: the main page, with the chosen model and the link in its query."""
    url = settings.callback_url or main_page_url()
    session = current_session()
    query = urlencode(models.query(session))
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}" if url and query else url


def _take_event(event: SignInEvent) -> None:
    session = current_session()
    match event:
        case SignedIn():
            session.arrival = "acknowledged"
        case Returned():
            session.sign_in = SignInRecord(returned=event, attacks=session.sign_in.attacks)
        case Exchanged():
            session.sign_in.exchanged = event
            session.arrival = "exchanged" if event.status == 200 else ""
        case SignedOut():
            with session.lock:  # so that no earlier script starts an answer meanwhile
                chat_actions.stop_all(session)
                session.user = session.account.latest = None
            if event.forgets:
                session.forget()
                clear_widgets()


def _render_sidebar(settings: Settings, session: Session) -> tuple[DeltaGenerator, DeltaGenerator]:
    with st.sidebar:
        st.subheader(escape_markdown(title(settings, session)), anchor=False)
        label = "Account" if session.user else "Sign in"
        # Their pages have no choice of the model, so a model in their URL would undo a later one.
        link = models.query(session, with_model=False)
        st.page_link(MAIN_PAGE, label=label, icon=":material/account_circle:", query_params=link)
        st.page_link(
            CHAT_PAGE, label="Chat", icon=":material/forum:", query_params=models.query(session)
        )
        st.page_link(COMPARE_PAGE, label="Compare", icon=":material/compare:", query_params=link)
        st.page_link(
            HOW_IT_WORKS_PAGE,
            label="How sign-in works",
            icon=":material/policy:",
            query_params=link,
        )
        if session.user:
            # Above what is filled later: a button that moves while it is clicked misses the click.
            st.button(
                "Sign out",
                key="sign_out",
                type="tertiary",
                icon=":material/logout:",
                on_click=sign_out,
            )
        buttons, account_line = st.container(), st.empty()
        if session.user:
            account.render_line(settings, session, account_line)
    return buttons, account_line
