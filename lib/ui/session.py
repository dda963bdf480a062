"""What a browser session holds: one typed object in `st.session_state`.

Writing an attribute of it is no yield point of Streamlit's, as `st.session_state[…] = …` is: what
has just arrived is kept even if another click ends the script at that moment.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Event, RLock
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.storage import Changes, Keeper, text_record
from lib.markdown.streamlit_markdown import paintable_blocks
from lib.openrouter.account import Account
from lib.openrouter.auth import IssuedKey, Return
from lib.openrouter.errors import OpenRouterError
from lib.openrouter.pkce import Method

MOST_BLOCKS = 512
"""Texts whose blocks are remembered."""
MAX_SIGN_IN_AGE_S = 12 * 3600
SHOWN_TURNS = 10
"""Turns of a conversation that are shown at least."""


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has begun. `started_at` is in seconds since the epoch."""

    state: str
    code_verifier: str = field(repr=False)
    method: Method
    callback_url: str | None
    started_at: float
    model: str | None = None


@dataclass
class RunningExchange:
    """An exchange, run in a thread of its own: when `is_over`, it has a key or a failure."""

    code: str = field(repr=False)
    pending: PendingSignIn
    is_over: Event = field(default_factory=Event)
    issued: IssuedKey | None = None
    failure: OpenRouterError | None = None
    milliseconds: int = 0


@dataclass
class AccountFetch:
    """The account on its way, in a thread of its own: `is_over` once the session has it."""

    is_over: Event = field(default_factory=Event)
    is_rejected: bool = False


@dataclass(frozen=True)
class FlowRecord:
    """How a sign-in went, with every secret value masked: safe to show."""

    method: Method
    code_challenge: str
    callback_url: str
    code: str
    status: int
    milliseconds: int


@dataclass(frozen=True)
class SignIn:
    """Someone is signed in: with this key, since `at` (seconds since the epoch)."""

    key: str = field(repr=False)
    at: float

    @property
    def is_expired(self) -> bool:
        """Whether it was too long ago to hold."""
        return time.time() - self.at > MAX_SIGN_IN_AGE_S


@dataclass
class BrowserOrder:
    """What the browser is to do: it is asked on every run until it says that it is done."""

    id: str = ""
    is_carried_out: bool = True
    cookies: list[str] = field(default_factory=list, repr=False)
    clean_address: bool = False
    signed_out_at: float | None = None
    forget_conversations: str = ""
    then_open_chat: bool = False


def cached_blocks() -> Callable[[str], tuple[str, ...]]:
    """Return `paintable_blocks` that remembers: a long history is split once, not at each run.

    Of one session: what a process remembered would outlive a sign-out.
    """
    return lru_cache(MOST_BLOCKS)(paintable_blocks)


@dataclass
class Session:
    """Everything that is kept for one browser session, and nothing for longer."""

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    streamlit_id: str = field(default="", repr=False)
    has_said_goodbye: bool = False
    websocket: str | None = None
    binding: str = field(default="", repr=False)
    sign_in: SignIn | None = None
    cookies_were_read: bool = False
    pending: PendingSignIn | None = None
    pending_headless: PendingSignIn | None = None
    exchange: RunningExchange | None = None
    unconfirmed: RunningExchange | None = None
    used_states: set[str] = field(default_factory=set)
    last_return: Return | None = None
    cookies_are_blocked: bool = False
    flow: FlowRecord | None = None
    notice: str = ""
    failure: str = ""
    account: Account | None = None
    account_is_stale: bool = True
    account_fetch: AccountFetch | None = None
    account_failure: str = ""
    order: BrowserOrder = field(default_factory=BrowserOrder)
    opens_chat: bool = False
    conversation: Conversation = field(default_factory=Conversation)
    conversations: list[Conversation] = field(default_factory=list)
    opened: int = 0
    asked: str = ""
    earlier: int = 0
    blocks_of: Callable[[str], tuple[str, ...]] = field(default_factory=cached_blocks, repr=False)
    comparison: dict[str, Conversation] = field(default_factory=dict)
    comparisons: int = 0
    streams: list[AnswerStream] = field(default_factory=list)
    news: Event = field(default_factory=Event)
    keeper: Keeper = field(default_factory=Keeper)
    sent: list[tuple[float, Changes]] = field(default_factory=list)
    wants_kept: bool = True
    storage_is_full: bool = False
    chats_are_left_out: bool = False
    upload_failure: str = ""
    refused: str = ""
    spent: float = 0.0
    lock: RLock = field(default_factory=RLock, repr=False)
    budget: float | None = None
    edited_turn: Turn | None = None
    model: str | None = None

    def pay(self, key: str, cost: float) -> None:
        """Count what an answer cost, in USD, unless the user of its key has signed out meanwhile.

        Answers end in threads of their own, several at once.
        """
        if self.has(key):
            with self.lock:
                self.spent += cost
            self.account_is_stale = True

    def has(self, key: str) -> bool:
        """Tell whether this is the key of whoever is signed in."""
        return self.sign_in is not None and self.sign_in.key == key

    @property
    def is_connected(self) -> bool:
        """Whether a browser is connected to it; without a server, as in AppTest, one always is."""
        return not runtime.exists() or runtime.get_instance().is_active_session(self.streamlit_id)

    def notify(self) -> None:
        """Wake the script that shows answers."""
        self.news.set()

    def stream_of(self, answer: Answer) -> AnswerStream | None:
        """Return the stream that an answer grows from, if it does; a stopped one may still end."""
        if answer.progress != "streaming":
            return None
        return next((one for one in self.streams if one.answer is answer and not one.is_over), None)

    @property
    def kept_conversations(self) -> list[Conversation]:
        """The conversations that outlive a reload: the chats, and what is compared."""
        return [*self.conversations, *self.comparison.values()]

    @property
    def hidden_turns(self) -> int:
        """How many turns stand before those that are shown: the last ones, and on request more.

        Streamlit sends all that is shown at each run, so a long conversation would grow slow. In
        steps, so that what is shown seldom moves to another place.
        """
        hidden = max(0, len(self.conversation.turns) - SHOWN_TURNS) // SHOWN_TURNS * SHOWN_TURNS
        return max(0, hidden - self.earlier)

    def show_earlier(self) -> None:
        """Show more turns, until another question is asked."""
        self.earlier += 5 * SHOWN_TURNS

    def kept_as(self, number: int) -> str:
        """Return the name under which the tab keeps the answer shown in a turn, if it does."""
        turn = self.conversation.turns[number]
        is_last = turn.version == len(turn.answers) - 1
        return (
            text_record(self.conversation, number) if is_last and not self.storage_is_full else ""
        )

    def keep_anew(self) -> None:
        """Forget what the tab was given to keep: it has forgotten it too."""
        self.keeper, self.sent, self.storage_is_full = Keeper(), [], False

    def add_stream(self, stream: AnswerStream) -> None:
        """Hold a stream in place of those that are over."""
        with self.lock:
            self.streams = [*(one for one in self.streams if not one.is_over), stream]

    def replace_conversation(self, conversation: Conversation) -> None:
        """Take a conversation in place of an older copy of it, and open it if it is a chat."""
        self.conversations = [one for one in self.conversations if one.id != conversation.id]
        if conversation.model:
            self.comparison[conversation.model] = conversation
        else:
            self.open(conversation)

    def open(self, conversation: Conversation) -> None:
        """Turn to a conversation, which is of the session from now on."""
        if all(known is not conversation for known in self.conversations):
            self.conversations.append(conversation)
        if conversation is not self.conversation:
            self.opened += 1
            self.conversation = conversation
            self.edited_turn = None
            self.earlier = 0
            self.refused = ""


_SESSION = "session"


def current_session() -> Session:
    """Return the object of the running script's session, which a first run creates."""
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = _new_session()
    session: Session = st.session_state[_SESSION]
    return session


def _new_session() -> Session:
    context = get_script_run_ctx()
    return Session(streamlit_id=context.session_id if context else "")


def replace_session(notice: str) -> Session:
    """Put a new session in the place of the running script's; `notice` says why."""
    st.session_state[_SESSION] = session = _new_session()
    session.notice = notice
    return session


def component_value(key: str, name: str) -> Any:
    """Return what a component said under `name`, for use in a callback.

    None if it is gone: a run that ends at the same moment takes it along.
    """
    said = widget_value(key)
    return said.get(name) if said else None


def widget_value(key: str, default: Any = None) -> Any:
    """Return what a widget holds, or held when it was shown last.

    No yield point, as `st.session_state[…]` is: there another message of the tab would end a
    callback, and what the user had sent would be lost.
    """
    return st.session_state.to_dict().get(key, default)


def set_widget_value(key: str, value: object) -> None:
    """Let a widget that is about to be shown hold a value that is kept elsewhere."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def set_first_widget_value(key: str, value: object) -> None:
    """Let a widget begin with a value; what the user made of it stays."""
    st.session_state.setdefault(key, value)


def keep_open(key: str) -> None:
    """Keep a popover open whose label changes: to Streamlit it is another one then, and closed."""
    st.session_state[key] = True


def forget_widgets() -> None:
    """Forget what the user set in widgets, also in those that keep it for the whole session."""
    for key in list(st.session_state):
        # A run before, which is ending, may forget the same ones.
        with suppress(KeyError):
            if key != _SESSION:
                del st.session_state[key]


def end_if_unwanted() -> None:
    """Let Streamlit end a script here that was stopped, or whose browser has gone.

    A look whether session state has something is such a point; unlike painting, it sends nothing.
    """
    _ = _SESSION in st.session_state


def wait_for(is_over: Event) -> None:
    """Wait in a script, which Streamlit may end meanwhile."""
    while not is_over.wait(timeout=0.1):
        end_if_unwanted()
