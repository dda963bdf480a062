"""What `sign_in` tells an app through its `on_event`. Secret values are masked."""

from dataclasses import dataclass
from typing import Literal

from .pkce import Method

Reason = Literal["here", "elsewhere", "taken", "rejected", "expired"]


@dataclass(frozen=True)
class Started:
    """A sign-in can begin: its link is on the page."""

    method: Method
    code_challenge: str
    callback_url: str | None


@dataclass(frozen=True)
class Returned:
    """OpenRouter sent a code or an error.

    `found_in`: where the sign-in of this `state` was found; empty if this browser began none.
    `age_s`: how many seconds ago it began.
    """

    code: str
    error: str
    state: str
    found_in: Literal["session", "cookie", ""]
    age_s: int

    @property
    def fits(self) -> bool:
        """Whether the `state` is of a sign-in of this browser."""
        return bool(self.found_in)


@dataclass(frozen=True)
class Exchanged:
    """The exchange of a code has ended: `status` is that of HTTP, 0 if no response came."""

    method: Method
    code_challenge: str
    callback_url: str | None
    base_url: str
    code: str
    status: int
    milliseconds: int


@dataclass(frozen=True)
class SignedIn:
    """The user has signed in, and the browser has stored its cookie and cleaned its URL."""


@dataclass(frozen=True)
class SignedOut:
    """The user is signed out: by themselves `here` or `elsewhere`, in another tab.

    Or by the app: another browser has `taken` the session over, OpenRouter `rejected` the key, or
    the sign-in `expired` after 12 hours.
    """

    reason: Reason

    @property
    def forgets(self) -> bool:
        """Whether to delete all data of the user; otherwise they are likely to sign in again."""
        return self.reason in ("here", "elsewhere", "taken")


SignInEvent = Started | Returned | Exchanged | SignedIn | SignedOut


def mask(value: str | None) -> str:
    """Return the first and last four characters of a secret value, or only "…" if it is short."""
    if not value:
        return ""
    return f"{value[:4]}…{value[-4:]}" if len(value) >= 20 else "…"
