"""The least that Streamlit can be asked for: what a cold start costs anyway."""

import streamlit as st

st.link_button("A link", "https://example.org")
