"""The self-check: the configuration of the app for a bug report, without secrets."""

import platform
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from lib.openrouter.errors import InvalidResponse, TimedOut, Unreachable, mask_keys
from lib.openrouter.transport import Timeout, fetch
from lib.settings import MIN_SECRET_LENGTH, SETTINGS, Setting, Settings

PACKAGES = ("streamlit", "requests", "cryptography", "jinja2", "markdown-it-py", "msgspec")

Verdict = Literal["ok", "warning", "being checked"]


class Finding(NamedTuple):
    """The result of one check; the sentence of a warning says what to do."""

    verdict: Verdict
    subject: str
    sentence: str


@dataclass(frozen=True)
class ConnectionCheck:
    """An attempt to reach OpenRouter; `problem` is the reason if there is no `status`."""

    milliseconds: int
    status: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class Observations:
    """What is observed at run time.

    `url` is the app's URL in the browser, empty until the browser has sent it; `keeps_cookies` is
    None until the browser has been checked. `overridden`: Streamlit's options that have another
    value than config.toml gives them, as `name = value`.
    """

    url: str
    callback_url: str
    is_callback_url_accepted: bool
    keeps_cookies: bool | None
    connection: ConnectionCheck
    overridden: tuple[str, ...] = ()


def check_connection(base_url: str, *, timeout: Timeout = (3, 5)) -> ConnectionCheck:
    """Send OpenRouter a small request without a key; a response of any status is a success."""
    status, problem = None, ""
    began = time.perf_counter()
    try:
        status = fetch("GET", f"{base_url}/api/v1/models/count", timeout=timeout).status
    except TimedOut:
        problem = "did not respond in time"
    except Unreachable:
        problem = "could not be reached"
    except InvalidResponse:
        problem = "sent too large a response"
    return ConnectionCheck(round((time.perf_counter() - began) * 1000), status, problem)


class ConnectionCheckCache:
    """A cache of connection checks, each of which is repeated after `lifetime` seconds.

    The page is public, and without the cache each reload would send a request. Streamlit's caches
    do not serve for this: any visitor's browser can clear them.
    """

    def __init__(
        self,
        make: Callable[[str], ConnectionCheck] = check_connection,
        *,
        lifetime: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make, self._lifetime, self._clock = make, lifetime, clock
        self._lock = threading.Lock()
        self._made: dict[str, tuple[float, ConnectionCheck]] = {}

    def get(self, base_url: str) -> ConnectionCheck:
        """Return the last check, or make one while all other threads wait."""
        with self._lock:
            at, made = self._made.get(base_url, (0.0, None))
            if made is None or self._clock() - at >= self._lifetime:
                made = self._make(base_url)
                self._made[base_url] = self._clock(), made
            return made


connection_checks = ConnectionCheckCache()


def findings(settings: Settings, observed: Observations) -> tuple[Finding, ...]:
    """Return the results of all checks."""
    return (
        _callback_url(observed),
        _url(observed.url, observed.callback_url),
        _cookies(observed.keeps_cookies),
        _secret(settings.sign_in_secret),
        Finding(
            "ok",
            "Sign-in",
            "Remembered by the browser, so it outlives a reload."
            if settings.remember_sign_in
            else "Not remembered, as REMEMBER_SIGN_IN says: a reload signs out.",
        ),
        _host(observed),
        _openrouter(_public(settings.api_url), observed.connection),
    )


def _callback_url(observed: Observations) -> Finding:
    url = _public(observed.callback_url)
    if observed.is_callback_url_accepted:
        return Finding("ok", "Callback URL", f"{url} has a form that OpenRouter accepts.")
    return Finding(
        "warning",
        "Callback URL",
        f"{url} has a form that OpenRouter does not accept. It requires https, or http on "
        "localhost or 127.0.0.1: serve the app so, or set OPENROUTER_CALLBACK_URL. Until then "
        "users have to paste a code.",
    )


def _url(url: str, callback_url: str) -> Finding:
    if not url:
        return Finding("being checked", "Address", "Waiting for this browser.")
    here, callback = urlsplit(url), urlsplit(callback_url)
    sentence = f"This browser has the app at {_public(f'{here.scheme}://{here.netloc}')}"
    # The cookie belongs to a host, and its name contains the app's port and path.
    if _origin_and_path(here) == _origin_and_path(callback):
        return Finding("ok", "Address", f"{sentence}.")
    return Finding(
        "warning",
        "Address",
        f"{sentence}, and the callback URL is a different one: a sign-in that starts here does not "
        "find its cookie there. Set OPENROUTER_CALLBACK_URL to the URL of the app, or "
        "unset it.",
    )


def _origin_and_path(url: SplitResult) -> tuple[str, str | None, int | None, str]:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, url.hostname, port, url.path.rstrip("/")


def _cookies(keeps_cookies: bool | None) -> Finding:
    match keeps_cookies:
        case True:
            return Finding("ok", "Cookies", "This browser accepts them.")
        case False:
            sentence = (
                "This browser blocks them, so a sign-in cannot be completed in it. "
                "Allow them for this page, or paste a code."
            )
            return Finding("warning", "Cookies", sentence)
        case None:
            return Finding("being checked", "Cookies", "Waiting for this browser.")


def _secret(secret: str | None) -> Finding:
    if secret:
        return Finding("ok", "SIGN_IN_SECRET", "Set, so a sign-in outlives a restart of the app.")
    return Finding(
        "warning",
        "SIGN_IN_SECRET",
        "Not set, so each process has a random one: a restart signs all users out, and several "
        f"processes do not work together. Set one of at least {MIN_SECRET_LENGTH} characters: "
        "Set up, below, makes one.",
    )


def _openrouter(base_url: str, connection: ConnectionCheck) -> Finding:
    took = f"{connection.milliseconds} ms"
    if connection.status is not None:
        status = "" if connection.status == 200 else f" with status {connection.status}"
        responded = f"{base_url} responded{status} in {took}"
        if connection.status == 404 or 300 <= connection.status < 400:
            remedy = "Check OPENROUTER_BASE_URL and OPENROUTER_API_URL."
            return Finding(
                "warning", "OpenRouter", f"{responded}, as OpenRouter does not. {remedy}"
            )
        return Finding("ok", "OpenRouter", f"{responded}.")
    return Finding(
        "warning",
        "OpenRouter",
        f"{base_url} {connection.problem} ({took}). Check OPENROUTER_BASE_URL and "
        "OPENROUTER_API_URL, whether the app's "
        "server may connect to it, and status.openrouter.ai.",
    )


def _host(observed: Observations) -> Finding:
    options = ", ".join(observed.overridden)
    if (urlsplit(observed.url).hostname or "").endswith(".streamlit.app"):
        forced = f"It overrides config.toml ({options}), which this app is made for. "
        sentence = (
            f"Streamlit Community Cloud. {forced if options else ''}After 12 hours without "
            "visitors the app sleeps: open it shortly before you show it."
        )
        return Finding("ok", "Host", sentence)
    if not options:
        return Finding("ok", "Host", "Streamlit has the options of config.toml.")
    return Finding(
        "warning",
        "Host",
        f"Streamlit has other options than config.toml: {options}. Check the environment "
        "(STREAMLIT_…), the command line, and ~/.streamlit/config.toml.",
    )


def report(settings: Settings, observed: Observations) -> list[str]:
    """Return the lines of the report: findings, versions, current settings."""
    lines = [
        *(f"[{one.verdict}] {one.subject}: {one.sentence}" for one in findings(settings, observed)),
        "",
        f"python {platform.python_version()}",
        *(f"{package} {version(package)}" for package in PACKAGES),
        "",
        *(f"{name} = {value}" for name, value in _current(settings)),
    ]
    return [mask_keys(line) for line in lines]  # a key may be in the wrong setting


def _current(settings: Settings) -> Iterator[tuple[str, str]]:
    for attribute, setting in SETTINGS.items():
        text = setting.to_text(getattr(settings, attribute))
        yield setting.name, _shown(setting, text) if text else "not set"


def _shown(setting: Setting, text: str) -> str:
    match setting.shown:
        case "value":
            return text
        case "url":
            return _public(text)
        case "length":  # the text is private, and the page is public
            return f"set, {len(text)} characters"
        case "secret":
            return "set"


_USER = re.compile(r"(?<=//)[^/]*@")
_QUERY = re.compile(r"\?.*")


def _public(url: str) -> str:
    """Return a URL without its secret parts: user, password, query and keys."""
    return mask_keys(_USER.sub("…@", _QUERY.sub("?…", url)))
