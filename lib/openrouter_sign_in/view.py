"""What the user sees of a sign-in: the link, a code to paste, a sentence for each failure."""

from concurrent.futures import wait
from dataclasses import asdict
from typing import Literal, Unpack, overload

import streamlit as st

from . import browser, cookies, flow, session
from .events import SignedIn
from .oauth import ExchangeError, accepts_callback_url
from .pkce import Method
from .state import (
    LinkStyle,
    Options,
    PendingSignIn,
    SignInOptions,
    State,
    User,
    current_state,
    widget_value,
    yield_point,
)

_POLL_INTERVAL_S = 0.1


@overload
def sign_in(*, stop: Literal[True] = True, **options: Unpack[SignInOptions]) -> User: ...
@overload
def sign_in(*, stop: bool, **options: Unpack[SignInOptions]) -> User | None: ...
def sign_in(*, stop: bool = True, **options: Unpack[SignInOptions]) -> User | None:
    """Return the signed-in user; if there is none, show how to sign in, and stop the script.

    Call it once in each run, on each page, before anything that is only for signed-in users.
    `stop=False` returns None instead of stopping; `SignInOptions` describes the other options.
    Raises `ValueError` if `method` is none of the three.
    """
    state = session.take_state(Options(**options))
    flow.receive_callback(state)
    if browser.sync(state):
        session.end(state, "elsewhere")
        st.rerun()
    if exchange := state.exchange:
        with st.spinner("Finishing your sign-in…"):
            while not wait([exchange.outcome], timeout=_POLL_INTERVAL_S).done:
                yield_point()
        if failure := flow.finish_exchange(state, exchange):
            state.failure = explain(failure)
        st.rerun()
    if state.user and state.signed_in_is_due:
        state.signed_in_is_due = False
        state.options.on_event(SignedIn())
    _show_messages(state)
    if state.user is None and state.options.button:
        _show_links(state, state.options.button)
    if state.user is None and stop:
        st.stop()
    return state.user


def begin_sign_in(
    *, method: Method | None = None, callback_url: str | None = None, sandbox: bool = False
) -> PendingSignIn:
    """Begin a sign-in for a link of your own; the same arguments return the same one until used.

    `sandbox` means the one among the options of `sign_in`; the other defaults are these options.
    """
    state = current_state()
    url = callback_url or _callback_url(state)
    return flow.begin(state, url, method=method, sandbox=sandbox)


def sign_in_link(pending: PendingSignIn, label: str, style: LinkStyle = "primary") -> str:
    """Show a link that goes on with a sign-in, and return the authorization URL behind it.

    It looks like a button, a `secondary` one, or `text`. The labels of a page's links must differ.
    A click stores the sign-in in a cookie (link.js).
    """
    state = current_state()
    url = flow.authorization_url(state, pending)
    sealed = cookies.sealer(state.options, cookies.PENDING).seal(asdict(pending))
    name = cookies.PENDING + pending.state
    browser.link(
        key=f"openrouter_link_{label}",
        data={
            "label": label,
            "href": url,
            "style": style,
            "cookie": cookies.set_cookie(name, sealed, max_age=flow.PENDING_S),
            "prefix": cookies.cookie_name(cookies.PENDING),
            "max_age": flow.MAX_SEAL_AGE_S,
        },
        on_stale_change=lambda: None,
    )
    return url


def _callback_url(state: State) -> str:
    return state.options.callback_url or cookies.main_page_url()


def _show_messages(state: State) -> None:
    if state.failure and state.user:  # of an attempt to sign in anew
        st.toast(state.failure, icon=":material/error:", duration="infinite")
        state.failure = ""
    if state.failure:
        st.error(state.failure, icon=":material/error:")
    if state.notice:
        st.info(state.notice, icon=":material/info:")
    if state.unconfirmed:
        st.warning(_UNCONFIRMED, icon=":material/link_off:")
        st.button(
            "Go on and sign in",
            key="openrouter_confirm",
            icon=":material/login:",
            on_click=flow.confirm,
            args=(state,),
        )


def _show_links(state: State, label: str) -> None:
    # Here, since a link that moves down while it is clicked misses the click.
    state.options.introduction()
    can_return = False
    if browser.keeps_cookies(reports_success=False) is False:
        st.warning(_COOKIES_ARE_BLOCKED, icon=":material/cookie_off:")
    elif not accepts_callback_url(_callback_url(state)):
        st.warning(_CANNOT_RETURN, icon=":material/wrong_location:")
    else:
        can_return = True
        sign_in_link(begin_sign_in(), label)
        st.markdown(_ABOUT_THE_LINK)
        if sandbox := state.options.sandbox:
            sign_in_link(begin_sign_in(sandbox=True), sandbox.button, "secondary")
    # Few users open it: until then its content is neither made nor loaded by the browser.
    title, icon = "Paste a code instead", ":material/password:"
    expander = st.expander(title, expanded=not can_return, icon=icon, on_change="rerun")
    if expander.open:
        with expander:
            _show_headless(state)


def _show_headless(state: State) -> None:
    st.markdown(_HOW_TO_PASTE)
    url = flow.authorization_url(state, flow.begin(state, None))
    st.link_button("Get a code from OpenRouter", url, icon=":material/open_in_new:")

    # In a callback, since another message of the tab may end a run before it reaches its button.
    def receive() -> None:
        if pasted := str(widget_value("openrouter_code") or "").strip():
            flow.receive_pasted(state, pasted)

    with st.form("openrouter_headless", clear_on_submit=True, border=False):
        st.text_input("Code", key="openrouter_code", autocomplete="off", max_chars=4096)
        st.form_submit_button("Sign in with this code", on_click=receive)


def explain(error: ExchangeError) -> str:
    """Say why the exchange failed, and what to do. The code is used up: only a new one may help."""
    if sentence := _FAILURES.get(error.problem or error.status):
        return sentence
    if error.status >= 500:
        return f"OpenRouter has a problem at the moment (error {error.status}). Please sign in again in a minute."
    return f"OpenRouter refused the sign-in (error {error.status}). Please try again."


_FAILURES = {
    "code_expired": "The approval was older than ten minutes and has expired. Please sign in again.",
    "code_rejected": "OpenRouter did not accept the approval: it was used already, or is not for this sign-in. Please sign in again.",
    "timed_out": "OpenRouter took too long to answer. Please sign in again in a moment.",
    "unreachable": "OpenRouter could not be reached from this app. Check status.openrouter.ai, then sign in again.",
    "invalid_response": "OpenRouter answered in a way that this app does not understand. Please sign in again; if it happens twice, tell the person who sent you the link.",
    400: "OpenRouter did not accept this app's request (the code_challenge_method). Tell the person who sent you the link.",
    403: "The sign-in was refused on its way to OpenRouter (error 403), perhaps because of where this app runs. Tell the person who sent you the link.",
    409: "OpenRouter was busy with another sign-in of yours. Please sign in again.",
}
_RISK = "you would be signed in to their account, and they could read what you ask."
_UNCONFIRMED = f"OpenRouter sent you back without proof that you began this sign-in here. If you have just approved it yourself, go on. If someone sent you this link, do not: {_RISK}"
_COOKIES_ARE_BLOCKED = "Your browser blocks cookies for this page, so you could not come back from OpenRouter. Allow them and reload, or paste a code instead."
_CANNOT_RETURN = "OpenRouter does not send anyone back to this address, only to https or localhost. Paste a code instead."
_ABOUT_THE_LINK = ":small[You approve on OpenRouter's own page and set how much may be spent. You type no password here, and you can take the approval back at any time.]"
_HOW_TO_PASTE = f"""\
1. Open OpenRouter in a new tab and approve.
2. Copy the code that it shows.
3. Come back to this tab and paste it.

Paste only a code that you have just got yourself. With a code from someone else {_RISK}"""
