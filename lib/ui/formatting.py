"""Small text, and amounts."""

import streamlit as st

from lib.chat import labels


def small(text: str) -> None:
    """Show a line in small letters; those of `st.caption` are too pale to read for many."""
    st.markdown(f":small[{text}]")


def usd(amount: float) -> str:
    """Return an amount in markdown."""
    return labels.usd(amount).replace("$", r"\$")
