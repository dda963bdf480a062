"""The configuration in force: the settings, from where they may stand, and Streamlit's options."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import streamlit as st
from dotenv import dotenv_values

from lib.settings import SETTINGS, SettingError, Settings, read_settings

ROOT = Path(__file__).parents[2]
_NAMES = frozenset(setting.name for setting in SETTINGS.values())


def read_settings_in_force() -> Settings:
    """Read the settings. Raises `SettingError` for an invalid one."""
    return read_settings({**_dotenv(), **os.environ, **_secrets()})


def bypass_proxy(host: str = "127.0.0.1") -> None:
    """Have no request to this machine sent to a proxy of the environment, which could not answer it."""
    names = ("no_proxy", "NO_PROXY")  # `requests` reads the second only without the first
    hosts = ",".join(filter(None, map(os.environ.get, names)))
    if host not in hosts.split(","):
        os.environ.update(dict.fromkeys(names, f"{hosts},{host}".removeprefix(",")))


def overridden_options() -> Iterator[str]:
    """Yield Streamlit's options that have another value than config.toml gives them."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    for section in ("client", "browser", "server", "runner"):
        for name, value in config.get(section, {}).items():
            option = f"{section}.{name}"
            if (current := st.get_option(option)) != value:
                yield f"{option} = {str(current).lower()}"


def _dotenv() -> dict[str, str | None]:
    try:
        return dotenv_values(ROOT / ".env", encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingError(".env", "must be a text in UTF-8.") from error


def _secrets() -> dict[str, str]:
    """Return the flags in Streamlit's secrets: it puts texts and numbers into the environment."""
    try:
        is_read = st.secrets.load_if_toml_exists()
    except UnicodeDecodeError as error:
        raise SettingError("secrets.toml", "must be a text in UTF-8.") from error
    if not is_read:
        if (ROOT / ".streamlit" / "secrets.toml").exists():
            rule = "must be TOML, as https://toml.io has it, without a byte order mark."
            raise SettingError("secrets.toml", rule)
        return {}
    for name, value in st.secrets.items():
        if isinstance(value, list):
            raise SettingError(name, "must be one text in quotes, and no list.")
        if isinstance(value, Mapping) and (below := _NAMES.intersection(value)):
            rule = f"stands below [{name}] in secrets.toml: move it above the first section."
            raise SettingError(min(below), rule)
    return {name: str(value) for name, value in st.secrets.items() if isinstance(value, bool)}
