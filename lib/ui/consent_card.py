"""What a user gives away by signing in, and what not."""

import streamlit as st

SHORT = (
    "The app gets **a key of its own**, with the limit that you set, and nothing else: not your "
    "password, your other keys, or your payment data. You can delete the key at any time."
)
GIVEN = """\
- **What the app gets:** one API key of your account, with a name and the limit that you set. With
  it, the app asks models and sees what is left of the limit.
- **What it cannot do:** see your password or your other keys, buy credits, change your settings, or
  spend more than the limit.
- **What it holds:** the key, in memory and encrypted in a cookie of your browser, for 12 hours at
  most. Your chats stay in your browser tab. There is no database.
- **How to take it back:** sign out here, and delete the key in your OpenRouter settings, under
  *Keys*. From then on it opens nothing.
"""


def render_short() -> None:
    """Render it in two sentences, before the click."""
    with st.container(border=True):
        st.markdown(f":material/verified_user: {SHORT}")


def render() -> None:
    """Render all of it."""
    st.markdown(GIVEN)
