"""What a browser session knows of its sign-in: one object in `st.session_state`."""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypedDict, cast

import streamlit as st

from .events import SignInEvent
from .oauth import AuthorizationResponse, IssuedKey
from .pkce import Method

MAX_SIGN_IN_AGE_S = 12 * 3600
_STATE = "openrouter_sign_in"


class SignInOptions(TypedDict, total=False):
    """Keyword arguments of `sign_in`.

    `secret` (32 random characters) seals what the browser keeps; without one a restart of the app
    signs everybody out. `base_url`: where OpenRouter is. `method`: `S256`, `plain`, or `none` for a
    flow without a challenge. `callback_url`: the main page of the app, if the browser's own URL is
    not to be taken. `key_label` and `limit` (in USD): the name and the credit limit of the new key.
    `remember`: whether a sign-in outlives a reload. `button`: the link's label; None shows nothing.
    `on_event` is called with each `SignInEvent`.
    """

    secret: str | None
    base_url: str
    method: Method
    callback_url: str | None
    key_label: str | None
    limit: float | None
    remember: bool
    button: str | None
    on_event: Callable[[SignInEvent], object]


@dataclass(frozen=True)
class Options:
    """What `sign_in` was called with, and the defaults."""

    secret: str | None = field(default=None, repr=False)
    base_url: str = "https://openrouter.ai"
    method: Method = "S256"
    callback_url: str | None = None
    key_label: str | None = None
    limit: float | None = None
    remember: bool = True
    button: str | None = "Sign in with OpenRouter"
    on_event: Callable[[SignInEvent], object] = lambda _: None


@dataclass(frozen=True)
class User:
    """Someone who is signed in: their API key, for the OpenRouter at `base_url`.

    `signed_in_at` is in seconds since the epoch.
    """

    key: str = field(repr=False)
    signed_in_at: float
    base_url: str

    @property
    def key_settings_url(self) -> str:
        """Where its owner changes or deletes the key."""
        return f"{self.base_url}/keys/{digest(self.key)}"

    @property
    def activity_url(self) -> str:
        """Where its owner sees what was done with the key."""
        return f"{self.base_url}/logs?api_key_hash={digest(self.key)}"

    @property
    def is_expired(self) -> bool:
        """Whether the sign-in was too long ago to hold."""
        return time.time() - self.signed_in_at > MAX_SIGN_IN_AGE_S


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has begun. `started_at` is in seconds since the epoch."""

    state: str
    code_verifier: str = field(repr=False)
    method: Method
    callback_url: str | None
    base_url: str
    started_at: float


@dataclass
class Exchange:
    """An exchange, run in a thread of its own."""

    code: str = field(repr=False)
    pending: PendingSignIn
    result: Future[IssuedKey] = field(default_factory=Future)
    milliseconds: int = 0


@dataclass
class Commands:
    """What the browser is to do: sent at each run, until it has acknowledged this `id`."""

    id: str = ""
    is_acknowledged: bool = True
    cookies: tuple[str, ...] = field(default=(), repr=False)
    cleans_url: bool = False
    signs_in: bool = False
    signed_out_at: float | None = None
    clears_storage: str = ""


@dataclass
class State:
    """The sign-in of one browser session.

    Writing an attribute of it is no point at which Streamlit may end a script, as
    `st.session_state[…] = …` is.
    """

    options: Options = field(default_factory=Options)
    websocket: str | None = None
    binding: str = field(default="", repr=False)
    cookies_were_read: bool = False
    cookies_are_blocked: bool = False
    user: User | None = None
    is_announced: bool = True
    pending: PendingSignIn | None = None
    pending_headless: PendingSignIn | None = None
    unconfirmed: Exchange | None = None
    exchange: Exchange | None = None
    used_states: set[str] = field(default_factory=set)
    last_response: AuthorizationResponse | None = None
    commands: Commands = field(default_factory=Commands)
    notice: str = ""
    failure: str = ""


def current_state() -> State:
    """Return the object of the running script's session, which a first run creates.

    No yield point, so that callbacks may ask for it (see `widget_value`).
    """
    if (state := widget_value(_STATE)) is None:
        st.session_state[_STATE] = state = State()
    return cast("State", state)


def yield_point() -> None:
    """Let Streamlit end a script here that is not wanted any more; unlike a paint, it sends nothing."""
    _ = _STATE in st.session_state


def replace_state(notice: str) -> State:
    """Put a new object in the place of the running script's; `notice` says why."""
    st.session_state[_STATE] = state = State(notice=notice)
    return state


def widget_value(key: str) -> object:
    """Return what stands in session state, such as what a widget or component holds.

    No yield point, at which Streamlit may end a script, as `st.session_state[…]` is: there another
    message of the tab would end a callback, and what the user had sent would be lost.
    """
    return st.session_state.to_dict().get(key)


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
