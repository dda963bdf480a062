"""An answer that grows by itself, in a thread of its own."""

import queue
import threading
from collections.abc import Iterator

import pytest

from lib.answering import Answering, apply
from lib.conversation import Answer
from lib.openrouter.chat import (
    Alive,
    AnsweredBy,
    ChatRequest,
    ChatStream,
    Citation,
    Event,
    Finished,
    GeneratedImage,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from lib.openrouter.errors import Interrupted, OpenRouterError
from sandbox.answers import TOUR
from tests.conftest import KEY, Served


class Script:
    """A stream that gives what it is told, raises the exceptions, and ends at `Finished`."""

    def __init__(self, *items: Event | Exception) -> None:
        self.items: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self.is_closed = threading.Event()
        self.has_ended = threading.Event()
        for item in items:
            self.items.put(item)

    def __iter__(self) -> Iterator[Event]:
        """Yield what comes."""
        while True:
            item = self.items.get(timeout=5)
            if isinstance(item, Exception):
                self.has_ended.set()
                raise item
            yield item
            if isinstance(item, Finished):
                self.has_ended.set()
                return

    def close(self) -> None:
        """End as a real stream does."""
        self.is_closed.set()
        self.items.put(Interrupted())


def begin(stream: Script | ChatStream) -> tuple[Answering, threading.Event]:
    """Let an answer grow, with the event that its news sets."""
    news = threading.Event()
    return Answering(stream, Answer(), news=news), news


def test_grows() -> None:
    """What comes is in the answer, and news says so; at the end the answer is complete."""
    script = Script()
    answering, news = begin(script)
    answer = answering.answer
    assert answer.progress == "streaming"
    script.items.put(ReasoningDelta("Well, "))
    assert news.wait(5)
    assert answer.reasoning == "Well, "
    assert answer.first_token_seconds is not None
    for event in (TextDelta("a"), TextDelta("b"), Finished("stop")):
        script.items.put(event)
    assert answering.over.wait(5)
    assert (answer.text, answer.finish_reason, answer.progress) == ("ab", "stop", "complete")
    assert answer.seconds >= answer.first_token_seconds


@pytest.mark.parametrize("error", [Interrupted(), OpenRouterError(status=502), ZeroDivisionError()])
def test_failure(error: Exception) -> None:
    """Whatever the stream raises ends the answer as failed, and what came before it stays."""
    answering, _ = begin(Script(TextDelta("a"), error))
    assert answering.over.wait(5)
    assert (answering.answer.text, answering.answer.progress) == ("a", "failed")
    assert answering.failure is error or answering.failure.__cause__ is error


def test_stop() -> None:
    """Stopping closes the stream at once, keeps what came, and is no failure."""
    script = Script(TextDelta("a"))
    answering, news = begin(script)
    assert news.wait(5)
    answering.stop()
    assert answering.answer.progress == "stopped"
    assert script.is_closed.is_set()
    assert answering.over.wait(5)
    assert answering.failure is None
    assert (answering.answer.text, answering.answer.progress) == ("a", "stopped")


def test_stop_after_the_end() -> None:
    """An answer that is whole stays so."""
    answering, _ = begin(Script(TextDelta("a"), Finished("stop")))
    assert answering.over.wait(5)
    answering.stop()
    assert answering.answer.progress == "complete"


def test_real_stream(served: Served) -> None:
    """A real stream becomes the answer that was given, with its model and costs."""
    request = ChatRequest("sandbox/tour", [{"role": "user", "content": "Hello?"}])
    answering, _ = begin(ChatStream(served.base_url, KEY, request))
    assert answering.over.wait(5)
    answer = answering.answer
    assert (answer.text, answer.model, answer.provider) == (TOUR, "sandbox/tour", "Sandbox")
    assert answer.usage.completion_tokens > 100
    assert answer.cost > 0


def test_apply() -> None:
    """Each event has its place in the answer; only words and thoughts are something to read."""
    answer = Answer()
    citation, image = Citation("https://example.org", "A"), GeneratedImage("image/png", b"x")
    usage = Usage(1, 2, 0.5)
    for event in (Alive(), AnsweredBy("m", "p"), citation, citation, image, usage):
        assert not apply(event, answer)
    assert apply(TextDelta("a"), answer)
    assert apply(ReasoningDelta("b"), answer)
    assert answer == Answer(
        text="a",
        reasoning="b",
        model="m",
        provider="p",
        citations=[citation],
        images=[image],
        usage=usage,
    )
