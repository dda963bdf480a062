"""How this sign-in worked: the three steps with the values as they were, masked."""

import streamlit as st

from lib.ui.session import FlowRecord, Session

_CHALLENGES = {
    "S256": "the SHA-256 of a secret that never left this app before step 3",
    "plain": "the secret itself, which OpenRouter compares in step 3",
    "none": "none: this app is set up without one",
}


def show_flow(session: Session) -> None:
    """Show the panel, if a sign-in went through the exchange in this session."""
    if session.flow is None:
        return
    with st.expander("How this sign-in worked", icon=":material/policy:"):
        st.markdown(_steps(session.flow))


def _steps(flow: FlowRecord) -> str:
    answer = f"`{flow.status}`" if flow.status else "none"
    outcome = "an API key of your own" if flow.status == 200 else "no key"
    way_back = f"`{flow.callback_url}`" if flow.callback_url else "none: the code was pasted"
    return f"""
**1. Your browser went to OpenRouter**

| | |
|---|---|
| `code_challenge_method` | `{flow.method}` |
| `code_challenge` | {f"`{flow.code_challenge}`" if flow.code_challenge else "–"} ({_CHALLENGES[flow.method]}) |
| `callback_url` | {way_back} |

**2. You approved, and OpenRouter sent back a code**

| | |
|---|---|
| `code` | `{flow.code}` (works once, for ten minutes) |

**3. This app exchanged the code for a key, server to server**

| | |
|---|---|
| sent | the `code`{"" if flow.method == "none" else " and the `code_verifier`, which only this app and your browser's sealed cookie held"} |
| answer | {answer} in {flow.milliseconds} ms: {outcome} |

The values are masked. The key is held for this browser session only: in the app's memory, and sealed
in a cookie that your browser drops when it closes.
"""
