"""The self-check: a verdict on each subject, and a report without secrets."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.self_check import (
    ConnectionCheck,
    ConnectionCheckCache,
    Observations,
    check_connection,
    findings,
    report,
)
from lib.settings import Settings, read_settings
from tests.conftest import RawServer, Served, http

SECRET = "a-secret-that-is-in-no-report-of-this-app"
FINE = Observations("https://a.org", "https://a.org/", True, True, ConnectionCheck(12, 200))


def warnings(settings: Settings, observed: Observations) -> dict[str, str]:
    """The sentences of the warnings, by subject."""
    found = findings(settings, observed)
    return {one.subject: one.sentence for one in found if one.verdict == "warning"}


def test_all_well() -> None:
    """Where everything is in order no line warns, and OpenRouter's response time is reported."""
    found = findings(Settings(sign_in_secret=SECRET), FINE)
    assert {one.verdict for one in found} == {"ok"}
    assert found[-1].sentence == "https://openrouter.ai responded in 12 ms."


@pytest.mark.parametrize(
    ("changes", "subject", "remedy"),
    [
        (
            {"url": "http://a.org", "callback_url": "http://a.org/", "is_callback_url_accepted": False},
            "Callback URL",
            "set OPENROUTER_CALLBACK_URL",
        ),
        ({"url": "https://b.org:8443"}, "Address", "at https://b.org:8443, and the callback URL is a different one"),
        ({"url": "http://a.org"}, "Address", "Set OPENROUTER_CALLBACK_URL to the URL of the app"),
        ({"url": "https://a.org:8443/"}, "Address", "at https://a.org:8443, and the callback URL is a different one"),
        ({"url": "https://a.org/demo/"}, "Address", "and the callback URL is a different one"),
        ({"keeps_cookies": False}, "Cookies", "Allow them"),
        ({"overridden": ("runner.magic = true",)}, "Host", "than config.toml: runner.magic = true."),
        (
            {"connection": ConnectionCheck(3000, problem="did not respond in time")},
            "OpenRouter",
            "did not respond in time (3000 ms). Check OPENROUTER_BASE_URL",
        ),
        ({"connection": ConnectionCheck(6, 404)}, "OpenRouter", "status 404 in 6 ms, as OpenRouter does not."),
    ],
    ids=["callback", "host", "scheme", "port", "path", "cookies", "options", "unreachable", "other server"],
)  # fmt: skip
def test_warning(changes: dict[str, Any], subject: str, remedy: str) -> None:
    """Each problem is one warning, which says what to do."""
    found = warnings(Settings(sign_in_secret=SECRET), replace(FINE, **changes))
    assert found.keys() == {subject}
    assert remedy in found[subject]


def test_community_cloud() -> None:
    """On Community Cloud the forced options are in order, and the sleep is mentioned."""
    url = "https://a.streamlit.app"
    observed = replace(FINE, url=url, callback_url=f"{url}/", overridden=("runner.magic = true",))
    (host,) = (one for one in findings(Settings(), observed) if one.subject == "Host")
    assert host.verdict == "ok"
    assert "overrides config.toml (runner.magic = true)" in host.sentence
    assert "After 12 hours without visitors the app sleeps" in host.sentence


def test_no_secret() -> None:
    """Without a SIGN_IN_SECRET there is one warning, which says how long it must be."""
    found = warnings(Settings(), FINE)
    assert found.keys() == {"SIGN_IN_SECRET"}
    assert "Set one of at least 32 characters" in found["SIGN_IN_SECRET"]


def test_browser_has_not_answered() -> None:
    """Until the browser has answered, its cookies and its address are being checked."""
    lines = report(Settings(), replace(FINE, url="", keeps_cookies=None))
    assert "[being checked] Cookies: Waiting for this browser." in lines
    assert "[being checked] Address: Waiting for this browser." in lines


@pytest.mark.parametrize(
    ("address", "callback_url"),
    [
        ("https://A.org/demo/", "https://a.org/demo"),
        ("https://a.org/", f"https://user:{SECRET}@a.org:443/?x=1"),
    ],
    ids=["case", "userinfo"],
)
def test_address_of_the_same_cookies(address: str, callback_url: str) -> None:
    """An address that shares its cookies with the callback URL is fine."""
    observed = replace(FINE, url=address, callback_url=callback_url)
    assert not warnings(Settings(sign_in_secret=SECRET), observed)


def test_not_remembered() -> None:
    """A sign-in that is not remembered is reported, without a warning."""
    settings = Settings(sign_in_secret=SECRET, remember_sign_in=False)
    assert not warnings(settings, FINE)
    assert any("a reload signs out" in line for line in report(settings, FINE))


def test_every_setting_once() -> None:
    """Each setting of `.env.example` is in the report once, with its current value."""
    example = (Path(__file__).parents[1] / ".env.example").read_text("utf-8")
    names = [line.split(" = ")[0] for line in report(Settings(), FINE) if " = " in line]
    assert sorted(names) == sorted(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    lines = report(read_settings({"SESSION_BUDGET": "2.50", "APP_PROMPTS": "Why?|How?"}), FINE)
    assert {"SESSION_BUDGET = 2.5", "APP_PROMPTS = set, 11 characters"} < set(lines)
    assert {"OPENROUTER_MODEL = openrouter/auto", "SIGN_IN_SECRET = not set"} < set(lines)


def test_versions() -> None:
    """The versions of Python and of the main packages are in the report."""
    lines = "\n".join(report(Settings(), FINE))
    packages = ("streamlit", "requests", "cryptography", "jinja2", "markdown-it-py", "msgspec")
    for name in ("python", *packages):
        assert re.search(rf"^{name} \d+\.\d+", lines, re.MULTILINE)


def test_nothing_secret() -> None:
    """No secret is in the report, not even one in a URL or in another setting."""
    address = f"https://{SECRET}:{SECRET}@a.org:8443/sk-or-v1-{SECRET}/?token={SECRET}@b/c"
    names = ("OPENROUTER_BASE_URL", "OPENROUTER_CALLBACK_URL", "APP_URL")
    free_texts = ("SIGN_IN_SECRET", "APP_WELCOME", "APP_PROMPTS", "APP_INSTRUCTIONS")
    settings = read_settings(
        dict.fromkeys(names, address)
        | dict.fromkeys(free_texts, SECRET)
        | {"OPENROUTER_BASE_URL": address.partition("?")[0]}
        | {"OPENROUTER_KEY_LABEL": f"sk-or-v1-{SECRET}"}
    )
    for observed in (
        Observations(address, address, True, True, ConnectionCheck(12, 200)),
        Observations(
            address,
            address.replace("https", "http"),
            False,
            False,
            ConnectionCheck(12, problem="is away"),
        ),
    ):
        shown = "\n".join(report(settings, observed)) + repr(findings(settings, observed))
        assert SECRET not in shown
        assert "SIGN_IN_SECRET = set\n" in shown
        assert "APP_URL = https://…@a.org:8443/sk-or-…/?…" in shown


def test_contact(served: Served) -> None:
    """A response of OpenRouter counts, with the time it took."""
    reached = check_connection(served.base_url)
    assert (reached.status, reached.problem) == (200, "")
    assert 0 <= reached.milliseconds < 5_000


def test_foreign_response(raw_server: RawServer) -> None:
    """A response that is not the API's counts too, and its status is reported."""
    reached = check_connection(
        raw_server.serve(http(b"<h1>", "text/html", status="502 Bad Gateway"))
    )
    observed = replace(FINE, connection=reached)
    assert findings(Settings(sign_in_secret=SECRET), observed)[-1].verdict == "ok"
    assert "responded with status 502 in" in findings(Settings(), observed)[-1].sentence


def test_no_response(raw_server: RawServer) -> None:
    """A silent server and an unreachable one have different messages."""
    silent = check_connection(raw_server.serve(b"", stays=True), timeout=(1, 0.1))
    assert (silent.status, silent.problem) == (None, "did not respond in time")
    absent = check_connection("http://127.0.0.1:9")
    assert (absent.status, absent.problem) == (None, "could not be reached")


def test_recent_contact() -> None:
    """Contact is made once in ten seconds, for each base URL separately."""
    now = 100.0
    made: list[str] = []

    def make(base_url: str) -> ConnectionCheck:
        made.append(base_url)
        return ConnectionCheck(len(made))

    contacts = ConnectionCheckCache(make, clock=lambda: now)
    assert [contacts.get("a").milliseconds, contacts.get("a").milliseconds] == [1, 1]
    assert contacts.get("b").milliseconds == 2
    now += 10
    assert contacts.get("a").milliseconds == 3
    assert made == ["a", "b", "a"]
