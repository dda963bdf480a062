"""What a browser session holds: one typed object in `st.session_state`.

Writing an attribute of it is no yield point of Streamlit's, as `st.session_state[…] = …` is: what
has just arrived is kept even if another click ends the script at that moment.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Event, RLock
from typing import Any

import streamlit as st

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Answer, Conversation, Turn, new_id
from lib.chat.storage import StorageChanges, StorageDiff, text_record
from lib.markdown.streamlit_markdown import paintable_blocks
from lib.openrouter.account import Account
from lib.openrouter_sign_in import Exchanged, User
from lib.ui import internals

MAX_CACHED_TEXTS = 512
"""Texts whose blocks are remembered."""
SHOWN_TURNS = 10
"""Turns of a conversation that are shown at least."""


def cached_blocks() -> Callable[[str], tuple[str, ...]]:
    """Return `paintable_blocks` that remembers: a long history is split once, not at each run.

    Of one session: what a process remembered would outlive a sign-out.
    """
    return lru_cache(MAX_CACHED_TEXTS)(paintable_blocks)


@dataclass
class Session:
    """Everything that is kept for one browser session, and nothing for longer."""

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    streamlit_id: str = field(default="", repr=False)
    is_page_closing: bool = False
    user: User | None = None
    exchanged: Exchanged | None = None
    account: Account | None = None
    account_is_stale: bool = True
    account_fetch: Future[Account] | None = None
    account_failure: str = ""
    opens_chat: bool = False
    has_opened_chat: bool = False
    forgets: str = ""
    conversation: Conversation = field(default_factory=Conversation)
    conversations: list[Conversation] = field(default_factory=list)
    opened: int = 0
    asked: str = ""
    earlier: int = 0
    blocks_of: Callable[[str], tuple[str, ...]] = field(default_factory=cached_blocks, repr=False)
    comparison: dict[str, Conversation] = field(default_factory=dict)
    comparisons: int = 0
    compares_again: bool = False
    streams: list[AnswerStream] = field(default_factory=list)
    news: Event = field(default_factory=Event)
    storage_diff: StorageDiff = field(default_factory=StorageDiff)
    sent: list[tuple[float, StorageChanges]] = field(default_factory=list)
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
        return self.user is not None and self.user.key == key

    @property
    def is_connected(self) -> bool:
        """Whether a browser is connected to it."""
        return internals.is_connected(self.streamlit_id)

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

    def forget(self) -> None:
        """Become as a new one: nothing of the user stays. It is no yield point."""
        vars(self).update(vars(Session(streamlit_id=self.streamlit_id)))

    def keep_anew(self) -> None:
        """Have the tab forget what it was given to keep, and give it everything once more."""
        with self.lock:
            self.forgets = new_id()
            self.storage_diff, self.sent, self.storage_is_full = StorageDiff(), [], False

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
    """Return the object of the running script's session, which a first run creates.

    No yield point, so that callbacks may ask for it.
    """
    session: Session | None = widget_value(_SESSION)
    if session is None:
        st.session_state[_SESSION] = session = Session(streamlit_id=internals.session_id())
    return session


def forget_widgets() -> None:
    """Forget what the user set in widgets, also in those that keep it for the whole session."""
    for key in list(st.session_state):
        if key != _SESSION and not str(key).startswith("openrouter_"):
            with suppress(KeyError):  # a script of the session that is ending may be quicker
                del st.session_state[key]


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


def end_if_unwanted() -> None:
    """Let Streamlit end a script here that was stopped, or whose browser has gone.

    A look whether session state has something is such a point; unlike painting, it sends nothing.
    """
    _ = _SESSION in st.session_state


def wait_for(future: Future[Any]) -> None:
    """Wait in a script, which Streamlit may end meanwhile."""
    while not wait([future], timeout=0.1).done:
        end_if_unwanted()
