"""How this sign-in worked: the three steps with the values as they were, masked."""

import streamlit as st

from lib.settings import Settings
from lib.ui.session import FlowRecord, Session

_CHALLENGES = {
    "S256": "the SHA-256 of the `code_verifier`, which OpenRouter sees in step 3 only",
    "plain": "the `code_verifier` itself",
    "none": "none, as this app is set up",
}


def show_flow(settings: Settings, session: Session) -> None:
    """Show the panel, if a sign-in went through the exchange in this session."""
    if session.flow is None:
        return
    with st.expander("How this sign-in worked", icon=":material/policy:"):
        st.markdown(_steps(session.flow, is_remembered=settings.remember_sign_in))


def _steps(flow: FlowRecord, *, is_remembered: bool) -> str:
    challenge = f"`{flow.code_challenge}`, " if flow.code_challenge else ""
    way_back = f"`{flow.callback_url}`" if flow.callback_url else "none, the code was pasted"
    verifier = "" if flow.method == "none" else " and the `code_verifier`"
    answer = f"`{flow.status}`" if flow.status else "none"
    cookie = (
        ", and sealed in a cookie that your browser drops when it closes" if is_remembered else ""
    )
    outcome = "an API key of your own" if flow.status == 200 else "no key"
    return f"""
**1. Your browser went to OpenRouter**, with

- `code_challenge_method`: `{flow.method}`
- `code_challenge`: {challenge}{_CHALLENGES[flow.method]}
- `callback_url`: {way_back}

**2. You approved, and OpenRouter sent back**

- `code`: `{flow.code}`, which works once and for ten minutes

**3. This app exchanged the code for a key, server to server**

- sent: the `code`{verifier}
- answer: {answer} in {flow.milliseconds} ms, {outcome}

The values are masked. The key is held for this browser session only: in the app's memory{cookie}.
"""
