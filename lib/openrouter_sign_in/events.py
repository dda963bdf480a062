"""What an app hears of the sign-in, by the `on_event` of `sign_in`. Secret values are masked."""

from dataclasses import dataclass
from typing import Literal

from .pkce import Method


@dataclass(frozen=True)
class Started:
    """A sign-in can be begun: its link is on the page."""

    method: Method
    code_challenge: str
    callback_url: str | None


@dataclass(frozen=True)
class Returned:
    """OpenRouter sent the browser back: with a code or an error.

    `fits` tells whether the `state` is that of a sign-in begun in this browser.
    """

    code: str
    error: str
    fits: bool


@dataclass(frozen=True)
class Exchanged:
    """The code was exchanged: `status` is that of HTTP, 0 where no response came."""

    method: Method
    code_challenge: str
    callback_url: str | None
    code: str
    status: int
    milliseconds: int


@dataclass(frozen=True)
class SignedIn:
    """Someone has signed in, and the browser knows it, too: its URL is clean, its cookie kept."""


@dataclass(frozen=True)
class SignedOut:
    """Nobody is signed in any more.

    `here` and `elsewhere` (in another tab): by the user, and of what they left nothing is to be
    kept. `taken`: another browser holds this session, and is to see nothing of it. `rejected`:
    OpenRouter does not accept the key. `expired`: after 12 hours. After these two the same user may
    well come back.
    """

    reason: Literal["here", "elsewhere", "taken", "rejected", "expired"]

    @property
    def forgets(self) -> bool:
        """Whether nothing of the user may stay."""
        return self.reason in ("here", "elsewhere", "taken")


SignInEvent = Started | Returned | Exchanged | SignedIn | SignedOut


def mask(value: str | None) -> str:
    """Return the ends of a secret value, by which its owner knows it."""
    if not value:
        return ""
    return f"{value[:4]}…{value[-4:]}" if len(value) >= 20 else "…"
