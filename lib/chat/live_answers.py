"""The answers that are being streamed in this process, and those that ended recently.

An answer belongs to its user and not to a connection: after a reload, or a connection lost for a
while, the new session finds its answers here. If the user does not come back, they are ended, since
each token costs money.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Conversation

AWAY_TIMEOUT_S = 60
"""Seconds that an answer continues without a connected reader."""
CLOSING_TIMEOUT_S = 5
"""The same after the page has sent that it is closing, which a reload may send as well."""
RETENTION_S = 300
"""Seconds that an answer is held after its end, for a user who was disconnected."""
POLL_INTERVAL_S = 0.25


@dataclass
class _Live:
    """`seen_at` is when a reader was last connected, or, after the end of the answer, that end."""

    stream: AnswerStream
    conversation: Conversation
    seen_at: float
    has_ended: bool = False

    @property
    def is_read(self) -> bool:
        return any(reader.is_connected for reader in self.stream.readers)

    @property
    def timeout(self) -> float:
        if self.has_ended:
            return RETENTION_S
        is_leaving = all(reader.is_page_closing for reader in self.stream.readers)
        return CLOSING_TIMEOUT_S if is_leaving else AWAY_TIMEOUT_S


class LiveAnswers:
    """Answers by their id. A thread checks them as long as there are any."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._live: dict[str, _Live] = {}
        self._is_watched = False

    def add(self, stream: AnswerStream, conversation: Conversation) -> None:
        """Add an answer of a conversation, or of the copy of it that the latest session has."""
        with self._lock:
            self._live[stream.answer.id] = _Live(stream, conversation, self._clock())
            is_watched, self._is_watched = self._is_watched, True
        if not is_watched:
            threading.Thread(target=self._watch, name="live answers", daemon=True).start()

    def find(self, answer_id: str, key: str) -> AnswerStream | None:
        """Return the answer with this id, if it belongs to the user of this API key."""
        with self._lock:
            live = self._live.get(answer_id)
        return live.stream if live and live.stream.belongs_to(key) else None

    def unread_conversations(self, key: str) -> list[Conversation]:
        """Return the conversations with unfinished answers of this API key and no reader."""
        with self._lock:
            live = list(self._live.values())
        growing = [one for one in live if one.stream.belongs_to(key) and not one.stream.is_over]
        return [one.conversation for one in growing if not one.is_read]

    def stop_all(self, key: str) -> None:
        """Stop and remove the answers of the user of this API key."""
        with self._lock:
            theirs = [one.stream for one in self._live.values() if one.stream.belongs_to(key)]
            for stream in theirs:
                del self._live[stream.answer.id]
        for stream in theirs:
            stream.stop()

    def check(self) -> bool:
        """Interrupt answers without readers, remove old ones; return whether any are left."""
        now = self._clock()
        with self._lock:
            for one in self._live.values():
                has_just_ended = one.stream.is_over and not one.has_ended
                if has_just_ended or (not one.has_ended and one.is_read):
                    one.seen_at, one.has_ended = now, one.stream.is_over
            expired = [one for one in self._live.values() if now - one.seen_at > one.timeout]
            for one in expired:
                if one.has_ended:
                    del self._live[one.stream.answer.id]
            self._is_watched = is_any_left = bool(self._live)
        for one in expired:
            if not one.has_ended:
                one.stream.interrupt()
        return is_any_left

    def _watch(self) -> None:
        while self.check():
            time.sleep(POLL_INTERVAL_S)
