"""A minimal Streamlit app: the part of a cold start that any app has."""

import streamlit as st

st.link_button("A link", "https://example.org")
