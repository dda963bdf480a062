"""Questions and answers of a session without a page: queued, stopped, found again and paid."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lib.chat.conversation import MAX_TURNS, Answer, Conversation, Turn
from lib.chat.storage import StorageDiff
from lib.openrouter.request import ChatRequest
from lib.settings import Settings
from lib.ui import chat_actions
from lib.ui.autosave import restore_stored
from lib.ui.session import Session
from tests.conftest import Served
from tests.support.pages import signed_in
from tests.support.waiting import wait_until


def submit(session: Session, settings: Settings, request: ChatRequest, *questions: str) -> None:
    """Submit questions as the user of a session."""
    for question in questions:
        chat_actions.submit_question(settings, session, session.user, request, question)


def start(session: Session, settings: Settings, request: ChatRequest) -> None:
    """Start the answer that the conversation of a session is waiting for, if there is one."""
    chat_actions.start_pending_answer(
        settings, session, session.user, session.chat.conversation, request
    )


def test_questions_in_mid_answer(served: Served) -> None:
    """Questions that are sent during an answer wait, and are sent on one after the other."""
    session, settings = signed_in(), Settings(base_url=served.base_url)
    request = ChatRequest("openrouter/auto")
    questions = ("sandbox/endless please", "sandbox/echo and then?", "sandbox/echo and last?")
    submit(session, settings, request, *questions)
    first, second, third = session.chat.conversation.answers()
    start(session, settings, request)
    assert (first.progress, second.progress, third.progress) == ("streaming", "waiting", "waiting")
    chat_actions.stop(session, first)
    for answer in (second, third):
        start(session, settings, request)
        assert session.streams[-1].over.wait(5)
        assert answer.progress == "complete"
    contents = [completion["body"]["messages"][-1]["content"] for completion in served.completions]
    assert contents[-2:] == list(questions[1:])


def test_question_in_another_conversation(served: Served) -> None:
    """An answer goes on in its own conversation while one in another conversation begins and ends."""
    session, settings = signed_in(), Settings(base_url=served.base_url)
    submit(session, settings, ChatRequest("sandbox/endless"), "Hello?")
    first = session.chat.conversation.turns[0].answer
    session.chat.open(Conversation())
    submit(session, settings, ChatRequest("sandbox/echo"), "And here?")
    assert session.streams[1].over.wait(5)
    assert session.chat.conversation.turns[0].answer.text == "And here?"
    assert first.progress == "streaming"
    chat_actions.stop_all(session)


def test_stop_before_the_request() -> None:
    """An answer that was stopped before its request is never requested."""
    session = signed_in()
    session.chat.conversation.ask("Hello?")
    (answer,) = session.chat.conversation.answers()
    chat_actions.stop(session, answer)
    start(session, Settings(), ChatRequest("sandbox/echo"))
    assert (answer.progress, session.streams) == ("stopped", [])


@pytest.fixture
def may_count(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """An event before which the cost of no answer is requested."""
    event = threading.Event()

    class Delays:
        def __iter__(self) -> Iterator[float]:
            event.wait(5)
            yield 0

    monkeypatch.setattr(chat_actions, "COST_DELAYS_S", Delays())
    return event


def test_stopped_answer_after_a_reload(served: Served, may_count: threading.Event) -> None:
    """The cost of a stopped answer is counted in the session that follows a reload, once."""
    before, after = signed_in(), signed_in()
    settings, request = Settings(base_url=served.base_url), ChatRequest("sandbox/endless")
    submit(before, settings, request, "Hello?")
    (answer,) = before.chat.conversation.answers()
    wait_until(lambda: "word 3" in answer.text)
    chat_actions.stop(before, answer)
    wait_until(lambda: before.streams[0].is_over)
    stored = StorageDiff().changes([before.chat.conversation], {})
    assert stored
    for _ in range(2):
        restore_stored(after, json.dumps(stored.put))
    may_count.set()
    wait_until(lambda: bool(after.spending.spent))
    assert after.spending.spent == answer.cost == after.chat.conversations[0].cost


def test_reload_before_the_tab_has_stored(served: Served) -> None:
    """A new session takes over the answers that grow for its user without a reader."""
    before, after = signed_in(), signed_in()
    settings, request = Settings(base_url=served.base_url), ChatRequest("sandbox/endless")
    submit(before, settings, request, "Hello?", "And then?")
    chat_actions.attach(after)
    assert after.chat.conversation.turns == []  # the one before may still be read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "is_connected", property(lambda session: session is not before))
        chat_actions.attach(after)
    answers = list(after.chat.conversation.answers())
    assert [answer.progress for answer in answers] == ["streaming", "waiting"]
    assert after.stream_of(answers[0]) is before.streams[0]
    chat_actions.stop_all(after)


def test_stop_while_connecting() -> None:
    """An answer can be stopped while its connection is still being made."""
    session = signed_in()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as others:
        for _ in range(3):  # fill the backlog: the next connection gets no response at all
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        settings = Settings(base_url=f"http://127.0.0.1:{full.getsockname()[1]}")
        session.chat.conversation.ask("Hello?")
        start(session, settings, ChatRequest("a/model"))
        answer = session.chat.conversation.turns[0].answer
        assert session.stream_of(answer) is not None
        chat_actions.stop(session, answer)
        assert answer.progress == "stopped"
        assert session.stream_of(answer) is None
        assert not session.streams[0].is_over


def test_max_turns() -> None:
    """A question beyond the maximum of a conversation gets an error message and is not sent."""
    session = signed_in()
    session.chat.conversation.turns = [
        Turn("?", [Answer("!", "complete")]) for _ in range(MAX_TURNS)
    ]
    submit(session, Settings(), ChatRequest("sandbox/echo"), "One more?")
    assert "Start a new one." in session.chat.conversation.turns[-1].answer.failure
    assert not session.streams


def test_cost_after_sign_out(served: Served, may_count: threading.Event) -> None:
    """After sign-out the key is not used to request a cost, and nothing is counted."""
    session, settings = signed_in(), Settings(base_url=served.base_url)
    session.chat.conversation.ask("Hello?")
    start(session, settings, ChatRequest("sandbox/cut"))
    assert session.streams[0].over.wait(5)
    session.user = None
    may_count.set()
    for thread in threading.enumerate():
        if thread.name == "counting":
            thread.join(5)
    assert session.chat.conversation.turns[0].answer.usage is None
    assert session.spending.spent == 0
