"""Show answers while they stream, in the script that looks at them."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.answer_stream import AnswerStream, render_throttle
from lib.openrouter.errors import KeyRejected, Unreachable
from lib.openrouter_sign_in import reject_key
from lib.ui import chat_actions
from lib.ui.autosave import Autosave
from lib.ui.render import AnswerPainter, Thoughts
from lib.ui.session import Session, end_if_unwanted

POLL_INTERVAL_S = 0.25
"""How often a waiting script looks whether it should end."""


def _waiting_for(stream: AnswerStream) -> str:
    retries_at = stream.retries_at
    if retries_at is None:
        return "Waiting for the answer…"
    cannot_be_reached = isinstance(stream.failure, Unreachable)
    reason = "cannot be reached" if cannot_be_reached else "cannot answer right now"
    seconds = max(1, math.ceil(retries_at - time.monotonic()))
    return f"OpenRouter {reason}. Asking again in {seconds} s; Stop ends the wait."


class _View:
    """One answer on the screen: its reasoning, its text, and that one waits for it."""

    def __init__(self, stream: AnswerStream) -> None:
        self.is_done = False
        self._stream = stream
        self._thoughts, self._painter = Thoughts(), AnswerPainter()
        self._note = st.empty()
        self._reasoning_length = self._text_length = 0
        self._noted = ""
        self.is_waiting = not (stream.answer.text or stream.answer.reasoning)
        self._show_waiting()

    def update(self) -> None:
        """Paint what is new, if it is time."""
        is_over = self._stream.is_over  # before looking: what comes after is in the next look
        self._take()
        self._show_waiting()
        if is_over:
            self._thoughts.finish()
            self._painter.paint_rest()
            self._note.empty()
            self.is_done = True
        else:
            self._thoughts.paint_if_due()
            self._painter.paint_if_due()

    def _show_waiting(self) -> None:
        note = _waiting_for(self._stream)
        if self.is_waiting and note != self._noted:
            self._note.info(note, icon="spinner")
            self._noted = note

    def _take(self) -> None:
        answer = self._stream.answer
        if reasoning := answer.reasoning[self._reasoning_length :]:
            self._thoughts.add(reasoning)
            self._reasoning_length += len(reasoning)
        if text := answer.text[self._text_length :]:
            self._text_length += len(text)
            self._painter.add(text)
            self._thoughts.finish()
        if self.is_waiting and (reasoning or text):
            self._note.empty()
            self.is_waiting = False


def show_stop(session: Session, streams: Iterable[AnswerStream], label: str, key: str) -> None:
    """Show the button that stops these answers."""
    st.button(
        label,
        icon=":material/stop_circle:",
        key=key,
        on_click=chat_actions.stop,
        args=(session, *(stream.answer for stream in streams)),
    )


def leave_if_key_was_rejected(streams: Iterable[AnswerStream]) -> None:
    """End the sign-in, and run the page again, if OpenRouter did not accept the key of an answer."""
    if any(isinstance(stream.failure, KeyRejected) for stream in streams):
        reject_key()
        st.rerun()


def show_live(
    slots: Mapping[AnswerStream, DeltaGenerator], session: Session, autosaver: Autosave
) -> Iterator[AnswerStream]:
    """Show answers in their slots while they grow; yield each at its end.

    Streamlit may end the script meanwhile, at any click and where the connection is lost. That ends
    the showing only: the next script shows the answers from here on.
    """
    views = {}
    for stream, slot in slots.items():
        with slot:
            views[stream] = _View(stream)
    while not all(view.is_done for view in views.values()):
        session.news.wait(POLL_INTERVAL_S)
        session.news.clear()
        for stream, view in views.items():
            if not view.is_done:
                view.update()
                if view.is_done:
                    yield stream
        end_if_unwanted()
        autosaver.when_due()
        growing = (one for one, view in views.items() if not (view.is_done or view.is_waiting))
        if grown := next(growing, None):
            grown.over.wait(render_throttle.interval)  # an end is shown at once
