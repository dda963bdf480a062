"""The settings as a text in TOML, to paste under Community Cloud's Secrets."""

import json
from collections.abc import Mapping

from lib.settings import read_settings


def secrets_toml(values: Mapping[str, str]) -> str:
    """Return TOML with a line for each value that is not blank, by the name of its setting.

    Raises `SettingError` for the first invalid value.
    """
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    read_settings(given)
    return "".join(f"{name} = {_basic_string(value)}\n" for name, value in given.items())


def _basic_string(text: str) -> str:
    """Return a basic string, https://toml.io/en/v1.0.0#string: that of JSON, but for U+007F."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", r"\u007f")
