"""A sign-in, read downwards: begin, come back, exchange.

A redirect ends the Streamlit session, and the `code_verifier` in it. So a click also stores the
pending sign-in, sealed, in a short-lived cookie, which the session that begins on return reads.
"""

import logging
import secrets
import threading
import time
import traceback
from dataclasses import asdict

import streamlit as st

from . import browser, cookies, oauth
from .events import Exchanged, Returned, Started, mask
from .pkce import Method, create_code_verifier
from .session import bind
from .state import Exchange, PendingSignIn, State, User, current_state

_logger = logging.getLogger(__name__)

PENDING_S = 3600
"""How long a sign-in may take from the click, including making an account at OpenRouter."""
MAX_BEGUN = 16
"""Sign-ins of one session that have begun and are not used up, the last ones."""
MAX_SEAL_AGE_S = 20 * 60
"""At the click: a page that stays open longer has its pending sign-in sealed again."""

_DENIED = (
    "Nothing was approved at OpenRouter, so you are not signed in. You can try again at any time."
)
_FAILED = "OpenRouter reported a problem with the sign-in. Please sign in again in a moment."


def begin(
    state: State, callback_url: str | None, *, method: Method | None = None, sandbox: bool = False
) -> PendingSignIn:
    """Begin a sign-in, or return the one that was begun so in this session and is not used up.

    Without a `callback_url` OpenRouter shows a code to copy, and requires a challenge. `sandbox`
    means the one of the options, `method` None that of the options. Raises `ValueError` if the
    options have no sandbox.
    """
    options = state.options
    if sandbox and options.sandbox is None:
        raise ValueError("sandbox: not among the options of sign_in")
    method = method or options.method
    base_url = options.sandbox.base_url if sandbox and options.sandbox else options.base_url
    known = (base_url, callback_url, method)
    if known not in state.begun:
        pending = PendingSignIn(
            state=secrets.token_urlsafe(16),
            code_verifier=create_code_verifier(),
            method="S256" if callback_url is None and method == "none" else method,
            callback_url=callback_url,
            base_url=base_url,
            started_at=time.time(),
        )
        state.begun = dict([*state.begun.items(), (known, pending)][-MAX_BEGUN:])
        options.on_event(Started(pending.method, mask(pending.code_challenge), callback_url))
    return state.begun[known]


def authorization_url(state: State, pending: PendingSignIn) -> str:
    """Return the URL of the consent page for a sign-in that has begun."""
    url = pending.callback_url
    return oauth.authorization_url(
        state.options.auth_urls[pending.base_url],
        callback_url=oauth.add_state(url, pending.state) if url else None,
        code_challenge=pending.code_challenge,
        method=pending.method,
        key_label=state.options.key_label,
        limit=state.options.limit,
    )


def receive_callback(state: State) -> None:
    """Take the code that OpenRouter sent back, once, and begin the exchange.

    The browser then cleans its URL, so that neither Reload nor Back sends the code again. A code
    with the `state` of a sign-in pending in this browser is its own. Any other waits until the
    user confirms it, or is refused if no sign-in is pending.
    """
    response = oauth.parse_callback(st.query_params)
    if response is None or response == state.last_response:
        return
    state.last_response = response
    browser.queue(state, "clean_url")
    pending = _find_pending(state)
    own = _answered(pending, response)
    state.options.on_event(
        Returned(
            code=mask(response.code),
            error=(response.error or "")[:100],
            state=mask(response.state),
            found_in="" if not own else "session" if own in state.begun.values() else "cookie",
            age_s=round(time.time() - own.started_at) if own else 0,
        )
    )
    if own:
        _use_up(state, own)
    if response.code and own:
        _begin_exchange(state, Exchange(response.code, own))
    elif state.user:
        pass  # an old URL, opened again by someone who is signed in
    elif response.error:
        state.failure = _DENIED if response.error == "access_denied" else _FAILED
    elif response.code and pending:
        # More likely of the link that everyone uses, and of the last one.
        likeliest = max(
            pending, key=lambda one: (one.base_url == state.options.base_url, one.started_at)
        )
        bind(state)
        state.unconfirmed = Exchange(response.code, likeliest)
    else:
        state.failure = "This sign-in was not started in this browser, was started too long ago, or its cookie was blocked. Please sign in again from here."


def confirm(state: State) -> None:
    """Exchange the code that came without the right `state`: the user says it is their own."""
    if exchange := state.unconfirmed:
        _use_up(state, exchange.pending)
        _begin_exchange(state, exchange)


def receive_pasted(state: State, pasted: str) -> None:
    """Begin the exchange of the code in what the user copied from OpenRouter.

    The pending sign-in of *Paste a code* stays until a code is accepted. If a whole URL was
    pasted, its `state` may name another one.
    """
    response = oauth.parse_pasted(pasted)
    if response is None or response.code is None:
        state.failure = "There is no code in what you pasted. Copy the code that OpenRouter shows, and paste it again."
        return
    own = _answered(_find_pending(state), response)
    if own:
        _use_up(state, own)
    _begin_exchange(state, Exchange(response.code, own or begin(state, None)))


def _find_pending(state: State) -> list[PendingSignIn]:
    """Return this browser's pending sign-ins, from the session and from the cookies."""
    max_age = MAX_SEAL_AGE_S + PENDING_S
    sealed = cookies.unseal(state.options, cookies.PENDING, PendingSignIn, max_age=max_age)
    stored = [one for name, one in sealed.items() if name == one.state]
    begun = [one for one in state.begun.values() if one.callback_url]
    return begun + [one for one in stored if one.state not in state.used_states]


def _answered(
    pending: list[PendingSignIn], response: oauth.AuthorizationResponse
) -> PendingSignIn | None:
    return next((one for one in pending if response.answers(one.state)), None)


def _use_up(state: State, pending: PendingSignIn) -> None:
    """Let a pending sign-in work only once, whatever its outcome."""
    state.used_states.add(pending.state)
    state.begun = {known: one for known, one in state.begun.items() if one.state != pending.state}
    browser.queue(state, "set_cookie", cookies.delete_cookie(cookies.PENDING + pending.state))


def _begin_exchange(state: State, exchange: Exchange) -> None:
    """Begin the exchange, once, in its own thread: Streamlit may end a script at any moment."""
    code, pending = exchange.code, exchange.pending

    def run() -> None:
        began = time.perf_counter()
        outcome: str | oauth.ExchangeError
        try:
            outcome = oauth.exchange_code(
                pending.base_url, code, code_verifier=pending.code_verifier, method=pending.method
            )
        except oauth.ExchangeError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - the waiting script needs an outcome
            where = "".join(traceback.format_tb(error.__traceback__))
            # Without its message, which may hold what was sent.
            _logger.error("The exchange failed: %s\n%s", type(error).__name__, where)  # noqa: TRY400
            outcome = oauth.ExchangeError("invalid_response")
        exchange.milliseconds = round((time.perf_counter() - began) * 1000)
        exchange.outcome.set_result(outcome)

    bind(state)
    state.exchange, state.unconfirmed = exchange, None
    threading.Thread(target=run, daemon=True).start()


def repeat_exchange(*, code_verifier: str | None = None) -> int | None:
    """Send the last exchange of this session again, and return the status, to see it refused.

    With this `code_verifier` in place of the right one. None if there was no exchange; status 0 if
    there was no response.
    """
    if (last := current_state().last_exchange) is None:
        return None
    pending = last.pending
    try:
        oauth.exchange_code(
            pending.base_url,
            last.code,
            code_verifier=code_verifier or pending.code_verifier,
            method=pending.method,
        )
    except oauth.ExchangeError as error:
        return error.status
    return 200


def finish_exchange(state: State, exchange: Exchange) -> oauth.ExchangeError | None:
    """Sign in with the key that an exchange has brought, or return why it brought none."""
    pending, outcome = exchange.pending, exchange.outcome.result()
    failure = outcome if isinstance(outcome, oauth.ExchangeError) else None
    state.exchange, state.failure, state.notice = None, "", ""
    state.last_exchange = exchange if failure is None else None
    if isinstance(outcome, str):
        state.user = User(outcome, time.time(), pending.base_url)
        state.begun = {}
        if state.options.remember:
            sealed = cookies.sealer(state.options, cookies.KEY).seal(asdict(state.user))
            browser.queue(state, "set_cookie", cookies.set_cookie(cookies.KEY, sealed))
        browser.queue(state, "record_sign_in", state.user.signed_in_at)
    state.options.on_event(
        Exchanged(
            method=pending.method,
            code_challenge=mask(pending.code_challenge),
            callback_url=pending.callback_url,
            base_url=pending.base_url,
            code=mask(exchange.code),
            status=failure.status if failure else 200,
            milliseconds=exchange.milliseconds,
        )
    )
    return failure
