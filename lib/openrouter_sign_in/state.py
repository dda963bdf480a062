"""What a browser session knows of its sign-in: one object in `st.session_state`.

At a yield point, such as `st.session_state[…] = …`, Streamlit may end a script for another message
of its tab; a callback would lose what the user has sent. Setting an attribute here is none.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, cast

import streamlit as st

from .events import SignInEvent
from .oauth import AuthorizationResponse, ExchangeError
from .pkce import Method, create_code_challenge

MAX_SIGN_IN_AGE_S = 12 * 3600
_STATE = "openrouter_sign_in"


@dataclass(frozen=True)
class Sandbox:
    """A stand-in for OpenRouter to try the app with, as `base_url` and `auth_url` say where.

    `auth_url` is its consent page, which may be a page of the app. `button` is the link's label.
    """

    base_url: str
    auth_url: str
    button: str = "Try it without an account"


class SignInOptions(TypedDict, total=False):
    """Keyword arguments of `sign_in`; `Options` has their defaults."""

    secret: str | None  # 32 random characters, seals cookies; None: a restart signs everyone out
    base_url: str  # of OpenRouter
    method: Method  # `none`: a flow without a challenge
    callback_url: str | None  # the app's main page; None: as the browser has it
    key_label: str | None  # the name of the new key
    limit: float | None  # the credit limit of the new key, in USD
    remember: bool  # whether a sign-in outlives a reload
    introduction: Callable[[], object]  # renders what stands above the link
    button: str | None  # the link's label; None: show no link
    sandbox: Sandbox | None  # shown below the link, for users without an account
    on_event: Callable[[SignInEvent], object]  # called with each event


@dataclass(frozen=True)
class Options:
    """The options of a run. Unlike a `TypedDict` it has defaults, and refuses unknown names."""

    secret: str | None = field(default=None, repr=False)
    base_url: str = "https://openrouter.ai"
    method: Method = "S256"
    callback_url: str | None = None
    key_label: str | None = None
    limit: float | None = None
    remember: bool = True
    introduction: Callable[[], object] = lambda: None
    button: str | None = "Sign in with OpenRouter"
    sandbox: Sandbox | None = None
    on_event: Callable[[SignInEvent], object] = lambda _: None

    def __post_init__(self) -> None:
        """Take the URL of the API, which other programs want to have, for the base URL."""
        base_url = self.base_url.rstrip("/").removesuffix("/api/v1").rstrip("/")
        object.__setattr__(self, "base_url", base_url)

    @property
    def auth_urls(self) -> dict[str, str]:
        """The consent page of each OpenRouter that a user may sign in with, by its base URL."""
        own = {self.base_url: f"{self.base_url}/auth"}
        return own | ({self.sandbox.base_url: self.sandbox.auth_url} if self.sandbox else {})


@dataclass(frozen=True)
class User:
    """A signed-in user: their API key at `base_url`, and when they signed in (epoch seconds)."""

    key: str = field(repr=False)
    signed_in_at: float
    base_url: str

    @property
    def key_settings_url(self) -> str:
        """The page where the user changes or deletes the key."""
        return f"{self.base_url}/keys/{digest(self.key)}"

    @property
    def activity_url(self) -> str:
        """The page where the user sees what was done with the key."""
        return f"{self.base_url}/logs?api_key_hash={digest(self.key)}"

    @property
    def is_expired(self) -> bool:
        """Whether the user signed in more than 12 hours ago."""
        return time.time() - self.signed_in_at > MAX_SIGN_IN_AGE_S


LinkStyle = Literal["primary", "secondary", "text"]


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has begun. `started_at` is in seconds since the epoch."""

    state: str
    code_verifier: str = field(repr=False)
    method: Method
    callback_url: str | None
    base_url: str
    started_at: float

    @property
    def code_challenge(self) -> str | None:
        """The challenge of the `code_verifier`; None for the method `none`."""
        return create_code_challenge(self.code_verifier, self.method)


@dataclass
class Exchange:
    """The exchange of a code for a key, in its own thread once it has begun."""

    code: str = field(repr=False)
    pending: PendingSignIn
    outcome: Future[str | ExchangeError] = field(default_factory=Future)
    milliseconds: int = 0


Action = Literal["set_cookie", "clean_url", "clear_storage", "record_sign_in", "record_sign_out"]


@dataclass(frozen=True)
class Command:
    """An action of browser.js: sent in each run until it is acknowledged, executed once."""

    action: Action
    value: str | float = field(default="", repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class State:
    """The sign-in of one browser session."""

    options: Options = field(default_factory=Options)
    websocket: str | None = None
    binding: str = field(default="", repr=False)
    user: User | None = None
    signed_in_is_due: bool = False
    begun: dict[tuple[str | None, ...], PendingSignIn] = field(default_factory=dict)
    unconfirmed: Exchange | None = None
    exchange: Exchange | None = None
    last_exchange: Exchange | None = None
    used_states: set[str] = field(default_factory=set)
    last_response: AuthorizationResponse | None = None
    commands: tuple[Command, ...] = ()
    acknowledged: str = ""
    notice: str = ""
    failure: str = ""


def current_state() -> State:
    """Return the state of the running script's session. Not a yield point once there is one."""
    if (state := widget_value(_STATE)) is None:
        st.session_state[_STATE] = state = State()
    return cast("State", state)


def yield_point() -> None:
    """Let Streamlit end an unwanted script here. Unlike rendering, this sends nothing."""
    _ = _STATE in st.session_state


def widget_value(key: str) -> Any:
    """Return the value of a widget or component, None if it has none. Not a yield point."""
    return st.session_state.to_dict().get(key)


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
