"""An answer that is being streamed, in a thread that is independent of the page's script runs."""

import hmac
import logging
import random
import threading
import time
import traceback
from collections.abc import Callable
from typing import Protocol

from lib.chat.answer_events import apply
from lib.chat.conversation import Answer, Progress
from lib.openrouter.chat import Completion
from lib.openrouter.errors import (
    AnswerTooLong,
    KeyRejected,
    OpenRouterError,
    UnconfirmedRejection,
)

_logger = logging.getLogger(__name__)

MAX_ANSWER_SIZE = 20_000_000
"""Characters of text plus bytes of images, so that an endless answer cannot fill the memory."""
MAX_RETRIES = 2
MAX_IN_FLIGHT_RETRIES = 12
"""The same while other requests hold the credit that an answer needs: they end one by one."""
IN_FLIGHT_DELAY_S = 5.0
"""The delay before such a retry, if OpenRouter names none."""
MIN_INTERVAL_S = 0.1
"""Seconds between two updates of an answer; more than 10 per second look no smoother."""
INTERVAL_PER_ANSWER_S = 0.004
"""Seconds between two updates of any answers; with more answers, each is updated less often."""
IMMEDIATE_S = 0.001
"""Seconds within which an event that is already buffered is returned."""
MAX_RETRY_DELAY_S = 30.0
"""If OpenRouter asks for a longer delay before a retry, the user decides."""


class RenderThrottle:
    """Limits how often each of the answers streamed at the same time in this process is updated.

    Entered once for each answer. An update costs more than the few tokens it shows.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers = 0

    def __enter__(self) -> None:
        with self._lock:
            self._answers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._answers -= 1

    @property
    def interval(self) -> float:
        """Seconds between two updates of one answer."""
        return max(MIN_INTERVAL_S, self._answers * INTERVAL_PER_ANSWER_S)


render_throttle = RenderThrottle()


class Reader(Protocol):
    """A browser session that shows an answer and counts its cost."""

    @property
    def is_connected(self) -> bool:
        """Whether the browser is connected."""

    @property
    def is_page_closing(self) -> bool:
        """Whether the browser has sent that the page is closing."""

    def has(self, key: str) -> bool:
        """Return whether this is the API key of the signed-in user."""

    def notify(self) -> None:
        """Called when there is something new to show."""

    def pay(self, key: str, cost: float, model: str) -> None:
        """Add the cost of an answer of a model, in USD, to what this API key has spent."""


class AnswerStream:
    """Adds the events of `stream` to `answer` until it is complete, fails, or is ended.

    An answer that has text already is continued. It belongs to the user of `key`. The sessions
    attached to it are notified of new content and of the end, and count its cost. `failure` is the
    error it failed with. `on_over` is called in the thread, before `over` is set.

    A transient failure before the first token is retried if `may_retry` allows it, after the delay
    that OpenRouter asks for, or after at most two seconds; after five, up to twelve times, while
    other requests hold the credit. During the delay, `retries_at` is its end on the monotonic clock.
    A key that is rejected counts as such if `is_key_rejected` confirms it.
    """

    def __init__(
        self,
        stream: Completion,
        answer: Answer,
        *,
        key: str,
        reader: Reader,
        may_retry: Callable[[], bool] = lambda: True,
        is_key_rejected: Callable[[], bool] = lambda: True,
        on_over: Callable[["AnswerStream"], object] = lambda _: None,
    ) -> None:
        self.answer = answer
        self.failure: OpenRouterError | None = None
        self.retries_at: float | None = None
        self.over = threading.Event()
        self.readers: tuple[Reader, ...] = (reader,)
        self._key, self._paid = key, 0.0
        self._size_before, self._cost_before = answer.size, answer.cost
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._stream: Completion | None = stream
        self._may_retry, self._on_over = may_retry, on_over
        self._is_key_rejected = is_key_rejected
        answer.progress = "streaming"
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether the answer has ended and no longer changes."""
        return self.over.is_set()

    @property
    def has_begun(self) -> bool:
        """Whether something of the answer has arrived."""
        return self.answer.size > self._size_before

    def belongs_to(self, key: str) -> bool:
        """Return whether the request was made with this API key."""
        return hmac.compare_digest(self._key, key)

    def attach(self, reader: Reader) -> None:
        """Add a session, remove the disconnected ones, and add the cost so far to the new one."""
        with self._lock:
            if any(one is reader for one in self.readers):
                return
            self.readers = (*(one for one in self.readers if one.is_connected), reader)
            paid = self._paid
        if paid:
            reader.pay(self._key, paid, self.answer.model)

    def settle(self) -> None:
        """Have each reader pay what the request has cost beyond what they have paid."""
        with self._lock:
            paid, self._paid = self._paid, self.answer.cost - self._cost_before
            cost, readers = self._paid - paid, self.readers
        for reader in readers:
            reader.pay(self._key, cost, self.answer.model)

    def stop(self) -> None:
        """End the answer, from any thread: the text so far stays, the request is closed at once."""
        self._end("stopped")

    def interrupt(self) -> None:
        """End the answer as `stop` does, because it has no reader."""
        self._end("interrupted")

    def _end(self, progress: Progress) -> None:
        if self.answer.progress == "streaming":
            self.answer.progress = progress
        self._ended.set()
        if stream := self._stream:
            stream.close()

    def _notify(self) -> None:
        for reader in self.readers:
            reader.notify()

    def _run(self) -> None:
        try:
            with render_throttle:
                self._answer()
        finally:
            self._stream = None  # the request may hold large files
            self.over.set()
            self._notify()

    def _answer(self) -> None:
        began = time.monotonic()
        self.failure = self._read(began)
        retries = 0
        while self._waits_to_retry(retries):
            retries += 1
            self.failure = self._read(began)
        if self._ended.is_set():
            self.failure = None
        else:
            self.answer.seconds = (self.answer.seconds or 0) + time.monotonic() - began
        self._on_over(self)
        if self.answer.progress == "streaming":
            self.answer.progress = "failed" if self.failure else "complete"

    def _waits_to_retry(self, retry: int) -> bool:
        """Wait for the delay before a retry; return whether to retry."""
        failure, has_begun = self.failure, self.has_begun or self.answer.is_usage_known
        if not failure or not failure.is_transient or has_begun or not self._may_retry():
            return False
        if retry >= (MAX_IN_FLIGHT_RETRIES if failure.is_in_flight else MAX_RETRIES):
            return False
        seconds = failure.retry_after
        if seconds is None:
            jitter = random.uniform(0.5, 1)  # noqa: S311 - not a secret
            seconds = IN_FLIGHT_DELAY_S if failure.is_in_flight else jitter * 2**retry
        if seconds > MAX_RETRY_DELAY_S:
            return False
        self.retries_at = time.monotonic() + seconds
        self._notify()
        was_ended = self._ended.wait(seconds)
        self.retries_at = None
        return not was_ended

    def _read(self, began: float) -> OpenRouterError | None:
        """Send the request once, and read the answer; return the error it failed with."""
        self.answer.generation = ""
        updated_at = began
        assert self._stream
        try:
            for event in self._stream:
                had_to_wait = time.monotonic() - updated_at > IMMEDIATE_S
                if self._ended.is_set():
                    break
                if self.answer.size > MAX_ANSWER_SIZE:
                    self._stream.close()
                    return AnswerTooLong()
                is_token = apply(event, self.answer) and self._stream.is_streamed
                if is_token and self.answer.first_token_seconds is None:
                    self.answer.first_token_seconds = time.monotonic() - began
                self._notify()
                if had_to_wait and self.answer.first_token_seconds is not None:
                    self._ended.wait(render_throttle.interval)
                updated_at = time.monotonic()
        except KeyRejected as error:
            if self._is_key_rejected():
                return error
            return UnconfirmedRejection(error.message, status=error.status)
        except OpenRouterError as error:
            return error
        except Exception as error:  # noqa: BLE001 - any error has to end the answer
            where = "".join(traceback.format_tb(error.__traceback__))
            # Without its message, which may hold what was written.
            _logger.error("An answer failed: %s\n%s", type(error).__name__, where)  # noqa: TRY400
            failure = OpenRouterError()
            failure.__cause__ = error
            return failure
        return None
