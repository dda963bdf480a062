"""Sign in with OpenRouter: begin, come back, exchange.

A redirect ends the Streamlit session, and the `code_verifier` in it. So the pending sign-in also
leaves in a short-lived cookie of the browser, sealed, and the session that begins on return reads
it there. Nothing is stored on the server.
"""

import secrets
import threading
import time
from dataclasses import asdict, replace

import streamlit as st

from lib.openrouter.auth import (
    accepts_callback_url,
    authorization_url,
    exchange_code,
    read_pasted,
    read_return,
    with_state,
)
from lib.openrouter.errors import OpenRouterError, UnexpectedAnswer
from lib.openrouter.pkce import Method, create_code_challenge, create_code_verifier
from lib.sealing import SealBroken
from lib.settings import Settings
from lib.ui import browser, signed_in
from lib.ui.error_messages import explain_exchange
from lib.ui.session import (
    FlowRecord,
    PendingSignIn,
    RunningExchange,
    Session,
    SignIn,
    wait_for,
)
from lib.ui.signed_in import remembering, sealer

PENDING = "pending_"
PENDING_SECONDS = 3600
"""How long a sign-in may take from the click, an account made at OpenRouter included."""
MAX_SEAL_AGE_SECONDS = 20 * 60
"""At the click: a page that stands open longer has its pending sign-in sealed afresh."""


# Begin


def callback_url(settings: Settings) -> str:
    """Return where OpenRouter sends the user back to: the main page, as the browser sees it."""
    return settings.callback_url or browser.main_page_address()


def can_return(settings: Settings, session: Session) -> bool:
    """Tell whether the way back can work: OpenRouter takes the address, the browser the cookie."""
    takes_address = accepts_callback_url(callback_url(settings))
    return takes_address and not session.cookies_are_blocked


def show_link(settings: Settings, session: Session) -> None:
    """Show the link that begins a sign-in. Its `code_verifier` is in session state and cookie."""
    address = callback_url(settings)
    if session.pending is None or session.pending.callback_url != address:
        session.pending = _begin(settings.code_challenge_method, address)
    session.pending = pending = replace(session.pending, model=session.model)
    browser.sign_in_link(
        session,
        "Sign in with OpenRouter",
        _authorization_url(settings, pending),
        keep=browser.cookie(
            PENDING + pending.state,
            sealer(settings, PENDING).seal(asdict(pending)),
            max_age=PENDING_SECONDS,
        ),
        prefix=PENDING,
        max_age=MAX_SEAL_AGE_SECONDS,
    )


def headless_url(settings: Settings, session: Session) -> str:
    """Return the address at which OpenRouter shows a code to copy; a challenge is compulsory."""
    if session.pending_headless is None:
        method: Method = "plain" if settings.code_challenge_method == "plain" else "S256"
        session.pending_headless = _begin(method, None)
    return _authorization_url(settings, session.pending_headless)


def _begin(method: Method, address: str | None) -> PendingSignIn:
    return PendingSignIn(
        state=secrets.token_urlsafe(16),
        code_verifier=create_code_verifier(),
        method=method,
        callback_url=address,
        started_at=time.time(),
    )


def _authorization_url(settings: Settings, pending: PendingSignIn) -> str:
    return authorization_url(
        settings.base_url,
        callback_url=(
            with_state(pending.callback_url, pending.state) if pending.callback_url else None
        ),
        code_challenge=create_code_challenge(pending.code_verifier, pending.method),
        method=pending.method,
        key_label=settings.key_label or settings.app_title[:100],
        limit=settings.key_limit,
    )


# Come back


def receive(settings: Settings, session: Session) -> None:
    """Take the code that OpenRouter sent back, and begin the exchange.

    Each return is taken once. The browser is told to clean its address, so that neither Reload nor
    Back brings the code again. By the `state` of a pending sign-in of this browser the code is
    known to be its own; any other waits until the user has confirmed it, or is refused where no
    sign-in is pending.
    """
    returned = read_return(st.query_params)
    if returned is None or returned == session.last_return:
        return
    session.last_return = returned
    browser.order(session, clean_address=True)
    pending = _find_pending(settings, session)
    own = pending.get(returned.state or "")
    if own:
        _use_up(session, own)
    if returned.code and own:
        _exchange(settings, session, RunningExchange(returned.code, own))
    elif session.sign_in:
        pass  # an old address, opened again by someone who is signed in
    elif returned.error:
        session.failure = (
            "Nothing was approved at OpenRouter, so you are not signed in. Try again whenever you "
            "like."
        )
    elif returned.code and pending:
        newest = max(pending.values(), key=lambda one: one.started_at)
        signed_in.bind(session)
        session.unconfirmed = RunningExchange(returned.code, newest)
    else:
        session.failure = (
            "This sign-in was not started in this browser, or was started too long ago, or its "
            "cookie was blocked. Please sign in again from here."
        )


def confirm(settings: Settings, session: Session) -> None:
    """Exchange the code that came back without the right `state`: its user says it is their own."""
    if exchange := session.unconfirmed:
        _use_up(session, exchange.pending)
        _exchange(settings, session, exchange)


def receive_pasted(settings: Settings, session: Session, pasted: str) -> None:
    """Take what the user copied from OpenRouter, and begin the exchange of the code in it.

    The pending sign-in of *Paste a code* stays until a code has been accepted. Where a whole
    address was pasted, its `state` may name another one.
    """
    returned = read_pasted(pasted)
    if returned is None or returned.code is None:
        session.failure = (
            "There is no code in what you pasted. Copy the code that OpenRouter shows, and paste "
            "it once more."
        )
        return
    own = _find_pending(settings, session).get(returned.state or "")
    if own:
        _use_up(session, own)
    if pending := own or session.pending_headless:
        _exchange(settings, session, RunningExchange(returned.code, pending))


def _find_pending(settings: Settings, session: Session) -> dict[str, PendingSignIn]:
    """Return this browser's pending sign-ins by `state`, from the session and from the cookies."""
    found = {session.pending.state: session.pending} if session.pending else {}
    for state, sealed in browser.read_cookies(PENDING):
        try:
            record = sealer(settings, PENDING).unseal(
                sealed, max_age=MAX_SEAL_AGE_SECONDS + PENDING_SECONDS
            )
            pending = PendingSignIn(**record)
        except (SealBroken, TypeError):
            continue
        if pending.state == state and state not in session.used_states:
            found[state] = pending
    return found


def _use_up(session: Session, pending: PendingSignIn) -> None:
    """Let a pending sign-in work once only, whatever comes of it."""
    session.used_states.add(pending.state)
    session.pending = None
    browser.order(session, cookies=(browser.cookie(PENDING + pending.state, "", max_age=0),))


def _exchange(settings: Settings, session: Session, exchange: RunningExchange) -> None:
    """Begin the exchange, once, in a thread of its own.

    A click or a message of the browser ends a script at any moment, and the code works only once:
    so the exchange is no script's, and whichever script runs when it ends takes what it brings.
    """
    code, pending = exchange.code, exchange.pending

    def run() -> None:
        began = time.perf_counter()
        try:
            exchange.issued = exchange_code(
                settings.base_url, code, code_verifier=pending.code_verifier, method=pending.method
            )
        except OpenRouterError as error:
            exchange.failure = error
        finally:
            exchange.milliseconds = round((time.perf_counter() - began) * 1000)
            exchange.is_over.set()

    signed_in.bind(session)
    session.exchange, session.unconfirmed = exchange, None
    threading.Thread(target=run, daemon=True).start()


def finish(settings: Settings, session: Session) -> None:
    """Wait for the exchange; then sign in, or leave a sentence in `session.failure`."""
    if (exchange := session.exchange) is None:
        return
    wait_for(exchange.is_over)
    session.exchange = None
    pending, status, failure = exchange.pending, 200, ""
    if exchange.issued is None:
        error = exchange.failure or UnexpectedAnswer()
        status, failure = error.status or 0, explain_exchange(error)
    else:
        session.sign_in = SignIn(exchange.issued.key, at=time.time())
        session.pending_headless = None
        session.account, session.account_is_stale = None, True
        session.model = session.model or pending.model
        browser.order(session, cookies=remembering(settings, session.sign_in), then_open_chat=True)
    session.failure, session.notice = failure, ""
    session.flow = FlowRecord(
        method=pending.method,
        code_challenge=_mask(create_code_challenge(pending.code_verifier, pending.method) or ""),
        callback_url=pending.callback_url or "",
        code=_mask(exchange.code),
        status=status,
        milliseconds=exchange.milliseconds,
    )


def _mask(value: str) -> str:
    return f"{value[:4]}…{value[-4:]}" if len(value) >= 20 else "…" if value else ""
