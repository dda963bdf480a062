"""How this sign-in worked: its three steps, with the values masked."""

import streamlit as st

from lib.openrouter_sign_in import Exchanged
from lib.settings import Settings

_CHALLENGES = {
    "S256": "the SHA-256 of the `code_verifier`, which OpenRouter sees in step 3 only",
    "plain": "the `code_verifier` itself",
    "none": "none, as this app is set up",
}


def render(settings: Settings, exchanged: Exchanged | None) -> None:
    """Render the panel, if there was an exchange in this session."""
    if exchanged:
        with st.expander("How this sign-in worked", icon=":material/policy:"):
            st.markdown(_steps(exchanged, is_remembered=settings.remember_sign_in))


def _steps(exchanged: Exchanged, *, is_remembered: bool) -> str:
    challenge = f"`{exchanged.code_challenge}`, " if exchanged.code_challenge else ""
    way_back = (
        f"`{exchanged.callback_url}`" if exchanged.callback_url else "none, the code was pasted"
    )
    verifier = "" if exchanged.method == "none" else " and the `code_verifier`"
    response = f"`{exchanged.status}`" if exchanged.status else "none"
    cookie = (
        ", and sealed in a cookie that your browser drops when it closes" if is_remembered else ""
    )
    outcome = "an API key of your own" if exchanged.status == 200 else "no key"
    return f"""
**1. Your browser went to OpenRouter**, with

- `code_challenge_method`: `{exchanged.method}`
- `code_challenge`: {challenge}{_CHALLENGES[exchanged.method]}
- `callback_url`: {way_back}

**2. You approved, and OpenRouter sent back**

- `code`: `{exchanged.code}`, which works once and for ten minutes

**3. This app exchanged the code for a key, server to server**

- sent: the `code`{verifier}
- response: {response} in {exchanged.milliseconds} ms, {outcome}

The values are masked. The key is held for this browser session only: in the app's memory{cookie}.
"""
