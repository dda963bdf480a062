"""A minimal Streamlit app: the part of a cold start, and of a click, that any app has."""

import streamlit as st

st.link_button("A link", "https://example.org")
count = st.session_state.setdefault("count", 0)


def press() -> None:
    """Count a click."""
    st.session_state["count"] += 1


st.button("Press", on_click=press)
st.markdown(f"Pressed {st.session_state['count']}.")
