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

MAX_RESPONSE_BYTES = 100_000


def authorization_url(
    base_url: str,
    *,
    callback_url: str | None,
    code_challenge: str | None,
    method: Method,
    key_label: str | None = None,
    limit: float | None = None,
) -> str:
    """Return the URL of OpenRouter's consent page.

    Without a `callback_url` it is the headless form: the page shows the authorization code for
    the user to copy, and a challenge is compulsory (`ValueError` without one). `limit` is the
    credit limit in USD that the page offers for the new key.
    """
    if callback_url is None and code_challenge is None:
        raise ValueError("code_challenge: compulsory without a callback_url")
    query: dict[str, str] = {}
    if callback_url is not None:
        query["callback_url"] = callback_url
    if code_challenge is not None:
        query |= {"code_challenge": code_challenge, "code_challenge_method": method}
    if key_label:
        query["key_label"] = key_label
    if limit is not None:
        query["limit"] = f"{Decimal(str(limit)).normalize():f}"
    return f"{base_url}/auth?{urlencode(query)}"


def accepts_callback_url(callback_url: str) -> bool:
    """Tell whether OpenRouter takes this callback URL: https, or http on localhost or 127.0.0.1."""
    try:
        url = urlsplit(callback_url)
        _ = url.port
    except ValueError:
        return False
    return bool(url.hostname) and (
        url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK)
    )


_LOOPBACK = {"localhost", "127.0.0.1"}


def add_state(callback_url: str, state: str) -> str:
    """Put `state` into the query of the callback URL: the only place from which it comes back."""
    url = urlsplit(callback_url)
    query = [*parse_qsl(url.query, keep_blank_values=True), ("state", state)]
    return urlunsplit(url._replace(query=urlencode(query), fragment=""))


@dataclass(frozen=True)
class AuthorizationResponse:
    """What OpenRouter sent back in the query of the callback URL: RFC 6749, section 4.1.2."""

    code: str | None = field(default=None, repr=False)
    state: str | None = None
    error: str | None = None


MAX_PARAMETER_LENGTH = 1024


def parse_callback(query: Mapping[str, str]) -> AuthorizationResponse | None:
    """Read `code`, `state` and `error` off a query; None if it holds neither code nor error.

    A code that came back glued on (`?state=abc?code=xyz`, as one client has met it) is split off.
    A parameter longer than 1,024 characters counts as not there.
    """
    parameters = {
        name: value for name, value in query.items() if len(value) <= MAX_PARAMETER_LENGTH
    }
    state, glued, rest = parameters.get("state", "").partition("?")
    if glued:
        parameters = dict(parse_qsl(rest)) | parameters
    code, error = parameters.get("code"), parameters.get("error")
    return (
        AuthorizationResponse(code or None, state or None, error or None) if code or error else None
    )


_CODE_LABEL = re.compile(r"^code(\W*[:=]\s*|\s+)", re.IGNORECASE)
_CODE = re.compile(r"[^\s?&#=]+=*")
"""With "=" at the end only, as in base64: elsewhere it belongs to a query without a code."""
_AROUND_A_PASTE = " \t\r\n\u200b\ufeff\"'`“”‘’«»<>()[]{}"


def parse_pasted(text: str) -> AuthorizationResponse | None:
    """Read what a user pasted in place of the code; None if no code is recognisable in it.

    It may be the code, `code=…` or `code: …`, a query or the whole URL, also glued as in
    `parse_callback`, in quotes or brackets, and broken over lines.
    """
    text = "".join(map(str.strip, text.splitlines())).strip(_AROUND_A_PASTE).replace("&amp;", "&")
    fields = parse_qsl(text.replace("?", "&").replace("#", "&"))
    returned = parse_callback({name: value.strip(_AROUND_A_PASTE) for name, value in fields})
    if returned and returned.code:
        return returned
    code = _CODE_LABEL.sub("", text).strip(_AROUND_A_PASTE)
    is_code = _CODE.fullmatch(code) and "://" not in code
    return AuthorizationResponse(code) if is_code and len(code) <= MAX_PARAMETER_LENGTH else None


# As long as a browser still takes it in a sealed cookie: 4,096 bytes with name and attributes.
_KEY = re.compile(r"[!-~]{1,1024}")


@dataclass(frozen=True)
class IssuedKey:
    """The user's own API key, as the exchange returns it."""

    key: str = field(repr=False)
    user_id: str | None


Problem = Literal[
    "unreachable", "timed_out", "invalid_response", "code_rejected", "code_expired", ""
]


class ExchangeError(Exception):
    """The exchange gave no key.

    `problem` says why, as far as it is known; else `status` does, that of HTTP. `status` is 0 where
    no response came.
    """

    def __init__(self, problem: Problem = "", *, status: int = 0) -> None:
        self.problem, self.status = problem, status
        super().__init__(f"{status or ''} {problem}".strip())


def exchange_code(
    base_url: str,
    code: str,
    *,
    code_verifier: str,
    method: Method,
    timeout: tuple[float, float] = (5, 10),
) -> IssuedKey:
    """Exchange an authorization code for an API key: one POST, never repeated (a code works once).

    `timeout`: seconds to connect, and of silence; the whole may take twice their sum. Raises
    `ExchangeError`.
    """
    body = {"code": code}
    if method != "none":
        body |= {"code_verifier": code_verifier, "code_challenge_method": method}
    status, content = _post(f"{base_url}/api/v1/auth/keys", body, timeout)
    response = _parse_json(content)
    if status != 200:
        raise ExchangeError(_problem(status, response), status=status)
    key, user_id = response.get("key"), response.get("user_id")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ExchangeError("invalid_response", status=200)
    return IssuedKey(key, user_id if isinstance(user_id, str) else None)


def _post(url: str, body: Mapping[str, str], timeout: tuple[float, float]) -> tuple[int, bytes]:
    """Send JSON, and return status and content of the response, whatever they are."""
    ends_at = time.monotonic() + 2 * sum(timeout)
    content = b""
    try:
        with requests.post(
            url,
            json=body,
            auth=_no_credentials,
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            # Not `iter_content`, which waits until a piece is full: drops would hide the time.
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


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep those of a `.netrc` out, which `requests` would send along."""
    return request


def _parse_json(content: bytes) -> Mapping[str, object]:
    """Return an object of JSON, an empty one for anything else."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = None
    return parsed if isinstance(parsed, Mapping) else {}


def _problem(status: int, response: Mapping[str, object]) -> Problem:
    if status != 403:
        return ""
    error = response.get("error")
    message = error.get("message") if isinstance(error, Mapping) else error
    return "code_expired" if "expired" in str(message).lower() else "code_rejected"
