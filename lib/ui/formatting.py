"""Small text, and amounts."""

import streamlit as st

from lib.chat import labels


def small(text: str, *, help: str | None = None) -> None:
    """Render a line in small letters; those of `st.caption` have too little contrast."""
    st.markdown(f":small[{text}]", help=help)


def usd(amount: float) -> str:
    """Return an exact amount in markdown, for prices and tooltips."""
    return labels.usd(amount).replace("$", r"\$")


def rounded_usd(amount: float) -> str:
    """Return an amount of spending in markdown, as a person reads it."""
    return labels.rounded_usd(amount).replace("$", r"\$")
