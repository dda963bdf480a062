"""Setting up a deployment: the text to paste under Community Cloud's Secrets."""

import streamlit as st

from lib.secrets_toml import secrets_toml
from lib.settings import SETTINGS, SettingError
from lib.ui import browser

_LINES = {
    "app_title": ("App title", "Chat with any model"),
    "model": ("Model at first", "openrouter/auto"),
    "key_limit": ("Limit of each user's key, in US dollars", "5"),
    "session_budget": ("Budget of a session, in US dollars", "1"),
}
_AREAS = {
    "prompts": ("Prompts to click in an empty chat, one on each line", "What is new?"),
    "welcome": ("Welcome, shown before the sign-in", "Ask about our **new product**."),
}
"""Label and example of settings, by field; the other settings are in the README."""


def render() -> None:
    """Render the text with a new secret, and fields for what it may also hold."""
    st.subheader("Set up", anchor=False)
    st.markdown(
        "1. Copy this text. Your browser has just made the secret in it, and sends it nowhere.\n"
        "2. On Community Cloud, open this app's *Settings*, then *Secrets*, paste it there, and "
        "save.\n"
        "3. The app has it after a minute. Then reload this page.\n\n"
        "On another host, save it as `.streamlit/secrets.toml` beside the app."
    )
    slot = st.container()
    with st.expander("Add a title, a model, prompts and limits", icon=":material/tune:"):
        values = _render_fields()
    with slot:
        try:
            browser.secrets_toml(secrets_toml(values))
        except SettingError as error:
            st.error(f"Change this below: {error}", icon=":material/error:")


def _render_fields() -> dict[str, str]:
    """Render the fields; return the texts by the names of their settings."""
    values = {}
    for attribute, (label, example) in _LINES.items():
        values[SETTINGS[attribute].name] = st.text_input(label, placeholder=example)
    for attribute, (label, example) in _AREAS.items():
        text = st.text_area(label, placeholder=example, height="content")
        # A blank line between two prompts is no prompt.
        values[SETTINGS[attribute].name] = (
            text.replace("\n", " | ") if attribute == "prompts" else text
        )
    return values
