"""The second step of the sign-in: `POST /api/v1/auth/keys` gives a key for a code."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox import pkce
from sandbox.replies import error

CODE_SECONDS = 600


@dataclass(frozen=True)
class Code:
    """An authorization code that was given out, and what is to come of it.

    `limit` is in USD, `issued_at` in seconds, `exchange` one of `consent.EXCHANGES`.
    """

    challenge: str | None
    method: str | None
    limit: float | None
    label: str
    exchange: str
    issued_at: float


@dataclass
class Exchange:
    """One request for a key, and the status it got: 0 until it is answered."""

    body: dict[str, Any]
    status: int = 0

    @property
    def code(self) -> Any:
        """The code as it was sent, None if it was not."""
        return self.body.get("code")

    @property
    def code_verifier(self) -> Any:
        """The verifier as it was sent, None if it was not."""
        return self.body.get("code_verifier")

    @property
    def code_challenge_method(self) -> Any:
        """The method as it was sent, None if it was not."""
        return self.body.get("code_challenge_method")


def invalid() -> Response:
    """Return the answer to a code that is not known, or that the verifier does not fit."""
    return error(403, "Invalid code or code_verifier")


def refusal(code: Code, exchange: Exchange, now: float) -> Response | None:
    """Return what the code gets at `now` in place of a key; None if it has earned one."""
    if not _proves(code, exchange):
        return invalid()
    if now - code.issued_at > CODE_SECONDS:
        return error(403, "Authorization code expired")
    match code.exchange:
        case "expired":
            return error(403, "Authorization code expired")
        case "invalid":
            return invalid()
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


def _proves(code: Code, exchange: Exchange) -> bool:
    """Whether the verifier fits, its method being that of the first step, as OpenRouter asks."""
    if code.challenge is None or code.method is None:
        return True
    verifier = exchange.code_verifier
    return (
        exchange.code_challenge_method == code.method
        and pkce.is_well_formed(verifier)
        and pkce.proves(verifier, code.challenge, code.method)
    )
