"""What the user sees of a sign-in: the link, a code to paste, a sentence for each failure."""

from concurrent.futures import wait
from typing import Literal, Unpack, overload

import streamlit as st

from . import browser, flow, session
from .events import SignedOut
from .oauth import ExchangeError
from .state import Exchange, Options, SignInOptions, State, User, widget_value, yield_point

_POLL_INTERVAL_S = 0.1
_SOMEBODY_ELSES = "you would be signed in to their account, and they could read what you ask."


@overload
def sign_in(*, stop: Literal[True] = True, **options: Unpack[SignInOptions]) -> User: ...
@overload
def sign_in(*, stop: bool, **options: Unpack[SignInOptions]) -> User | None: ...
def sign_in(*, stop: bool = True, **options: Unpack[SignInOptions]) -> User | None:
    """Return who is signed in; show the way to sign in, and stop the script, if nobody is.

    Once in each run, on each page, before anything that is only for signed-in users. With
    `stop=False` the script goes on, and gets None. `SignInOptions` says what the options are.
    Raises `ValueError` for a `method` that is not one of the three.
    """
    state = session.take_state(Options(**options))
    flow.receive_callback(state)
    if browser.sync(state, session.KEY):
        session.end(state, SignedOut("elsewhere"), session.SIGNED_OUT_ELSEWHERE)
        st.rerun()
    if exchange := state.exchange:
        _finish(state, exchange)
        st.rerun()
    session.announce(state)
    if state.user is None and state.options.button:
        _show(state, state.options.button)
    if state.user is None and stop:
        st.stop()
    return state.user


def _finish(state: State, exchange: Exchange) -> None:
    """Wait for an exchange in a script, which Streamlit may end meanwhile."""
    with st.spinner("Finishing your sign-in…"):
        while not wait([exchange.result], timeout=_POLL_INTERVAL_S).done:
            yield_point()
    if failure := flow.finish_exchange(state, exchange):
        state.failure = explain(failure)


def _show(state: State, label: str) -> None:
    if state.failure:
        st.error(state.failure, icon=":material/error:")
    if state.notice:
        st.info(state.notice, icon=":material/info:")
    if state.unconfirmed:
        st.warning(
            "OpenRouter sent you back without the mark by which this app knows a sign-in that you "
            "began here. If you have just approved it yourself, go on. If somebody sent you this "
            f"link, do not: {_SOMEBODY_ELSES}",
            icon=":material/link_off:",
        )
        st.button(
            "Go on and sign in",
            key="openrouter_confirm",
            icon=":material/login:",
            on_click=flow.confirm,
            args=(state,),
        )
    state.cookies_are_blocked = browser.keeps_cookies(says_yes=False) is False
    if flow.can_return(state):
        flow.show_link(state, label)
        st.markdown(
            ":small[You approve on OpenRouter's own page and set how much may be spent. You type "
            "no password here, and you can take the approval back at any time.]"
        )
    elif state.cookies_are_blocked:
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
        expanded=not flow.can_return(state),
        icon=":material/password:",
        on_change="rerun",
    )
    if expander.open:
        with expander:
            _show_headless(state)


def _show_headless(state: State) -> None:
    st.markdown(
        "1. Open OpenRouter in a new tab and approve.\n"
        "2. Copy the code that it shows.\n"
        "3. Come back to this tab and paste it.\n\n"
        "Paste only a code that you have just fetched yourself. With somebody else's "
        f"{_SOMEBODY_ELSES}"
    )
    url = flow.headless_url(state)
    st.link_button("Get a code from OpenRouter", url, icon=":material/open_in_new:")

    # In a callback, since another message of the tab may end a run before it comes to its button.
    def receive() -> None:
        if pasted := str(widget_value("openrouter_code") or "").strip():
            flow.receive_pasted(state, pasted)

    with st.form("openrouter_headless", clear_on_submit=True, border=False):
        st.text_input("Code", key="openrouter_code", autocomplete="off", max_chars=4096)
        st.form_submit_button("Sign in with this code", on_click=receive)


_SENTENCES = {
    "code_expired": "The approval was older than ten minutes and has expired. Please sign in again.",
    "code_rejected": "OpenRouter did not accept the approval: it was used already, or is not for this sign-in. Please sign in again.",
    "timed_out": "OpenRouter took too long to answer. Please sign in again in a moment.",
    "unreachable": "OpenRouter could not be reached from this app. Check status.openrouter.ai, then sign in again.",
    "invalid_response": "OpenRouter answered in a way that this app does not understand. Please sign in again; if it happens twice, tell the person who sent you the link.",
    400: "OpenRouter did not accept how this app asks (the code_challenge_method). Tell the person who sent you the link.",
    409: "OpenRouter was busy with another sign-in of yours. Please sign in again.",
}


def explain(error: ExchangeError) -> str:
    """Say why the exchange failed. The code is used up: the way on is a new sign-in."""
    if sentence := _SENTENCES.get(error.problem or error.status):
        return sentence
    if error.status >= 500:
        return f"OpenRouter has a problem of its own at the moment (error {error.status}). Please sign in again in a minute."
    return f"OpenRouter refused the sign-in (error {error.status}). Please try again."
