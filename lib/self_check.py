"""The self-check: how the app is set up, for a bug report, with nothing secret in it."""

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
    """What was found on a subject; the sentence of a warning says what to do."""

    verdict: Verdict
    subject: str
    sentence: str


@dataclass(frozen=True)
class Contact:
    """An attempt to reach OpenRouter: `trouble` says why there is no `status`."""

    milliseconds: int
    status: int | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Measured:
    """What only the running app knows; `keeps_cookies` is None until the browser has said so.

    `address` is the app's, as the browser has it, empty if the browser has not told it.
    """

    address: str
    callback_url: str
    is_callback_url_accepted: bool
    keeps_cookies: bool | None
    contact: Contact


def contact(base_url: str, *, timeout: Timeout = (3, 5)) -> Contact:
    """Ask OpenRouter for something small, without a key; any answer will do."""
    status, trouble = None, ""
    began = time.perf_counter()
    try:
        status = fetch("GET", f"{base_url}/api/v1/models/count", timeout=timeout).status
    except TimedOut:
        trouble = "did not answer in time"
    except Unreachable:
        trouble = "could not be reached"
    except InvalidResponse:
        trouble = "sent more than it should"
    return Contact(round((time.perf_counter() - began) * 1000), status, trouble)


class RecentContacts:
    """Contacts for everyone who looks, each made again once it is `lifetime` seconds old.

    Nobody has to sign in to look, and each reload would be a request. Not in a cache of Streamlit's:
    any visitor's browser may clear those.
    """

    def __init__(
        self,
        make: Callable[[str], Contact] = contact,
        *,
        lifetime: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make, self._lifetime, self._clock = make, lifetime, clock
        self._lock = threading.Lock()
        self._made: dict[str, tuple[float, Contact]] = {}

    def get(self, base_url: str) -> Contact:
        """Return the last contact, or make one, for which all threads wait."""
        with self._lock:
            at, made = self._made.get(base_url, (0.0, None))
            if made is None or self._clock() - at >= self._lifetime:
                made = self._make(base_url)
                self._made[base_url] = self._clock(), made
            return made


recent_contacts = RecentContacts()


def findings(settings: Settings, measured: Measured) -> tuple[Finding, ...]:
    """Judge what a sign-in and a chat depend on."""
    return (
        _callback_url(measured),
        _address(measured.address, measured.callback_url),
        _cookies(measured.keeps_cookies),
        _secret(settings.sign_in_secret),
        Finding(
            "ok",
            "Sign-in",
            "Remembered by the browser, so it outlives a reload."
            if settings.remember_sign_in
            else "Not remembered, as REMEMBER_SIGN_IN says: a reload signs out.",
        ),
        _openrouter(_public(settings.base_url), measured.contact),
    )


def _callback_url(measured: Measured) -> Finding:
    address = _public(measured.callback_url)
    if measured.is_callback_url_accepted:
        return Finding("ok", "Callback URL", f"{address} has a form that OpenRouter accepts.")
    return Finding(
        "warning",
        "Callback URL",
        f"{address} has a form that OpenRouter does not accept. It wants https, or http on "
        "localhost or 127.0.0.1: serve the app so, or set OPENROUTER_CALLBACK_URL. Until then "
        "people have to paste a code.",
    )


def _address(address: str, callback_url: str) -> Finding:
    if not address:
        return Finding("being checked", "Address", "This browser has not said yet.")
    here, back = urlsplit(address), urlsplit(callback_url)
    sentence = f"This browser has the app at {_public(f'{here.scheme}://{here.netloc}')}"
    # A cookie belongs to a host, and ours has port and path of the app in its name.
    if _place(here) == _place(back):
        return Finding("ok", "Address", f"{sentence}.")
    return Finding(
        "warning",
        "Address",
        f"{sentence}, and the callback URL leads elsewhere: a sign-in that begins here does not "
        "find its cookie there. Set OPENROUTER_CALLBACK_URL to where people open the app, or "
        "leave it out.",
    )


def _place(url: SplitResult) -> tuple[str, str | None, int | None, str]:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, url.hostname, port, url.path.rstrip("/")


def _cookies(keeps_cookies: bool | None) -> Finding:
    match keeps_cookies:
        case True:
            return Finding("ok", "Cookies", "This browser keeps them.")
        case False:
            sentence = (
                "This browser blocks them, so nobody finds the way back from OpenRouter in it. "
                "Allow them for this page, or paste a code."
            )
            return Finding("warning", "Cookies", sentence)
        case None:
            return Finding("being checked", "Cookies", "This browser has not said yet.")


def _secret(secret: str | None) -> Finding:
    if secret:
        return Finding("ok", "SIGN_IN_SECRET", "Set, so a sign-in outlives a restart of the app.")
    return Finding(
        "warning",
        "SIGN_IN_SECRET",
        "Not set, so each process has a random one: a restart signs everybody out, and several "
        f"processes do not work together. Set one of at least {MIN_SECRET_LENGTH} characters.",
    )


def _openrouter(base_url: str, contact: Contact) -> Finding:
    took = f"{contact.milliseconds} ms"
    if contact.status is not None:
        status = "" if contact.status == 200 else f" with status {contact.status}"
        return Finding("ok", "OpenRouter", f"{base_url} answered{status} in {took}.")
    return Finding(
        "warning",
        "OpenRouter",
        f"{base_url} {contact.trouble} ({took}). Check OPENROUTER_BASE_URL, whether the app's "
        "server may connect to it, and status.openrouter.ai.",
    )


def report(settings: Settings, measured: Measured) -> list[str]:
    """Return the lines of the whole report: findings, versions, settings in force."""
    lines = [
        *(f"[{one.verdict}] {one.subject}: {one.sentence}" for one in findings(settings, measured)),
        "",
        f"python {platform.python_version()}",
        *(f"{package} {version(package)}" for package in PACKAGES),
        "",
        *(f"{name} = {value}" for name, value in _in_force(settings)),
    ]
    return [mask_keys(line) for line in lines]  # one may stand in the wrong setting


def _in_force(settings: Settings) -> Iterator[tuple[str, str]]:
    for attribute, setting in SETTINGS.items():
        text = setting.to_text(getattr(settings, attribute))
        yield setting.name, _shown(setting, text) if text else "not set"


def _shown(setting: Setting, text: str) -> str:
    match setting.shown:
        case "value":
            return text
        case "url":
            return _public(text)
        case "length":  # the text is the owner's, and the page is open to everyone
            return f"set, {len(text)} characters"
        case "secret":
            return "set"


_USER = re.compile(r"(?<=//)[^/]*@")
_QUERY = re.compile(r"\?.*")


def _public(address: str) -> str:
    """An address without what may be secret in it: user, password, query and keys."""
    return mask_keys(_USER.sub("…@", _QUERY.sub("?…", address)))
