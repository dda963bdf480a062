"""Pages for a projector, by `?present=1`: no sidebar, larger type, and no name of a key."""

from pathlib import Path

import streamlit as st

from lib.ui.session import Session

_CSS = Path(__file__).with_suffix(".css")
PARAMETER = "present"


def prepare(session: Session) -> None:
    """Read the query, which switches it on or off for the session, and apply it."""
    if wanted := st.query_params.get(PARAMETER):
        session.is_presenting = wanted == "1"
    if session.is_presenting:
        st.html(_CSS)


def query(session: Session) -> dict[str, str]:
    """Return the query that keeps it in a link, and in the callback URL."""
    return {PARAMETER: "1"} if session.is_presenting else {}
