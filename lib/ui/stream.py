"""Show answers while they stream, in the script that looks at them."""

import math
import threading
import time
from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import (
    StopException,
    add_script_run_ctx,
    get_script_run_ctx,
)

from lib.answering import Answering, pace
from lib.openrouter.errors import Unreachable
from lib.ui.painting import STOPPED, AnswerPainter, Thoughts
from lib.ui.session import end_if_unwanted

PATIENCE = 0.25
"""Seconds after which a waiting script looks whether it should stop."""


def _waiting_for(answering: Answering) -> str:
    retries_at = answering.retries_at
    if retries_at is None:
        return "Waiting for the answer…"
    cannot_be_reached = isinstance(answering.failure, Unreachable)
    reason = "cannot be reached" if cannot_be_reached else "cannot answer right now"
    seconds = max(1, math.ceil(retries_at - time.monotonic()))
    return f"OpenRouter {reason}. Asking again in {seconds} s; Stop ends the wait."


class _View:
    """One answer on the screen: its reasoning, its text, and that one waits for it."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.is_done = False
        self._thoughts, self._painter = Thoughts(), AnswerPainter()
        self._note = st.empty()
        self._reasoning_length = self._text_length = 0
        self._noted = ""
        self.is_waiting = not (answering.answer.text or answering.answer.reasoning)
        self._show_waiting()

    def update(self) -> None:
        """Paint what is new, if it is time."""
        is_over = self.answering.is_over  # before looking: what comes after is in the next look
        self._take()
        self._show_waiting()
        if is_over:
            self.paint_rest()
            self._note.empty()
            self.is_done = True
        else:
            self._thoughts.paint_if_due()
            self._painter.paint_if_due()

    def _show_waiting(self) -> None:
        note = _waiting_for(self.answering)
        if self.is_waiting and note != self._noted:
            self._note.info(note, icon="spinner")
            self._noted = note

    def _take(self) -> None:
        answer = self.answering.answer
        if reasoning := answer.reasoning[self._reasoning_length :]:
            self._thoughts.add(reasoning)  # first: Stop may end it, and then it is added again
            self._reasoning_length += len(reasoning)
        if text := answer.text[self._text_length :]:
            self._text_length += len(text)
            self._painter.add(text)
            self._thoughts.finish()
        if self.is_waiting and (reasoning or text):
            self._note.empty()
            self.is_waiting = False

    def paint_rest(self) -> None:
        """Paint all that is there."""
        self._thoughts.finish()
        self._painter.paint_rest()

    def show_stopped(self) -> None:
        """Show that there will be no more."""
        self._take()
        self.paint_rest()
        self._note.markdown(f":small[{STOPPED}]")


def watch(
    answering: Mapping[Answering, DeltaGenerator],
    news: threading.Event,
    *,
    when_due: Callable[[], object],
    when_over: Callable[[Answering], object],
    when_stopped: Callable[[], object],
) -> None:
    """Show answers in their places while they grow, until all are over.

    `when_over` is called in an answer's place at its end, `when_due` again and again.

    Stop ends the answers within a second, and the script goes no further: `when_stopped` paints
    what the page would have shown below. Any other click or page ends the watching only; whichever
    script looks at an answer next sees it go on.
    """
    views = {}
    for one, place in answering.items():
        with place:
            views[one] = _View(one)
    try:
        while not all(view.is_done for view in views.values()):
            news.wait(PATIENCE)
            news.clear()
            for one, view in views.items():
                if not view.is_done:
                    view.update()
                    if view.is_done:
                        with answering[one]:
                            when_over(one)
            end_if_unwanted()
            when_due()
            growing = (a for a, view in views.items() if not (view.is_done or view.is_waiting))
            if grown := next(growing, None):
                grown.over.wait(pace.interval)  # an end is shown at once
    except StopException:
        for one in views:
            one.stop()
        paints = [view.show_stopped for view in views.values() if not view.is_done]
        _paint_from_beside(*paints, when_stopped)
        raise


def _paint_from_beside(*paints: Callable[[], object]) -> None:
    """Paint at the very end of a stopped script.

    Streamlit lets a stopped script paint nothing; a thread with the script's context still may,
    https://docs.streamlit.io/develop/concepts/design/multithreading.
    """
    thread = threading.Thread(target=lambda: [paint() for paint in paints])
    add_script_run_ctx(thread, get_script_run_ctx())
    thread.start()
    thread.join(timeout=1)
