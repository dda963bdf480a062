"""The configuration in force: the settings, from where they may stand, and Streamlit's options."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from urllib.request import getproxies

import streamlit as st
from dotenv import dotenv_values
from dotenv.parser import parse_stream

from lib.settings import SETTINGS, SettingError, Settings, read_settings

ROOT = Path(__file__).parents[2]
_NAMES = frozenset(setting.name for setting in SETTINGS.values())


def read_settings_in_force() -> Settings:
    """Read the settings. Raises `SettingError` for an invalid one, or a file that cannot be read."""
    return read_settings({**_dotenv(), **os.environ, **_secrets()})


def bypass_proxy(host: str = "127.0.0.1") -> None:
    """Have no request to this machine sent to a proxy, which could not answer it."""
    proxies = getproxies()
    hosts = proxies.pop("no", "")
    if not proxies or hosts == "*" or host in hosts.split(","):
        return
    # With any of these variables `requests` no longer reads the proxies of macOS or Windows.
    os.environ.update({f"{scheme}_proxy": url for scheme, url in proxies.items()})
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = f"{hosts},{host}".removeprefix(",")


def overridden_options() -> Iterator[str]:
    """Yield Streamlit's options that have another value than config.toml gives them."""
    try:
        config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):  # not UTF-8, or not TOML
        yield "config.toml cannot be read"
        return
    for section in ("client", "browser", "server", "runner"):
        for name, value in config.get(section, {}).items():
            option = f"{section}.{name}"
            try:
                current = st.get_option(option)
            except RuntimeError:
                yield f"{option} is not known to Streamlit"
                continue
            if current != value:
                yield f"{option} = {str(current).lower()}"


def _dotenv() -> dict[str, str | None]:
    try:
        text = (ROOT / ".env").read_text("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        return {}
    except (UnicodeDecodeError, OSError) as error:
        raise _unreadable(".env") from error
    for line in parse_stream(StringIO(text)):
        if line.error:  # `dotenv_values` would leave it out
            raise SettingError(
                ".env", f"cannot be read from line {line.original.line} on: write NAME=value."
            )
    return dotenv_values(stream=StringIO(text))


def _secrets() -> dict[str, str]:
    """Return the flags in Streamlit's secrets: it puts texts and numbers into the environment."""
    try:
        is_read = st.secrets.load_if_toml_exists()
    except (UnicodeDecodeError, OSError) as error:
        raise _unreadable("secrets.toml") from error
    if not is_read:
        if any(map(os.path.exists, st.get_option("secrets.files"))):
            rule = "must be TOML, as https://toml.io has it, without a byte order mark."
            raise SettingError("secrets.toml", rule)
        return {}
    for name, value in st.secrets.items():
        if name in _NAMES and isinstance(value, list):
            raise SettingError(name, "must be one text in quotes, and no list.")
        if isinstance(value, Mapping) and (below := _NAMES.intersection(value)):
            rule = f"stands below [{name}] in secrets.toml: move it above the first section."
            raise SettingError(min(below), rule)
    return {name: str(value) for name, value in st.secrets.items() if isinstance(value, bool)}


def _unreadable(name: str) -> SettingError:
    return SettingError(name, "must be a text in UTF-8 that the app's user may read.")
