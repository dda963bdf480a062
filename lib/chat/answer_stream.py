"""An answer on its way: read in a thread of its own, so that it goes on whatever the page does."""

import hmac
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from lib.chat.conversation import Answer, Progress
from lib.openrouter.chat import Completion
from lib.openrouter.errors import AnswerTooLong, OpenRouterError
from lib.openrouter.events import (
    MAX_CITATIONS,
    MAX_IMAGES,
    AnsweredBy,
    Began,
    Citation,
    Event,
    Finished,
    GeneratedImage,
    ReasoningDelta,
    TextDelta,
    Usage,
)

MAX_ANSWER_SIZE = 20_000_000
"""Characters of text and bytes of images: a model that runs away must not fill the memory."""
MAX_RETRIES = 2
MIN_INTERVAL_S = 0.1
"""Seconds between two looks at an answer: 10 a second look as smooth as more, and cost less."""
INTERVAL_PER_ANSWER_S = 0.004
"""Seconds between two looks at anybody's: as more answers come, each is looked at more rarely."""
IMMEDIATE_S = 0.001
"""Seconds within which an event comes that was there already."""
MAX_RETRY_DELAY_S = 30.0
"""Where OpenRouter wants a longer wait before a retry, the user decides."""


class RenderThrottle:
    """How often each of the answers is looked at that come at the same time in this process.

    A look costs more than the few words that have come since the last one.
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
        """Seconds between two looks at one answer."""
        return max(MIN_INTERVAL_S, self._answers * INTERVAL_PER_ANSWER_S)


render_throttle = RenderThrottle()


class Reader(Protocol):
    """Reads answers while they grow, and pays for them: a browser session."""

    @property
    def is_connected(self) -> bool:
        """Whether the browser is there to be shown anything."""

    @property
    def has_said_goodbye(self) -> bool:
        """Whether the browser said that its page is about to close."""

    def has(self, key: str) -> bool:
        """Tell whether this is the API key of its signed-in user."""

    def notify(self) -> None:
        """Hear that there is something new to see."""

    def pay(self, key: str, cost: float) -> None:
        """Count what an answer cost, in USD, on this API key."""


class AnswerStream:
    """Lets `answer` grow from `stream` until it is whole, fails, or is ended.

    It belongs to the user of `key`, whose sessions read it: those that `attach` to it are notified
    of what is new and of the end, and pay. `failure` is what it failed with. `on_over` is called in
    the thread, right before `over` is set.

    A transient failure before the first token is retried as long as `may_retry`, after the time
    that OpenRouter asks for, or some moments. Meanwhile `retries_at` is when, on the monotonic
    clock.
    """

    def __init__(
        self,
        stream: Completion,
        answer: Answer,
        *,
        key: str,
        reader: Reader,
        may_retry: Callable[[], bool] = lambda: True,
        on_over: Callable[["AnswerStream"], object] = lambda _: None,
    ) -> None:
        self.answer = answer
        self.failure: OpenRouterError | None = None
        self.retries_at: float | None = None
        self.over = threading.Event()
        self.readers: tuple[Reader, ...] = (reader,)
        self._key, self._cost = key, 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._stream: Completion | None = stream
        self._may_retry, self._on_over = may_retry, on_over
        answer.progress = "streaming"
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether the answer has come to its end, and nothing more happens to it."""
        return self.over.is_set()

    def belongs_to(self, key: str) -> bool:
        """Tell whether it was asked for on this API key."""
        return hmac.compare_digest(self._key, key)

    def attach(self, reader: Reader) -> None:
        """Let one more session read it in place of those that are gone, and pay for it as well."""
        with self._lock:
            if any(one is reader for one in self.readers):
                return
            self.readers = (*(one for one in self.readers if one.is_connected), reader)
            cost = self._cost
        if cost:
            reader.pay(self._key, cost)

    def pay(self, cost: float) -> None:
        """Have each reader count what was spent on it, in USD."""
        with self._lock:
            self._cost += cost
            readers = self.readers
        for reader in readers:
            reader.pay(self._key, cost)

    def stop(self) -> None:
        """End it here, from any thread: what came stays, and the request is closed at once."""
        self._end("stopped")

    def interrupt(self) -> None:
        """End it likewise, since nobody is there to read it."""
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
        for retry in range(MAX_RETRIES):
            if not self._waits_to_retry(retry):
                break
            self.failure = self._read(began)
        if self._ended.is_set():
            self.failure = None
        else:
            self.answer.seconds = time.monotonic() - began
        self._on_over(self)
        if self.answer.progress == "streaming":
            self.answer.progress = "failed" if self.failure else "complete"

    def _waits_to_retry(self, retry: int) -> bool:
        """Wait until it is time for a retry; tell whether there is to be one."""
        failure, has_begun = self.failure, self.answer.size or self.answer.usage
        if not failure or not failure.is_transient or has_begun or not self._may_retry():
            return False
        seconds = failure.retry_after
        if seconds is None:
            seconds = random.uniform(0.5, 1) * 2**retry  # noqa: S311 - apart from others, no secret
        if seconds > MAX_RETRY_DELAY_S:
            return False
        self.retries_at = time.monotonic() + seconds
        self._notify()
        was_ended = self._ended.wait(seconds)
        self.retries_at = None
        return not was_ended

    def _read(self, began: float) -> OpenRouterError | None:
        """Ask once, and read what comes; return what it failed with."""
        self.answer.generation = ""
        looked_at = began
        assert self._stream
        try:
            for event in self._stream:
                had_to_wait = time.monotonic() - looked_at > IMMEDIATE_S
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
                looked_at = time.monotonic()
        except OpenRouterError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever it was, who waits must hear of it
            failure = OpenRouterError()
            failure.__cause__ = error
            return failure
        return None


def apply(event: Event, answer: Answer) -> bool:
    """Add to an answer what has come; return whether it is something to read."""
    match event:
        case ReasoningDelta(text):
            answer.reasoning += text
            return True
        case TextDelta(text):
            answer.text += text
            return True
        case Began(generation):
            answer.generation = generation
        case AnsweredBy(model, provider):
            answer.model, answer.provider = model, provider
        case Citation() if len(answer.citations) < MAX_CITATIONS and event not in answer.citations:
            answer.citations.append(event)
        case GeneratedImage() if len(answer.images) < MAX_IMAGES:
            answer.images.append(event)
        case Usage():
            answer.usage = event
        case Finished(finish_reason):
            answer.finish_reason = finish_reason
    return False
