"""Render a text of a model, also while it grows.

Each rendering sends a whole element again. So each block has an element of its own, and only the last
one is rendered again; and the longer that is, the more rarely.
"""

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.answer_stream import render_throttle
from lib.markdown import Block, GrowingMarkdown
from lib.ui.internals import StatusContainer
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
        self._container = st.empty().container()
        self._slots: list[DeltaGenerator] = []
        self._blocks: list[Block] = []
        self._finished = 0
        self._growing = GrowingMarkdown()
        self._text: list[str] = []
        self._pending: list[str] = []
        self._rendered_length = 0
        self._rendered_at = self._render_seconds = 0.0

    def add(self, text: str) -> None:
        """Append the next piece of the text."""
        self._text.append(text)
        self._pending.append(text)

    def render_if_due(self, *, pauses: bool = False) -> None:
        """Render if there is something new, and enough time has passed and text has come.

        If the text `pauses`, however little has come.
        """
        interval = max(render_throttle.interval, self._render_seconds / MAX_SHARE)
        length = self._growing.rest_length + sum(map(len, self._pending))
        has_time = time.monotonic() - self._rendered_at >= interval
        has_grown = pauses or length >= self._rendered_length * GROWTH
        if self._pending and has_time and has_grown:
            self._render()

    def render_rest(self) -> None:
        """Render the whole text, for no more is to come: what differs from what is shown."""
        blocks = current_session().chat.blocks_of("".join(self._text))
        for index, block in enumerate(blocks):
            self._show(index, block)
        for slot in self._slots[len(blocks) :]:
            slot.empty()

    def _render(self) -> None:
        """Streamlit may end the script in any of these calls; the next script renders all of it."""
        began = time.monotonic()
        self._growing.append("".join(self._pending))
        self._pending = []
        for block in self._growing.finished:
            self._show(self._finished, block)
            self._finished += 1
        self._growing.finished.clear()
        if growing := self._growing.open:
            self._show(self._finished, growing)
        self._rendered_length = self._growing.rest_length
        self._rendered_at = time.monotonic()
        self._render_seconds = self._rendered_at - began

    def _show(self, index: int, block: Block) -> None:
        if index == len(self._slots):
            self._slots.append(self._container.empty())
            self._blocks.append(block)
        elif self._blocks[index] == block:
            return
        _render_block(self._slots[index], block)
        self._blocks[index] = block


def render_text(text: str) -> None:
    """Render a whole text in the same elements as `TextView`, so that the browser changes none."""
    container = st.empty().container()
    for block in current_session().chat.blocks_of(text):
        _render_block(container, block)


def _render_block(slot: DeltaGenerator, block: Block) -> None:
    if block.diagram:
        slot = slot.container()
        slot.mermaid_chart(block.diagram, alt="A diagram, whose source follows")
    slot.html(block.html)


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
        """Render if there is something new, and enough time has passed and text has come."""
        if self._text:
            self._text.render_if_due(pauses=not self._is_growing)

    def pause(self) -> None:
        """Show that the answer goes on; some models come back to their reasoning."""
        if self._status and self._is_growing:
            self._status.update(label=REASONING_LABEL, state="complete")
            self._is_growing = False

    def finish(self) -> None:
        """Render what is left, and show that there will be no more."""
        self.pause()
        if self._text:
            self._text.render_rest()


def render_reasoning(reasoning: str) -> None:
    """Render whole reasoning in the same elements as `ReasoningView`."""
    slot = st.empty()
    if reasoning:
        with slot.status(REASONING_LABEL, state="complete"):
            render_text(reasoning)
