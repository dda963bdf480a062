"""The browser session: who is signed in, the states, and the answers that are being streamed.

Writing an attribute is no yield point of Streamlit's, as `st.session_state[…] = …` is: what has just
arrived is stored even if another click ends the script at that moment.
"""

import secrets
from dataclasses import dataclass, field
from threading import Event, RLock
from typing import Literal

import streamlit as st

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Answer, Conversation
from lib.chat.storage import text_record
from lib.demo_link import DemoLink
from lib.openrouter_sign_in import User, storage_prefix
from lib.settings import Settings
from lib.ui import internals
from lib.ui.state import (
    AccountState,
    ChatState,
    ComparisonState,
    SignInRecord,
    SpendingState,
    StorageState,
)
from lib.ui.widgets import SESSION_KEY, widget_value


@dataclass
class Session:
    """All that is held for one browser session, and never for longer: one object in session state.

    It is the `Reader` of its answers (lib/chat/answer_stream.py), whose threads call it.
    `is_in_sandbox`: whether the user, or the last one, tries the app without an account. `arrival`:
    how far a sign-in is that has not led to another page yet; `acknowledged` by the browser.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    streamlit_id: str = field(default="", repr=False)
    is_page_closing: bool = False
    user: User | None = None
    is_in_sandbox: bool = False
    sign_in: SignInRecord = field(default_factory=SignInRecord)
    is_presenting: bool = False
    arrival: Literal["", "exchanged", "acknowledged"] = ""
    demo_link: DemoLink = DemoLink()  # noqa: RUF009  # frozen
    chat: ChatState = field(default_factory=ChatState)
    comparison: ComparisonState = field(default_factory=ComparisonState)
    spending: SpendingState = field(default_factory=SpendingState)
    account: AccountState = field(default_factory=AccountState)
    storage: StorageState = field(default_factory=StorageState)
    streams: list[AnswerStream] = field(default_factory=list)
    news: Event = field(default_factory=Event)
    lock: RLock = field(default_factory=RLock, repr=False)

    def pay(self, key: str, cost: float, model: str) -> None:
        """Count the cost of an answer of a model, in USD, unless the user of its key has signed out meanwhile.

        Answers end in threads of their own, several at once.
        """
        if self.has(key):
            with self.lock:
                self.spending.add(cost, model)
            self.account.is_stale = True

    def has(self, key: str) -> bool:
        """Tell whether this is the key of the signed-in user."""
        return self.user is not None and self.user.key == key

    @property
    def is_connected(self) -> bool:
        """Whether a browser is connected to it."""
        return internals.is_connected(self.streamlit_id)

    def notify(self) -> None:
        """Wake the script that renders answers."""
        self.news.set()

    def stream_of(self, answer: Answer) -> AnswerStream | None:
        """Return the stream of an answer that is still growing; a stopped one may still end."""
        if answer.progress != "streaming":
            return None
        return next((one for one in self.streams if one.answer is answer and not one.is_over), None)

    def add_stream(self, stream: AnswerStream) -> None:
        """Hold a stream, and drop those that are over."""
        with self.lock:
            self.streams = [*(one for one in self.streams if not one.is_over), stream]

    @property
    def stored_conversations(self) -> list[Conversation]:
        """The conversations that outlive a reload: the chats, and those of the comparisons."""
        comparisons = self.comparison.comparisons
        compared = (one for comparison in comparisons for one in comparison.conversations())
        return [*self.chat.conversations, *compared]

    def replace_conversation(self, conversation: Conversation) -> None:
        """Put a conversation in place of an older copy of it, and open it."""
        chat = self.chat
        chat.conversations = [one for one in chat.conversations if one.id != conversation.id]
        if conversation.part:
            self.comparison.put(conversation)
        else:
            chat.open(conversation)

    def text_storage_key(self, index: int) -> str:
        """Return the name under which the tab stores the answer shown in a turn, if it does."""
        turn = self.chat.conversation.turns[index]
        is_last = turn.version == len(turn.answers) - 1
        is_stored = is_last and not self.storage.is_full
        if not is_stored:
            return ""
        return self.chat_storage_prefix + text_record(self.chat.conversation, index)

    @property
    def chat_storage_prefix(self) -> str:
        """The prefix of the chats in the tab's storage; those of the sandbox stay apart."""
        return f"{storage_prefix()}{'sandbox_' if self.is_in_sandbox else ''}chat/"

    def reset_storage(self) -> None:
        """Have the tab drop what it stored, and send everything once more."""
        with self.lock:
            self.storage.reset()

    def forget(self) -> None:
        """Become a new session: nothing of the user stays. It is no yield point.

        The lock stays, as an earlier script may hold it.
        """
        vars(self).update(vars(Session(streamlit_id=self.streamlit_id, lock=self.lock)))


def api_url(settings: Settings, user: User | None) -> str:
    """Return the URL of the API that a user's key is for; that of the settings without a user.

    It follows from the sign-in, like the key itself: so no key reaches an API that did not issue it.
    """
    if user is None or user.base_url == settings.base_url:
        return settings.api_url
    return user.base_url


def current_session() -> Session:
    """Return the object of the running script's session, which a first run creates.

    Later it is no yield point, so that callbacks may call it.
    """
    session: Session | None = widget_value(SESSION_KEY)
    if session is None:
        st.session_state[SESSION_KEY] = session = Session(streamlit_id=internals.session_id())
    return session
