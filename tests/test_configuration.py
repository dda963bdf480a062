"""The configuration: what `.env`, secrets.toml, config.toml and the proxies of a machine do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from requests.utils import get_environ_proxies
from streamlit import config
from streamlit.runtime.secrets import Secrets

from lib.settings import SettingError
from lib.ui import configuration

PROXY = "http://proxy.corp:3128"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app's folder, which is empty."""
    monkeypatch.setattr(configuration, "ROOT", tmp_path)
    (tmp_path / ".streamlit").mkdir()
    return tmp_path


@pytest.fixture
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The path where Streamlit looks for secrets, outside of the app's folder; there is no file."""
    path, before = tmp_path / "home" / "secrets.toml", st.get_option("secrets.files")
    path.parent.mkdir()
    config.set_option("secrets.files", [str(path)])
    monkeypatch.setattr(st, "secrets", Secrets())
    yield path
    config.set_option("secrets.files", before)


def set_proxies(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> None:
    """Have these variables, and no other ones of proxies; the test's end restores all of them."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("https_proxy", "no_proxy", "NO_PROXY"):  # restored, as they are set in between
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in variables.items():
        if value is not None:
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("APP_TITLE=Chat".encode("utf-16"), ".env must be a text in UTF-8"),
        (
            b"SESSION_BUDGET=1\n\nOPENROUTER_KEY_LIMIT: 5",
            ".env cannot be read from line 2 on: write NAME=value.",
        ),
        (b"set OPENROUTER_KEY_LIMIT=5", ".env cannot be read from line 1 on: write NAME=value."),
        (b"APP_TITLE='Anna's chat'", ".env cannot be read from line 1 on: write NAME=value."),
        (
            b'APP_WELCOME="Say hi\nOPENROUTER_KEY_LIMIT=5\nAPP_TITLE="Chat"\n',
            ".env cannot be read from line 1 on: write NAME=value.",
        ),
    ],
)
def test_invalid_dotenv(root: Path, content: bytes, sentence: str) -> None:
    """A `.env` that cannot be read whole is an error: what it leaves out may be a limit."""
    (root / ".env").write_bytes(content)
    with pytest.raises(SettingError) as raised:
        configuration.read_settings_in_force()
    assert sentence in str(raised.value)
    assert "Anna" not in str(raised.value)


def test_dotenv(root: Path) -> None:
    """A `.env` with comments, exports, quotes and a byte order mark is read."""
    text = "\ufeff# A comment\nexport APP_TITLE='Chat' # one more\n\nSESSION_BUDGET = 2\nOTHER\n"
    (root / ".env").write_text(text, "utf-8")
    settings = configuration.read_settings_in_force()
    assert (settings.app_title, settings.session_budget) == ("Chat", 2)


@pytest.mark.parametrize("name", [".env", "secrets.toml"])
def test_unreadable_file(root: Path, secrets_file: Path, name: str) -> None:
    """A file that the system does not give out is one sentence."""
    path = {".env": root / ".env", "secrets.toml": secrets_file}[name]
    path.symlink_to(path)
    with pytest.raises(SettingError, match=f"{name} must be a text in UTF-8 that the app's user"):
        configuration.read_settings_in_force()


@pytest.mark.parametrize("line", ["APP_TITLE = Chat", "\ufeffAPP_TITLE = 'Chat'"])
def test_invalid_secrets(root: Path, secrets_file: Path, line: str) -> None:
    """Secrets that are no TOML are one sentence, wherever Streamlit looks for them."""
    secrets_file.write_text(f"DATA_POLICY = 'nothing-kept'\n{line}", "utf-8")
    with pytest.raises(SettingError, match=r"^secrets.toml must be TOML"):
        configuration.read_settings_in_force()


@pytest.mark.parametrize("no_proxy", [None, "a.corp,b.corp"])
def test_proxy(monkeypatch: pytest.MonkeyPatch, no_proxy: str | None) -> None:
    """A request to this machine is sent to no proxy; others as before."""
    set_proxies(monkeypatch, HTTPS_PROXY=PROXY, NO_PROXY=no_proxy)
    configuration.bypass_proxy()
    configuration.bypass_proxy()
    assert get_environ_proxies("https://openrouter.ai")["https"] == PROXY
    assert not get_environ_proxies("http://127.0.0.1:8000")
    assert bool(get_environ_proxies("https://b.corp")) is (no_proxy is None)


def test_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is switched off for all hosts stays so."""
    set_proxies(monkeypatch, HTTPS_PROXY=PROXY, NO_PROXY="*")
    configuration.bypass_proxy()
    assert not get_environ_proxies("https://openrouter.ai")


def test_proxy_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS and Windows, where the proxy is no environment variable, it stays in force."""
    set_proxies(monkeypatch)
    monkeypatch.setattr(configuration, "getproxies", lambda: {"https": PROXY})
    configuration.bypass_proxy()
    assert get_environ_proxies("https://openrouter.ai")["https"] == PROXY
    assert not get_environ_proxies("http://127.0.0.1:8000")


def test_overridden_options(root: Path) -> None:
    """An option that the host overrides is named with its value, one that is unknown as unknown."""
    lines = ("[runner]", "magicEnabled = false", "[server]", "port = 8501", "foo = 1")
    (root / ".streamlit" / "config.toml").write_text("\n".join(lines))
    assert list(configuration.overridden_options()) == [
        "server.foo is not known to Streamlit",
        "runner.magicEnabled = true",
    ]


@pytest.mark.parametrize("content", [None, "\ufeff[server]", "port = "])
def test_unreadable_options(root: Path, content: str | None) -> None:
    """A config.toml that Streamlit cannot read either is said to be so."""
    if content is not None:
        (root / ".streamlit" / "config.toml").write_text(content, "utf-8")
    assert list(configuration.overridden_options()) == ["config.toml cannot be read"]
