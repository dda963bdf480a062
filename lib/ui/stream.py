"""Paint an answer while it streams.

A paint sends a whole element again, so finished blocks of markdown get elements of their own and
only the last block is painted again; and the longer that grows, the more rarely.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.elements.lib.mutable_status_container import StatusContainer
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from lib.answer_markdown import closed, paintable, paintable_blocks
from lib.conversation import Answer
from lib.markdown_blocks import GrowingMarkdown
from lib.openrouter.chat import (
    AnsweredBy,
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
from lib.openrouter.reader import Reader
from lib.ui.session import end_if_unwanted

FASTEST_PAINT = 0.05
"""Seconds between two paints of one answer: 20 a second at most."""
PAINT_SHARE = 0.004
"""Seconds between two paints of anybody's: as more answers stream, each is painted more rarely."""
GROWTH = 1.03
"""A block is painted again once it is so much longer: the sum of all paints stays linear."""
PATIENCE = 0.25
"""Seconds after which a waiting script looks whether it should stop."""


class _Pace:
    """How many answers this process is painting, and how often each may be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams = 0

    @contextmanager
    def stream(self) -> Iterator[None]:
        with self._lock:
            self._streams += 1
        try:
            yield
        finally:
            with self._lock:
                self._streams -= 1

    @property
    def interval(self) -> float:
        return max(FASTEST_PAINT, self._streams * PAINT_SHARE)


_pace = _Pace()


class AnswerPainter:
    """Paints a growing text where it is made, as few bytes as possible at a time."""

    def __init__(self) -> None:
        self._whole = st.empty()
        self._place = self._whole.container()
        self._slot = self._place.empty()
        self._text = GrowingMarkdown()
        self._waiting = ""
        self._is_behind = False
        self._painted_at = 0.0
        self._painted_length = 0

    def add(self, text: str) -> None:
        """Take the next piece of the text."""
        self._waiting += text
        self._is_behind = True

    def paint_if_due(self) -> None:
        """Paint if there is something new, and enough time and text have passed."""
        length = len(self._text.rest) + len(self._waiting)
        has_time = time.monotonic() - self._painted_at >= _pace.interval
        if self._is_behind and has_time and length >= self._painted_length * GROWTH:
            self._paint()

    def paint_rest(self) -> None:
        """Paint what is left to paint: the text is whole, or there will be no more of it."""
        if self._is_behind:
            self._paint()

    def _paint(self) -> None:
        """Streamlit may end the script in any paint; painting once more then makes up for it."""
        self._text.append(self._waiting)
        self._waiting = ""
        while self._text.finished:
            self._slot.markdown(paintable(self._text.finished[0]))
            next_slot = self._place.empty()
            self._slot = next_slot
            del self._text.finished[0]
        if self._text.rest.strip():
            self._slot.markdown(paintable(closed(self._text.rest)))
        self._painted_length = len(self._text.rest)
        self._painted_at = time.monotonic()
        self._is_behind = False


def show_text(text: str) -> None:
    """Show a whole text in the same elements in which a stream would have painted it."""
    place = st.empty().container()
    for block in paintable_blocks(text):
        place.markdown(block)


class Thoughts:
    """The reasoning before an answer: a closed expander that shows whether it is at work."""

    def __init__(self) -> None:
        self._place = st.empty()
        self._status: StatusContainer | None = None
        self._painter: AnswerPainter | None = None

    def add(self, text: str) -> None:
        """Take the next piece of the reasoning."""
        if self._status is None or self._painter is None:
            self._status = self._place.status("Thinking…")
            with self._status:
                self._painter = AnswerPainter()
        self._painter.add(text)

    def paint_if_due(self) -> None:
        """Paint if there is something new, and enough time and text have passed."""
        if self._painter:
            self._painter.paint_if_due()

    def finish(self) -> None:
        """Paint what is left, and show that there will be no more of it."""
        if self._status and self._painter:
            self._painter.paint_rest()
            self._status.update(label=THOUGHTS, state="complete")
            self._painter = None


def show_thoughts(reasoning: str) -> None:
    """Show whole reasoning in the same elements in which a stream would have painted it."""
    place = st.empty()
    if reasoning:
        with place.status(THOUGHTS, state="complete"):
            show_text(reasoning)


THOUGHTS = "How the model came to its answer"
STOPPED = ":material/stop_circle: This answer was stopped here."


def stream_answer(
    stream: ChatStream, answer: Answer, when_stopped: Callable[[], object] | None
) -> OpenRouterError | None:
    """Let the answer grow and paint it; return what it failed with, None if it is whole.

    Whatever ends the script, `answer` keeps what arrived, and its `progress` says how it ended;
    the stream is closed within a second of Stop, a closed tab, or another click. After Stop the
    script goes no further: `when_stopped` paints what the page would have shown below.
    """
    answer.progress = "streaming"
    began = time.monotonic()
    thoughts, painter = Thoughts(), AnswerPainter()
    note = st.empty()
    failure = None
    try:
        note.info("Waiting for the answer…", icon="spinner")
        is_waiting = True
        with Reader(stream) as reader, _pace.stream():
            try:
                while (
                    events := reader.take(PATIENCE if is_waiting else _pace.interval)
                ) is not None:
                    for event in events:
                        _apply(event, answer, thoughts, painter)
                    if is_waiting and (answer.text or answer.reasoning):
                        answer.first_token_seconds = time.monotonic() - began
                        note.empty()
                        is_waiting = False
                    if answer.text:
                        thoughts.finish()
                    thoughts.paint_if_due()
                    painter.paint_if_due()
                    end_if_unwanted()
            except OpenRouterError as error:
                failure = error
        thoughts.finish()
        painter.paint_rest()
        note.empty()
    except BaseException:
        answer.progress = "stopped"
        paints = [
            thoughts.finish,
            painter.paint_rest,
            lambda: note.markdown(f":small[{STOPPED}]"),
            when_stopped,
        ]
        _paint_from_beside(*filter(None, paints))
        raise
    answer.seconds = time.monotonic() - began
    answer.progress = "failed" if failure else "complete"
    return failure


def _apply(event: Event, answer: Answer, thoughts: Thoughts, painter: AnswerPainter) -> None:
    match event:
        case ReasoningDelta(text):
            answer.reasoning += text
            thoughts.add(text)
        case TextDelta(text):
            answer.text += text
            painter.add(text)
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


def _paint_from_beside(*paints: Callable[[], object]) -> None:
    """Paint at the very end of a stopped script.

    Streamlit lets a stopped script paint nothing; a thread with the script's context still may,
    https://docs.streamlit.io/develop/concepts/design/multithreading.
    """
    thread = threading.Thread(target=lambda: [paint() for paint in paints])
    add_script_run_ctx(thread, get_script_run_ctx())
    thread.start()
    thread.join(timeout=1)
