"""Sign in with OpenRouter: the authorization URL, the way back, and the exchange of the code.

Follows https://openrouter.ai/docs/use-cases/oauth-pkce and RFC 6749, section 4.1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lib.openrouter.errors import (
    CodeExpired,
    CodeRejected,
    UnexpectedAnswer,
    error_from_response,
)
from lib.openrouter.pkce import Method
from lib.openrouter.transport import Timeout, fetch
from lib.openrouter.untrusted import parse_json


def authorization_url(
    base_url: str,
    *,
    callback_url: str | None,
    code_challenge: str | None,
    method: Method,
    key_label: str | None = None,
    limit: float | None = None,
) -> str:
    """Return the address of OpenRouter's consent page.

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


def with_state(callback_url: str, state: str) -> str:
    """Put `state` into the query of the callback URL: the only place from which it comes back."""
    url = urlsplit(callback_url)
    query = [*parse_qsl(url.query, keep_blank_values=True), ("state", state)]
    return urlunsplit(url._replace(query=urlencode(query), fragment=""))


@dataclass(frozen=True)
class Return:
    """What OpenRouter sent back in the query of the callback URL."""

    code: str | None = field(default=None, repr=False)
    state: str | None = None
    error: str | None = None


_LONGEST_PARAMETER = 1024


def read_return(query: Mapping[str, str]) -> Return | None:
    """Read `code`, `state` and `error` off a query; None if it holds neither code nor error.

    A code that came back glued on (`?state=abc?code=xyz`, as one client has met it) is split off.
    A parameter longer than 1,024 characters is nobody's: it counts as not there.
    """
    parameters = {name: value for name, value in query.items() if len(value) <= _LONGEST_PARAMETER}
    state, glued, rest = parameters.get("state", "").partition("?")
    if glued:
        parameters = dict(parse_qsl(rest)) | parameters
    code, error = parameters.get("code"), parameters.get("error")
    return Return(code or None, state or None, error or None) if code or error else None


_CODE_LABEL = re.compile(r"^code(\W*[:=]\s*|\s+)", re.IGNORECASE)
_CODE = re.compile(r"[^\s?&#=]+=*")
"""With "=" at the end only, as in base64: elsewhere it belongs to a query without a code."""
_AROUND_A_PASTE = " \t\r\n\u200b\ufeff\"'`“”‘’«»<>()[]{}"


def read_pasted(text: str) -> Return | None:
    """Read what a user pasted in place of the code; None if no code is recognisable in it.

    It may be the code, `code=…` or `code: …`, a query or the whole address, also glued as in
    `read_return`, in quotes or brackets, and broken over lines.
    """
    text = "".join(map(str.strip, text.splitlines())).strip(_AROUND_A_PASTE).replace("&amp;", "&")
    fields = parse_qsl(text.replace("?", "&").replace("#", "&"))
    returned = read_return({name: value.strip(_AROUND_A_PASTE) for name, value in fields})
    if returned and returned.code:
        return returned
    code = _CODE_LABEL.sub("", text).strip(_AROUND_A_PASTE)
    is_code = _CODE.fullmatch(code) and "://" not in code
    return Return(code) if is_code and len(code) <= _LONGEST_PARAMETER else None


# As long as a browser still takes it in a sealed cookie: 4,096 bytes with name and attributes.
_KEY = re.compile(r"[!-~]{1,1024}")


@dataclass(frozen=True)
class IssuedKey:
    """The user's own API key, as the exchange gives it out."""

    key: str = field(repr=False)
    user_id: str | None


def exchange_code(
    base_url: str,
    code: str,
    *,
    code_verifier: str,
    method: Method,
    timeout: Timeout = (5, 10),
) -> IssuedKey:
    """Exchange an authorization code for an API key: one POST, never repeated (a code works once).

    Raises `Unreachable`, `TimedOut`, `CodeExpired`, `CodeRejected`, `UnexpectedAnswer`, or
    `OpenRouterError` with any other status.
    """
    body = {"code": code}
    if method != "none":
        body |= {"code_verifier": code_verifier, "code_challenge_method": method}
    fetched = fetch("POST", f"{base_url}/api/v1/auth/keys", json=body, timeout=timeout)
    if fetched.status != 200:
        failure = error_from_response(fetched.status, fetched.headers, fetched.body)
        if failure.status == 403:
            kind = CodeExpired if "expired" in failure.message.lower() else CodeRejected
            raise kind(failure.message, status=403)
        raise failure
    try:
        issued = parse_json(fetched.body)
        key, user_id = issued["key"], issued.get("user_id")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnexpectedAnswer(status=200) from error
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise UnexpectedAnswer(status=200)
    return IssuedKey(key, user_id if isinstance(user_id, str) else None)
