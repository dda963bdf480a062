"""A sign-in, read downwards: begin, come back, exchange.

A redirect ends the Streamlit session, and the `code_verifier` in it. So the pending sign-in also
leaves in a short-lived cookie of the browser, sealed, and the session that begins on return reads
it there. Nothing is stored on the server.
"""

import secrets
import threading
import time
from dataclasses import asdict
from functools import partial

import streamlit as st

from . import browser, cookies
from .events import Exchanged, Returned, Started, mask
from .oauth import (
    ExchangeError,
    accepts_callback_url,
    add_state,
    authorization_url,
    exchange_code,
    parse_callback,
    parse_pasted,
)
from .pkce import create_code_challenge, create_code_verifier
from .sealing import SealBroken
from .session import KEY, bind, sealer
from .state import Exchange, PendingSignIn, State, User

PENDING = "pending_"
PENDING_S = 3600
"""How long a sign-in may take from the click, an account made at OpenRouter included."""
MAX_SEAL_AGE_S = 20 * 60
"""At the click: a page that stands open longer has its pending sign-in sealed afresh."""


# Begin


def callback_url(state: State) -> str:
    """Return where OpenRouter sends the user back to: the main page, as the browser sees it."""
    return state.options.callback_url or cookies.main_page_url()


def can_return(state: State) -> bool:
    """Tell whether the way back can work: OpenRouter takes the URL, the browser the cookie."""
    return accepts_callback_url(callback_url(state)) and not state.cookies_are_blocked


def show_link(state: State, label: str) -> None:
    """Show the link that begins a sign-in. Its `code_verifier` is in session state and cookie."""
    url = callback_url(state)
    if state.pending is None or state.pending.callback_url != url:
        state.pending = _begin(state, url)
    pending = state.pending
    browser.show_link(
        label,
        _authorization_url(state, pending),
        cookie=cookies.set_cookie(
            PENDING + pending.state,
            sealer(state.options, PENDING).seal(asdict(pending)),
            max_age=PENDING_S,
        ),
        cookie_prefix=PENDING,
        max_age_s=MAX_SEAL_AGE_S,
    )


def headless_url(state: State) -> str:
    """Return the URL at which OpenRouter shows a code to copy; a challenge is compulsory there."""
    if state.pending_headless is None:
        state.pending_headless = _begin(state, None)
    return _authorization_url(state, state.pending_headless)


def _begin(state: State, url: str | None) -> PendingSignIn:
    method = state.options.method
    pending = PendingSignIn(
        state=secrets.token_urlsafe(16),
        code_verifier=create_code_verifier(),
        method="S256" if url is None and method == "none" else method,
        callback_url=url,
        base_url=state.options.base_url,
        started_at=time.time(),
    )
    state.options.on_event(Started(pending.method, _masked_challenge(pending), url))
    return pending


def _authorization_url(state: State, pending: PendingSignIn) -> str:
    url = pending.callback_url
    return authorization_url(
        pending.base_url,
        callback_url=add_state(url, pending.state) if url else None,
        code_challenge=create_code_challenge(pending.code_verifier, pending.method),
        method=pending.method,
        key_label=state.options.key_label,
        limit=state.options.limit,
    )


# Come back


def receive_callback(state: State) -> None:
    """Take the code that OpenRouter sent back, and begin the exchange.

    Each response is taken once. The browser is told to clean its URL, so that neither Reload nor
    Back brings the code again. By the `state` of a pending sign-in of this browser the code is
    known to be its own; any other waits until the user has confirmed it, or is refused where no
    sign-in is pending.
    """
    response = parse_callback(st.query_params)
    if response is None or response == state.last_response:
        return
    state.last_response = response
    browser.queue(state, cleans_url=True)
    pending = _find_pending(state)
    own = pending.get(response.state or "")
    state.options.on_event(Returned(mask(response.code), response.error or "", fits=bool(own)))
    if own:
        _use_up(state, own)
    if response.code and own:
        _begin_exchange(state, Exchange(response.code, own))
    elif state.user:
        pass  # an old URL, opened again by someone who is signed in
    elif response.error:
        state.failure = (
            "Nothing was approved at OpenRouter, so you are not signed in. Try again whenever you "
            "like."
        )
    elif response.code and pending:
        newest = max(pending.values(), key=lambda one: one.started_at)
        bind(state)
        state.unconfirmed = Exchange(response.code, newest)
    else:
        state.failure = (
            "This sign-in was not started in this browser, or was started too long ago, or its "
            "cookie was blocked. Please sign in again from here."
        )


def confirm(state: State) -> None:
    """Exchange the code that came back without the right `state`: its user says it is their own."""
    if exchange := state.unconfirmed:
        _use_up(state, exchange.pending)
        _begin_exchange(state, exchange)


def receive_pasted(state: State, pasted: str) -> None:
    """Take what the user copied from OpenRouter, and begin the exchange of the code in it.

    The pending sign-in of *Paste a code* stays until a code has been accepted. Where a whole URL
    was pasted, its `state` may name another one.
    """
    response = parse_pasted(pasted)
    if response is None or response.code is None:
        state.failure = (
            "There is no code in what you pasted. Copy the code that OpenRouter shows, and paste "
            "it once more."
        )
        return
    own = _find_pending(state).get(response.state or "")
    if own:
        _use_up(state, own)
    if pending := own or state.pending_headless:
        _begin_exchange(state, Exchange(response.code, pending))


def _find_pending(state: State) -> dict[str, PendingSignIn]:
    """Return this browser's pending sign-ins by `state`, from the session and from the cookies."""
    found = {state.pending.state: state.pending} if state.pending else {}
    for name, sealed in cookies.read_cookies(PENDING):
        try:
            record = sealer(state.options, PENDING).unseal(
                sealed, max_age=MAX_SEAL_AGE_S + PENDING_S
            )
            pending = PendingSignIn(**record)
        except (SealBroken, TypeError):
            continue
        is_ours = pending.base_url == state.options.base_url
        if is_ours and pending.state == name and name not in state.used_states:
            found[name] = pending
    return found


def _use_up(state: State, pending: PendingSignIn) -> None:
    """Let a pending sign-in work once only, whatever comes of it."""
    state.used_states.add(pending.state)
    state.pending = None
    browser.queue(state, cookies=(cookies.delete_cookie(PENDING + pending.state),))


# Exchange


def _begin_exchange(state: State, exchange: Exchange) -> None:
    """Begin the exchange, once, in a thread of its own: Streamlit ends a script at any moment."""
    code, pending = exchange.code, exchange.pending

    def run() -> None:
        began = time.perf_counter()
        try:
            issued = exchange_code(
                pending.base_url, code, code_verifier=pending.code_verifier, method=pending.method
            )
            settle = partial(exchange.result.set_result, issued)
        except Exception as error:  # noqa: BLE001 - whatever it was, the script that waits must hear of it
            settle = partial(exchange.result.set_exception, error)
        exchange.milliseconds = round((time.perf_counter() - began) * 1000)
        settle()

    bind(state)
    state.exchange, state.unconfirmed = exchange, None
    threading.Thread(target=run, daemon=True).start()


def finish_exchange(state: State, exchange: Exchange) -> ExchangeError | None:
    """Sign in with what an exchange that is over has brought, or return why it failed."""
    pending, error = exchange.pending, exchange.result.exception()
    state.exchange, state.failure, state.notice = None, "", ""
    failure = None
    if error:
        failure = error if isinstance(error, ExchangeError) else ExchangeError("invalid_response")
    else:
        issued = exchange.result.result()
        state.user = User(issued.key, time.time(), pending.base_url)
        state.pending_headless = None
        sealed = (
            sealer(state.options, KEY).seal(asdict(state.user)) if state.options.remember else ""
        )
        cookie = (cookies.set_cookie(KEY, sealed),) if sealed else ()
        browser.queue(state, cookies=cookie, signs_in=True)
    state.options.on_event(
        Exchanged(
            method=pending.method,
            code_challenge=_masked_challenge(pending),
            callback_url=pending.callback_url,
            code=mask(exchange.code),
            status=failure.status if failure else 200,
            milliseconds=exchange.milliseconds,
        )
    )
    return failure


def _masked_challenge(pending: PendingSignIn) -> str:
    return mask(create_code_challenge(pending.code_verifier, pending.method))
