"""The second step of the sign-in: `POST /api/v1/auth/keys` exchanges a code for a key."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox import pkce
from sandbox.responses import error

CODE_LIFETIME_S = 600


@dataclass(frozen=True)
class Code:
    """An authorization code.

    `limit` is in USD, `issued_at` in seconds since the epoch; `exchange` is the outcome of the
    exchange, one of `consent.EXCHANGES`, and `key` what the key is, one of `keys.KEYS`.
    """

    challenge: str | None
    method: str | None
    limit: float | None
    label: str
    exchange: str
    issued_at: float
    key: str = "asked"


@dataclass
class Exchange:
    """One request for a key, and the status of the response: 0 until it is sent."""

    body: dict[str, Any]
    status: int = 0

    @property
    def code(self) -> Any:
        """The code of the request, None if missing."""
        return self.body.get("code")

    @property
    def code_verifier(self) -> Any:
        """The verifier of the request, None if missing."""
        return self.body.get("code_verifier")

    @property
    def code_challenge_method(self) -> Any:
        """The method of the request, None if missing."""
        return self.body.get("code_challenge_method")


def invalid_code() -> Response:
    """Return the response to an unknown code, or to a verifier that does not match."""
    return error(403, "Invalid code or code_verifier")


def failure(code: Code, exchange: Exchange, now: float) -> Response | None:
    """Return the error response to the exchange of a code; None if it succeeds."""
    if not _is_verified(code, exchange):
        return invalid_code()
    if now - code.issued_at > CODE_LIFETIME_S:
        return error(403, "Authorization code expired")
    match code.exchange:
        case "expired":
            return error(403, "Authorization code expired")
        case "invalid":
            return invalid_code()
        case "bad-method":
            return error(400, "Invalid code_challenge_method")
        case "conflict":
            return error(409, "Resource conflict. Please try again later.")
        case "server-error":
            return error(500, "Internal Server Error")
        case "html":
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        case "no-key":
            return JSONResponse({"user_id": "user_sandbox"})
        case "bad-json":
            return Response('{"key": "sk-', media_type="application/json")
    return None


def _is_verified(code: Code, exchange: Exchange) -> bool:
    """Return whether the verifier and the method match those of the first step."""
    if code.challenge is None or code.method is None:
        return True
    verifier = exchange.code_verifier
    return (
        exchange.code_challenge_method == code.method
        and pkce.is_well_formed(verifier)
        and pkce.matches(verifier, code.challenge, code.method)
    )
