"""Sign in with OpenRouter: the authorization URL, the callback, and the exchange of the code.

Follows https://openrouter.ai/docs/use-cases/oauth-pkce and RFC 6749, section 4.1.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from .pkce import Method

MAX_PARAMETER_LENGTH = 1024
MAX_RESPONSE_BYTES = 100_000


def authorization_url(
    auth_url: str,
    *,
    callback_url: str | None,
    code_challenge: str | None,
    method: Method,
    key_label: str | None = None,
    limit: float | None = None,
) -> str:
    """Return the URL of OpenRouter's consent page for one request.

    Without a `callback_url` the page shows a code for the user to copy, and a challenge is
    compulsory (else `ValueError`). `limit` is the new key's credit limit in USD, as a proposal.
    """
    if callback_url is None and code_challenge is None:
        raise ValueError("code_challenge: compulsory without a callback_url")
    query = {
        "callback_url": callback_url,
        "code_challenge": code_challenge,
        "code_challenge_method": code_challenge and method,
        "key_label": key_label or None,
        "limit": None if limit is None else f"{Decimal(str(limit)).normalize():f}",
    }
    given = {name: value for name, value in query.items() if value is not None}
    return f"{auth_url}?{urlencode(given)}"


def accepts_callback_url(callback_url: str) -> bool:
    """Tell whether OpenRouter takes this callback URL: https, or http on localhost or 127.0.0.1."""
    try:
        url = urlsplit(callback_url)
        _ = url.port  # raises ValueError if it is no port
    except ValueError:
        return False
    is_loopback = url.hostname in ("localhost", "127.0.0.1")
    return bool(url.hostname) and (url.scheme == "https" or (url.scheme == "http" and is_loopback))


def add_state(callback_url: str, state: str) -> str:
    """Add `state` to the query of the callback URL, the only part from which it comes back."""
    url = urlsplit(callback_url)
    query = [*parse_qsl(url.query, keep_blank_values=True), ("state", state)]
    return urlunsplit(url._replace(query=urlencode(query), fragment=""))


@dataclass(frozen=True)
class AuthorizationResponse:
    """What OpenRouter sent back in the query of the callback URL: RFC 6749, section 4.1.2."""

    code: str | None = field(default=None, repr=False)
    state: str | None = None
    error: str | None = None

    def answers(self, state: str) -> bool:
        """Tell whether it answers the request with this `state`: RFC 6749, section 10.12."""
        return self.state == state


def parse_callback(query: Mapping[str, str]) -> AuthorizationResponse | None:
    """Read `code`, `state` and `error` from a query; None if it has neither code nor error.

    Splits off a code that is glued to the state (`?state=abc?code=xyz`, as seen by one client).
    Ignores a parameter longer than 1,024 characters.
    """
    query = {name: value for name, value in query.items() if len(value) <= MAX_PARAMETER_LENGTH}
    state, glued, rest = query.get("state", "").partition("?")
    if glued:
        query = dict(parse_qsl(rest.replace("+", "%2B"))) | query  # decoded once already
    code, error = query.get("code"), query.get("error")
    if not code and not error:
        return None
    return AuthorizationResponse(code or None, state or None, error or None)


_CODE_LABEL = re.compile(r"^code(\W*[:=]\s*|\s+)", re.IGNORECASE)
_CODE = re.compile(r"[^\s?&#=]+=*")
"""With "=" only at the end, as in base64: elsewhere it belongs to a query without a code."""
_AROUND_A_PASTE = " \t\r\n\u200b\ufeff\"'`“”‘’«»<>()[]{}"


def parse_pasted(text: str) -> AuthorizationResponse | None:
    """Read what a user pasted as the code; None if no code is recognisable in it.

    It may be the code, `code=…` or `code: …`, a query or the whole URL, also glued as in
    `parse_callback`, in quotes or brackets, and broken over lines.
    """
    text = "".join(map(str.strip, text.splitlines())).strip(_AROUND_A_PASTE).replace("&amp;", "&")
    fields = parse_qsl(text.replace("?", "&").replace("#", "&"))
    response = parse_callback({name: value.strip(_AROUND_A_PASTE) for name, value in fields})
    if response and response.code:
        return response
    code = _CODE_LABEL.sub("", text).strip(_AROUND_A_PASTE)
    is_code = _CODE.fullmatch(code) and "://" not in code
    return parse_callback({"code": code}) if is_code else None


Problem = Literal[
    "unreachable", "timed_out", "invalid_response", "code_rejected", "code_expired", ""
]


class ExchangeError(Exception):
    """The exchange gave no key: `problem` is "" if unknown, `status` is 0 without a response."""

    def __init__(self, problem: Problem = "", *, status: int = 0) -> None:
        self.problem, self.status = problem, status
        super().__init__(f"{status or ''} {problem}".strip())


_KEY = re.compile(r"[!-~]{1,1024}")
"""Short enough for a sealed cookie: browsers take 4,096 bytes, with name and attributes."""


def exchange_code(
    base_url: str,
    code: str,
    *,
    code_verifier: str,
    method: Method,
    timeout: tuple[float, float] = (5, 10),
) -> str:
    """Exchange an authorization code for the user's API key, in one POST: a code works only once.

    `timeout`: seconds to connect, and between two reads; the whole may take twice their sum.
    Raises `ExchangeError`.
    """
    body = {"code": code}
    if method != "none":
        body |= {"code_verifier": code_verifier, "code_challenge_method": method}
    status, content = _post(f"{base_url}/api/v1/auth/keys", body, timeout)
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = None
    response = parsed if isinstance(parsed, dict) else {}
    if status != 200:
        raise ExchangeError(_problem(status, response.get("error")), status=status)
    key = response.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ExchangeError("invalid_response", status=200)
    return key


def _post(url: str, body: Mapping[str, str], timeout: tuple[float, float]) -> tuple[int, bytes]:
    """Send JSON, and return status and content of the response, whatever they are."""
    ends_at = time.monotonic() + 2 * sum(timeout)
    content = b""
    try:
        with requests.post(
            url,
            json=body,
            auth=lambda request: request,  # or `requests` would send the credentials of a `.netrc`
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            # Not `iter_content`, which waits until a chunk is full, past the deadline.
            while chunk := response.raw.read1(65_536, decode_content=True):
                content += chunk
                if len(content) > MAX_RESPONSE_BYTES:
                    raise ExchangeError("invalid_response", status=response.status_code)
                if time.monotonic() > ends_at:
                    raise ExchangeError("timed_out")
            return response.status_code, content
    except (requests.Timeout, ReadTimeoutError) as error:
        raise ExchangeError("timed_out") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise ExchangeError("unreachable") from error


def _problem(status: int, error: object) -> Problem:
    if status != 403:
        return ""
    message = str(error.get("message") if isinstance(error, dict) else error).lower()
    if "code" not in message:
        return ""
    return "code_expired" if "expired" in message else "code_rejected"
