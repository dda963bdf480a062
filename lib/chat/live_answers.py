"""The answers of this process that are on their way, and those that ended a moment ago.

An answer belongs to its reader and not to a connection: a reload, a lift or a locked phone takes the
browser away for a while, and the session that comes back finds its answers here. A reader who does
not come back ends them, since each token is paid for.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Conversation

AWAY_TIMEOUT_S = 60
"""How long an answer goes on without a reader."""
GOODBYE_TIMEOUT_S = 5
"""The same after a page said that it is about to close: a reload says so too, at times."""
HELD_S = 300
"""How long an answer is held after its end, for a reader who was away when it came."""
POLL_INTERVAL_S = 0.25


@dataclass
class _Live:
    """`seen_at`: when a reader was there last, or after the end of the answer, that end."""

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
            return HELD_S
        is_leaving = all(reader.has_said_goodbye for reader in self.stream.readers)
        return GOODBYE_TIMEOUT_S if is_leaving else AWAY_TIMEOUT_S


class LiveAnswers:
    """Answers by their id. A thread looks after them as long as there are any."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._live: dict[str, _Live] = {}
        self._is_watched = False

    def add(self, stream: AnswerStream, conversation: Conversation) -> None:
        """Hold an answer of a conversation, and look after it."""
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

    def left_alone(self, key: str) -> list[Conversation]:
        """Return the conversations in which answers of this API key's user grow and nobody reads."""
        with self._lock:
            live = list(self._live.values())
        growing = [one for one in live if one.stream.belongs_to(key) and not one.stream.is_over]
        return [one.conversation for one in growing if not one.is_read]

    def stop_all(self, key: str) -> None:
        """Stop the answers of the user of this API key, and hold them no longer."""
        with self._lock:
            theirs = [one.stream for one in self._live.values() if one.stream.belongs_to(key)]
            for stream in theirs:
                del self._live[stream.answer.id]
        for stream in theirs:
            stream.stop()

    def check(self) -> bool:
        """Interrupt the answers whose readers are gone, drop the old ones; tell if any is left."""
        now = self._clock()
        with self._lock:
            for one in self._live.values():
                has_just_ended = one.stream.is_over and not one.has_ended
                if has_just_ended or (not one.has_ended and one.is_read):
                    one.seen_at, one.has_ended = now, one.stream.is_over
            late = [one for one in self._live.values() if now - one.seen_at > one.timeout]
            for one in late:
                if one.has_ended:
                    del self._live[one.stream.answer.id]
            self._is_watched = is_any_left = bool(self._live)
        for one in late:
            if not one.has_ended:
                one.stream.interrupt()
        return is_any_left

    def _watch(self) -> None:
        while self.check():
            time.sleep(POLL_INTERVAL_S)
