"""Paint an answer, also while it grows.

A paint sends a whole element again, so finished blocks of markdown get elements of their own and
only the last block is painted again; and the longer that grows, the more rarely.
"""

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from lib.chat.answer_stream import render_throttle
from lib.markdown.blocks import TOO_LONG, GrowingMarkdown, is_too_long
from lib.markdown.streamlit_markdown import closed, paintable
from lib.ui.session import current_session

GROWTH = 1.06
"""A block is painted again once it is so much longer: the sum of all paints stays linear."""
MAX_SHARE = 0.1
"""The share of a stream's time that goes into painting it, whatever it is made of."""
THINKING = "Thinking…"
THOUGHTS = "How the model came to its answer"


class AnswerPainter:
    """Paints a growing text where it is made, as few bytes as possible at a time."""

    def __init__(self) -> None:
        self._whole = st.empty()
        self._place = self._whole.container()
        self._slot = self._place.empty()
        self._text = GrowingMarkdown()
        self._waiting: list[str] = []
        self._waiting_length = 0
        self._is_behind = False
        self._painted_at = self._paint_seconds = 0.0
        self._painted_length = 0

    def add(self, text: str) -> None:
        """Take the next piece of the text."""
        self._waiting.append(text)
        self._waiting_length += len(text)
        self._is_behind = True

    def paint_if_due(self) -> None:
        """Paint if there is something new, and enough time and text have passed."""
        length = len(self._text.rest) + self._waiting_length
        interval = max(render_throttle.interval, self._paint_seconds / MAX_SHARE)
        has_time = time.monotonic() - self._painted_at >= interval
        if self._is_behind and has_time and length >= self._painted_length * GROWTH:
            self._paint()

    def paint_rest(self) -> None:
        """Paint what is left to paint: the text is whole, or there will be no more of it."""
        if self._is_behind:
            self._paint()
            if self._text.is_too_long:
                self._slot.text(self._text.rest)
                self._is_behind = False

    def _paint(self) -> None:
        """Streamlit may end the script in any paint; painting once more then makes up for it."""
        began = time.monotonic()
        was_too_long = self._text.is_too_long
        self._text.append("".join(self._waiting))
        self._waiting, self._waiting_length = [], 0
        while self._text.finished:
            self._slot.markdown(paintable(self._text.finished[0]))
            next_slot = self._place.empty()
            self._slot = next_slot
            del self._text.finished[0]
        if self._text.is_too_long:
            if not was_too_long:
                self._place.markdown(f":small[{TOO_LONG}]")
        elif self._text.rest.strip():
            self._slot.markdown(paintable(closed(self._text.rest)))
        self._painted_length = len(self._text.rest)
        self._painted_at = time.monotonic()
        self._paint_seconds = self._painted_at - began
        self._is_behind = self._text.is_too_long  # then only `paint_rest` paints the rest


def show_text(text: str) -> None:
    """Show a whole text in the same elements in which a stream would have painted it."""
    place = st.empty().container()
    if is_too_long(text):
        place.text(text)
        place.markdown(f":small[{TOO_LONG}]")
        return
    for block in current_session().blocks_of(text):
        place.markdown(block)


def alternating_slot(number: int) -> DeltaGenerator:
    """Return a place for one of several things that are shown in turn, by its number.

    Streamlit leaves in a place what stood there until the script ends. So neighbours have different
    places, and the place of the other is emptied at once.
    """
    places = st.empty(), st.empty()
    return places[number % 2].container()


class Thoughts:
    """The reasoning before an answer: a closed expander that shows whether it is at work."""

    def __init__(self) -> None:
        self._place = st.empty()
        self._status: StatusContainer | None = None
        self._painter: AnswerPainter | None = None
        self._is_at_work = False

    def add(self, text: str) -> None:
        """Take the next piece of the reasoning."""
        if self._status is None or self._painter is None:
            self._status = self._place.status(THINKING)
            with self._status:
                self._painter = AnswerPainter()
        elif not self._is_at_work:
            self._status.update(label=THINKING, state="running")
        self._is_at_work = True
        self._painter.add(text)

    def paint_if_due(self) -> None:
        """Paint if there is something new, and enough time and text have passed."""
        if self._painter and self._is_at_work:
            self._painter.paint_if_due()

    def finish(self) -> None:
        """Paint what is left, and show that there will be no more of it."""
        if self._status and self._painter and self._is_at_work:
            self._painter.paint_rest()
            self._status.update(label=THOUGHTS, state="complete")
            self._is_at_work = False


def show_thoughts(reasoning: str) -> None:
    """Show whole reasoning in the same elements in which a stream would have painted it."""
    place = st.empty()
    if reasoning:
        with place.status(THOUGHTS, state="complete"):
            show_text(reasoning)
