"""Small text, and amounts."""

import streamlit as st


def small(text: str) -> None:
    """Show a line in small letters; those of `st.caption` are too pale to read for many."""
    st.markdown(f":small[{text}]")


def usd(amount: float) -> str:
    """Return an amount in markdown: two places, more where it is under a cent."""
    if amount == 0 or abs(amount) >= 0.01:
        return rf"\${amount:,.2f}"
    return rf"\${amount:.6f}".rstrip("0").rstrip(".")
