"""Render a text of a model, also while it grows.

Each rendering sends a whole element again. So finished blocks get elements of their own and only the
last block is rendered again; and the longer that is, the more rarely.
"""

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from lib.chat.answer_stream import render_throttle
from lib.markdown.blocks import TOO_LONG, GrowingMarkdown, is_too_long
from lib.markdown.streamlit_markdown import close_open_marks, to_streamlit
from lib.ui.session import current_session

GROWTH = 1.06
"""A block is rendered again once it is so much longer: the sum of all messages stays linear."""
MAX_SHARE = 0.1
"""The share of a stream's time that goes into rendering it, whatever it contains."""
THINKING_LABEL = "Thinking…"
REASONING_LABEL = "How the model came to its answer"


class TextView:
    """A growing text, in as few bytes as possible."""

    def __init__(self) -> None:
        self._whole = st.empty()
        self._container = self._whole.container()
        self._slot = self._container.empty()
        self._text = GrowingMarkdown()
        self._pending: list[str] = []
        self._pending_length = 0
        self._is_behind = False
        self._rendered_at = self._render_seconds = 0.0
        self._rendered_length = 0

    def add(self, text: str) -> None:
        """Append the next piece of the text."""
        self._pending.append(text)
        self._pending_length += len(text)
        self._is_behind = True

    def render_if_due(self) -> None:
        """Render if there is something new, and enough time has passed or text has come."""
        length = len(self._text.rest) + self._pending_length
        interval = max(render_throttle.interval, self._render_seconds / MAX_SHARE)
        has_time = time.monotonic() - self._rendered_at >= interval
        if self._is_behind and has_time and length >= self._rendered_length * GROWTH:
            self._render()

    def render_rest(self) -> None:
        """Render what is left: there will be no more text."""
        if self._is_behind:
            self._render()
            if self._text.is_too_long:
                self._slot.text(self._text.rest)
                self._is_behind = False

    def _render(self) -> None:
        """Streamlit may end the script in any of these calls; the next script renders all of it."""
        began = time.monotonic()
        was_too_long = self._text.is_too_long
        self._text.append("".join(self._pending))
        self._pending, self._pending_length = [], 0
        while self._text.finished:
            self._slot.markdown(to_streamlit(self._text.finished[0]))
            next_slot = self._container.empty()
            self._slot = next_slot
            del self._text.finished[0]
        if self._text.is_too_long:
            if not was_too_long:
                self._container.markdown(f":small[{TOO_LONG}]")
        elif self._text.rest.strip():
            self._slot.markdown(to_streamlit(close_open_marks(self._text.rest)))
        self._rendered_length = len(self._text.rest)
        self._rendered_at = time.monotonic()
        self._render_seconds = self._rendered_at - began
        self._is_behind = self._text.is_too_long  # then only `render_rest` renders the rest


def render_text(text: str) -> None:
    """Render a whole text in the same elements as `TextView`, so that the browser changes none."""
    container = st.empty().container()
    if is_too_long(text):
        container.text(text)
        container.markdown(f":small[{TOO_LONG}]")
        return
    for block in current_session().chat.blocks_of(text):
        container.markdown(block)


def alternating_slot(index: int) -> DeltaGenerator:
    """Return a slot for one of several things that are rendered in turn, by its index.

    Streamlit leaves the old content of a slot in place until the script ends. So neighbours have
    different slots, and the slot of the other is emptied at once.
    """
    slots = st.empty(), st.empty()
    return slots[index % 2].container()


class ReasoningView:
    """The reasoning before an answer: a closed expander that shows whether it still grows."""

    def __init__(self) -> None:
        self._slot = st.empty()
        self._status: StatusContainer | None = None
        self._text: TextView | None = None
        self._is_growing = False

    def add(self, text: str) -> None:
        """Append the next piece of the reasoning."""
        if self._status is None or self._text is None:
            self._status = self._slot.status(THINKING_LABEL)
            with self._status:
                self._text = TextView()
        elif not self._is_growing:
            self._status.update(label=THINKING_LABEL, state="running")
        self._is_growing = True
        self._text.add(text)

    def render_if_due(self) -> None:
        """Render if there is something new, and enough time has passed or text has come."""
        if self._text and self._is_growing:
            self._text.render_if_due()

    def finish(self) -> None:
        """Render what is left, and show that there will be no more."""
        if self._status and self._text and self._is_growing:
            self._text.render_rest()
            self._status.update(label=REASONING_LABEL, state="complete")
            self._is_growing = False


def render_reasoning(reasoning: str) -> None:
    """Render whole reasoning in the same elements as `ReasoningView`."""
    slot = st.empty()
    if reasoning:
        with slot.status(REASONING_LABEL, state="complete"):
            render_text(reasoning)
