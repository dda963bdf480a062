"""Asking for an answer, which then grows by itself: on this page, another, or none."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from streamlit import runtime
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx

from lib.answering import Answering
from lib.attachments import MOST_FILES, Attachment, Kind, NotAttachable, attachment
from lib.conversation import MOST_TURNS, Answer, Conversation
from lib.openrouter.chat import ChatRequest, ChatStream
from lib.openrouter.errors import OpenRouterError
from lib.openrouter.generation import get_usage
from lib.openrouter.models import Model
from lib.settings import Settings
from lib.ui import budget, models
from lib.ui.session import Session
from lib.ui.words import explain

COUNTED_AFTER = (0.5, 2, 8)
"""Seconds to wait before each time that one asks for the cost of an answer that broke off."""
PATIENCE = 0.25
"""Seconds after which one looks whether the browser has gone."""


def ask(settings: Settings, session: Session, answer: Answer, request: ChatRequest) -> None:
    """Ask for an answer, on the key of whoever is signed in."""
    if session.sign_in is None:
        return
    key = session.sign_in.key

    def when_over(answering: Answering) -> None:
        session.pay(key, answer.cost)
        if answering.failure:
            explanation = explain(answering.failure, settings.base_url, key)
            answer.failure, answer.help = explanation.sentence, explanation.link
            answer.affordable_tokens = explanation.affordable_tokens
        if answer.generation and not answer.usage:
            arguments = (settings.base_url, key, session, answer)
            threading.Thread(target=_count, args=arguments, name="counting", daemon=True).start()

    if answer.max_tokens:
        parameters = {**request.parameters, "max_tokens": answer.max_tokens}
        request = replace(request, parameters=parameters)
    stream = ChatStream(settings.base_url, key, request, headers=settings.attribution())
    answering = Answering(
        stream,
        answer,
        news=session.news,
        may_retry=lambda: not budget.refusal(settings, session),
        when_over=when_over,
    )
    session.answerings = [*(one for one in session.answerings if not one.is_over), answering]
    context = get_script_run_ctx()
    if context and runtime.exists():
        _attendant.attend(answering, context.session_id)


def _count(base_url: str, key: str, session: Session, answer: Answer) -> None:
    """Count what an answer cost that broke off; OpenRouter knows it some moments later."""
    for seconds in COUNTED_AFTER:
        time.sleep(seconds)
        if not session.has(key):
            return
        with suppress(OpenRouterError):
            answer.usage = get_usage(base_url, key, answer.generation)
            session.pay(key, answer.cost)
            return


class _Attendant:
    """Stops the answers whose browser has gone: nobody pays for words that nobody reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attended: list[tuple[Answering, str]] = []

    def attend(self, answering: Answering, session_id: str) -> None:
        with self._lock:
            self._attended.append((answering, session_id))
            if len(self._attended) == 1:
                threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while self._are_left():
            time.sleep(PATIENCE)

    def _are_left(self) -> bool:
        with self._lock:
            self._attended = [pair for pair in self._attended if not pair[0].is_over]
            for answering, session_id in self._attended:
                if not runtime.get_instance().is_active_session(session_id):
                    answering.stop()
            return bool(self._attended)


_attendant = _Attendant()


def take_question(session: Session, text: str, files: Sequence[tuple[str, bytes]] = ()) -> None:
    """Add a question to the open conversation; what cannot be sent with it waits beside it.

    Where nothing is left to send, no question is added: `session.refused` says why.
    """
    session.refused = ""
    attachments: list[Attachment] = []
    refused: list[str] = []
    for name, content in files[:MOST_FILES]:
        try:
            attachments.append(attachment(name, content))
        except NotAttachable as error:
            refused.append(str(error))
    if len(files) > MOST_FILES:
        refused.append(f"A message takes {MOST_FILES} files at most.")
    if not text.strip() and not attachments:
        if refused:
            session.refused = f"{' '.join(refused)} Nothing was sent; choose another file."
        return
    conversation = session.conversation
    stop(session, *conversation.answers())
    conversation.ask(text, attachments)
    session.earlier = 0
    session.open(conversation)
    if refused:
        _refuse(
            conversation.turns[-1].answer,
            f"{' '.join(refused)} Nothing was sent yet; try again to send the rest.",
        )


def ask_waiting(
    settings: Settings, session: Session, conversation: Conversation, request: ChatRequest
) -> None:
    """Ask for the answer that waits in a conversation, unless something speaks against it."""
    if not conversation.turns or conversation.turns[-1].answer.progress != "waiting":
        return
    answer = conversation.turns[-1].answer
    model = models.find(settings, request.model)
    refusal = (
        budget.refusal(settings, session)
        or _too_long(conversation)
        or _not_taken(model, conversation.attached())
    )
    if refusal:
        _refuse(answer, refusal)
    else:
        ask(settings, session, answer, replace(request, messages=conversation.messages()))


def _refuse(answer: Answer, sentence: str) -> None:
    answer.progress, answer.failure = "failed", sentence


def _too_long(conversation: Conversation) -> str:
    if len(conversation.turns) <= MOST_TURNS:
        return ""
    return f"This chat has {MOST_TURNS:,} questions, which is the most. Start a new one."


def _not_taken(model: Model, kinds: set[Kind]) -> str:
    """A PDF is read for models that take no files; texts are text."""
    for kind, plural in (("image", "images"), ("audio", "audio")):
        if kind in kinds and kind not in model.inputs:
            return (
                f"{model.name} does not take {plural}, and this conversation has some. Choose a "
                "model that does, then try again."
            )
    return ""


@contextmanager
def ended_by_stop(session: Session, *conversations: Conversation) -> Iterator[None]:
    """Stop these answers too where Stop ends the script, though nobody watches them yet."""
    try:
        yield
    except StopException:
        for conversation in conversations:
            for answer in conversation.answers():
                if answer.progress == "waiting":
                    answer.progress = "stopped"
            stop(session, *conversation.answers())
        raise


def stop(session: Session, *answers: Answer) -> None:
    """Stop what is at work on these answers."""
    for answer in answers:
        if answering := session.answering(answer):
            answering.stop()


def stop_all(session: Session) -> None:
    """Stop every answer of the session."""
    stop(session, *(answering.answer for answering in session.answerings))
