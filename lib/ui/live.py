"""Render answers while they stream."""

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
from lib.ui.render import ReasoningView, TextView
from lib.ui.session import Session
from lib.ui.widgets import yield_point

STOP_HELP = (
    "Most providers charge for what was written until then. Some charge for the whole answer all the "
    "same: Amazon Bedrock, Google, Groq, Mistral and Perplexity do."
)
POLL_INTERVAL_S = 0.25
"""Between two looks of a waiting script whether it should end."""


def _waiting_for(stream: AnswerStream) -> str:
    retries_at = stream.retries_at
    if retries_at is None:
        return "Waiting for the answer…"
    reason = "OpenRouter cannot answer right now."
    if isinstance(stream.failure, Unreachable):
        reason = "OpenRouter cannot be reached."
    elif stream.failure and stream.failure.is_in_flight:
        reason = "Other answers still hold the credit that this one needs."
    seconds = max(1, math.ceil(retries_at - time.monotonic()))
    return f"{reason} Retrying in {seconds} s. Press Stop to cancel."


class _AnswerView:
    """One answer on the screen: its reasoning, its text, and a note while there is neither."""

    def __init__(self, stream: AnswerStream) -> None:
        self.is_done = False
        self._stream = stream
        self._reasoning, self._text = ReasoningView(), TextView()
        self._note = st.empty()
        self._reasoning_length = self._text_length = 0
        self._noted = ""
        self.is_waiting = not stream.has_begun
        self._render_waiting()

    def update(self) -> None:
        """Render what is new, if it is due."""
        is_over = self._stream.is_over  # read first: what comes after is in the next update
        self._take()
        self._render_waiting()
        if is_over:
            self._reasoning.finish()
            self._text.render_rest()
            self._note.empty()
            self.is_done = True
        else:
            self._reasoning.render_if_due()
            self._text.render_if_due()

    def _render_waiting(self) -> None:
        note = _waiting_for(self._stream)
        if self.is_waiting and note != self._noted:
            self._note.info(note, icon="spinner")
            self._noted = note

    def _take(self) -> None:
        answer = self._stream.answer
        if reasoning := answer.reasoning[self._reasoning_length :]:
            self._reasoning.add(reasoning)
            self._reasoning_length += len(reasoning)
        if text := answer.text[self._text_length :]:
            self._text_length += len(text)
            self._text.add(text)
            self._reasoning.pause()
        if self.is_waiting and self._stream.has_begun:
            self._note.empty()
            self.is_waiting = False


def render_stop(session: Session, streams: Iterable[AnswerStream], label: str, key: str) -> None:
    """Render the button that stops these answers."""
    st.button(
        label,
        icon=":material/stop_circle:",
        key=key,
        on_click=chat_actions.stop,
        args=(session, *(stream.answer for stream in streams)),
        help=STOP_HELP,
    )


def rerun_if_key_was_rejected(streams: Iterable[AnswerStream]) -> None:
    """End the sign-in, and run the page again, if OpenRouter does not accept the key any more."""
    if any(isinstance(stream.failure, KeyRejected) for stream in streams):
        reject_key()
        st.rerun()


def render_live(
    slots: Mapping[AnswerStream, DeltaGenerator], session: Session, autosaver: Autosave
) -> Iterator[AnswerStream]:
    """Render answers in their slots while they grow, and save them; yield each at its end.

    Streamlit may end the script meanwhile, at any click and where the connection is lost. That ends
    the rendering only: the next script renders the answers from there on.
    """
    views = {}
    for stream, slot in slots.items():
        with slot:
            views[stream] = _AnswerView(stream)
    while not all(view.is_done for view in views.values()):
        session.news.wait(POLL_INTERVAL_S)
        session.news.clear()
        for stream, view in views.items():
            if not view.is_done:
                view.update()
                if view.is_done:
                    yield stream
        yield_point()
        autosaver.save_if_due()
        growing = (one for one, view in views.items() if not (view.is_done or view.is_waiting))
        if grown := next(growing, None):
            grown.over.wait(render_throttle.interval)  # an end is shown at once
