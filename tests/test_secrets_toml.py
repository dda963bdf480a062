"""Settings in TOML: read back as they were, whatever they hold."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.secrets_toml import secrets_toml
from lib.settings import SettingError, read_settings

HOSTILE = 'A "quote", \'\'\'three\'\'\' and """three""", \\n, C:\\new, # no comment, [x] = 聊天 🎉'


def test_round_trip() -> None:
    """Quotes, backslashes, line ends and any script arrive in the settings as they were typed."""
    welcome = f"{HOSTILE}\n\n{HOSTILE}"
    values = {"APP_TITLE": HOSTILE, "APP_WELCOME": welcome, "APP_PROMPTS": HOSTILE}
    toml = secrets_toml(values)
    settings = read_settings(tomllib.loads(toml))
    assert settings.app_title == HOSTILE
    assert settings.welcome == welcome
    assert settings.prompts == (HOSTILE,)


def test_blank() -> None:
    """Only what is filled in has a line."""
    values = {"APP_TITLE": " ", "OPENROUTER_MODEL": "", "OPENROUTER_KEY_LIMIT": " 5 "}
    assert secrets_toml(values) == 'OPENROUTER_KEY_LIMIT = "5"\n'


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text(text: str) -> None:
    """Any text is read back as it was, or refused as a setting."""
    values = {"APP_WELCOME": text, "APP_PROMPTS": text}
    try:
        toml = secrets_toml(values)
    except SettingError:
        return
    assert read_settings(tomllib.loads(toml)) == read_settings(values)


def test_invalid() -> None:
    """What the app would refuse is refused before it is pasted."""
    with pytest.raises(SettingError, match="OPENROUTER_KEY_LIMIT must be"):
        secrets_toml({"OPENROUTER_KEY_LIMIT": "five"})
