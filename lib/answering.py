"""An answer on its way: read in a thread of its own, so that it goes on whoever looks at it."""

import threading
import time
from collections.abc import Callable

from lib.conversation import Answer
from lib.openrouter.chat import (
    AnsweredBy,
    Began,
    ChatStream,
    Citation,
    Event,
    Finished,
    GeneratedImage,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from lib.openrouter.errors import OpenRouterError


class Answering:
    """Lets `answer` grow from `stream` until it is whole, fails, or is stopped.

    `news` is set whenever there is something new to see in the answer, and at its end; `failure`
    is what it failed with. `when_over` is called in the thread, right before `over` is set.
    """

    def __init__(
        self,
        stream: ChatStream,
        answer: Answer,
        *,
        news: threading.Event,
        when_over: Callable[["Answering"], object] = lambda _: None,
    ) -> None:
        self.answer = answer
        self.failure: OpenRouterError | None = None
        self.over = threading.Event()
        self._stream, self._news, self._when_over = stream, news, when_over
        answer.progress = "streaming"
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether the answer has come to its end, and nothing more happens to it."""
        return self.over.is_set()

    def stop(self) -> None:
        """End it here, from any thread: what came stays, and the request is closed at once."""
        if self.answer.progress == "streaming":
            self.answer.progress = "stopped"
        self._stream.close()

    def _run(self) -> None:
        began = time.monotonic()
        try:
            for event in self._stream:
                if self.answer.progress == "stopped":
                    break
                if apply(event, self.answer) and self.answer.first_token_seconds is None:
                    self.answer.first_token_seconds = time.monotonic() - began
                self._news.set()
        except OpenRouterError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001 - whatever it was, who waits must hear of it
            self.failure = OpenRouterError()
            self.failure.__cause__ = error
        if self.answer.progress == "stopped":
            self.failure = None
        else:
            self.answer.seconds = time.monotonic() - began
        self._when_over(self)
        if self.answer.progress == "streaming":
            self.answer.progress = "failed" if self.failure else "complete"
        self.over.set()
        self._news.set()


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
        case Citation() if event not in answer.citations:
            answer.citations.append(event)
        case GeneratedImage():
            answer.images.append(event)
        case Usage():
            answer.usage = event
        case Finished(finish_reason):
            answer.finish_reason = finish_reason
    return False
