"""Small text, and amounts."""

import streamlit as st

from lib.chat import labels


def small(text: str, *, help: str | None = None) -> None:
    """Render a line in small letters; those of `st.caption` have too little contrast."""
    st.markdown(f":small[{text}]", help=help)


def usd(amount: float) -> str:
    """Return an amount in markdown."""
    return labels.usd(amount).replace("$", r"\$")
