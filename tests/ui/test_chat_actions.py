"""Questions and answers of a session without a page: queued, stopped, found again and paid."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib.chat import answer_stream
from lib.chat.conversation import MAX_TURNS, Answer, Conversation, Turn
from lib.chat.images import count_pixels
from lib.chat.storage import StorageDiff
from lib.openrouter.errors import KeyRejected, OpenRouterError, UnconfirmedRejection
from lib.openrouter.request import ChatRequest
from lib.settings import Settings
from lib.ui import chat_actions, late_costs
from lib.ui.autosave import restore_stored
from lib.ui.session import Session
from sandbox.server import Sandbox
from tests.chat.test_images import image_of
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
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
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


def test_attached_image(served: Served) -> None:
    """An image is sent and kept as small as models take it, not as it was uploaded."""
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
    uploaded = image_of("PNG", 3_000, 1_500)
    chat_actions.submit_question(
        settings, session, session.user, ChatRequest("sandbox/hello"), "", [("a.jpg", uploaded)]
    )
    assert session.streams[-1].over.wait(5)
    (file,) = session.chat.conversation.turns[0].attachments
    assert file.note == "Made smaller: 3,000 × 1,500 to 2,000 × 1,000."
    (part,) = served.completions[-1]["body"]["messages"][-1]["content"]
    sent = base64.b64decode(part["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert sent == file.content
    assert count_pixels(sent) == 2_000 * 1_000


def test_question_in_another_conversation(served: Served) -> None:
    """An answer goes on in its own conversation while one in another conversation begins and ends."""
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
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


def test_sign_out_meanwhile() -> None:
    """A script that has read the user before a sign-out asks for nothing on their key."""
    session = signed_in()
    user = session.user
    conversation = session.chat.conversation
    conversation.ask("Hello?")
    session.forget()
    chat_actions.start_pending_answer(Settings(), session, user, conversation, ChatRequest("a/b"))
    assert session.streams == []


@contextmanager
def unauthorized_server() -> Iterator[str]:
    """A server that answers each request with 401 to chats, and with 500 to all others."""

    async def respond(request: Request) -> Response:
        status = 401 if request.url.path.endswith("completions") else 500
        return JSONResponse({"error": {"code": status, "message": "m"}}, status)

    sandbox = Sandbox()
    sandbox.app = Starlette(routes=[Route("/{path:path}", respond, methods=["GET", "POST"])])
    with sandbox.serve() as url:
        yield url


@pytest.fixture
def may_count(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """An event before which the cost of no answer is requested."""
    event = threading.Event()

    class Delays:
        def __iter__(self) -> Iterator[float]:
            event.wait(5)
            yield 0

    monkeypatch.setattr(late_costs, "DELAYS_S", Delays())
    return event


def test_stopped_answer_after_a_reload(served: Served, may_count: threading.Event) -> None:
    """The cost of a stopped answer is counted in the session that follows a reload, once."""
    before, after = signed_in(served.base_url), signed_in(served.base_url)
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
    """A new session takes over the answers that grow without a reader; older ones are paid for."""
    before, after = signed_in(served.base_url), signed_in(served.base_url)
    settings, request = Settings(base_url=served.base_url), ChatRequest("sandbox/endless")
    submit(before, settings, ChatRequest("sandbox/echo"), "Hello?")
    assert before.streams[0].over.wait(5)
    submit(before, settings, request, "And now?", "And then?")
    chat_actions.attach(after)
    assert after.chat.conversation.turns == []  # the one before may still be read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "is_connected", property(lambda session: session is not before))
        chat_actions.attach(after)
    answers = list(after.chat.conversation.answers())
    assert [answer.progress for answer in answers] == ["complete", "streaming", "waiting"]
    assert after.stream_of(answers[1]) is before.stream_of(answers[1])
    assert (before.spending.spent > 0, after.spending.spent) == (True, 0)
    submit(after, settings, request, "And last?")
    third = signed_in(served.base_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "is_connected", property(lambda session: session is third))
        chat_actions.attach(third)
    assert [turn.question for turn in third.chat.conversation.turns][-1] == "And last?"
    chat_actions.stop_all(third)


def test_stop_while_connecting() -> None:
    """An answer can be stopped while its connection is still being made."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as others:
        for _ in range(3):  # fill the backlog: the next connection gets no response at all
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        settings = Settings(base_url=f"http://127.0.0.1:{full.getsockname()[1]}")
        session = signed_in(settings.base_url)
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


def test_stopped_before_the_first_chunk(served: Served) -> None:
    """An answer that was stopped while it said nothing is counted, and says so until then."""
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
    submit(session, settings, ChatRequest("sandbox/silent"), "Hello?")
    (answer,) = session.chat.conversation.answers()
    wait_until(lambda: bool(answer.generation))
    chat_actions.stop(session, answer)
    wait_until(lambda: late_costs.is_counting(answer))
    assert (answer.text, answer.usage) == ("", None)
    wait_until(lambda: not late_costs.is_counting(answer))
    assert session.spending.spent == answer.cost > 0


def test_cost_is_fetched_for_a_minute() -> None:
    """OpenRouter may have a cost late."""
    assert 60 <= sum(late_costs.DELAYS_S) <= 70


def test_bill_of_a_provider(served: Served) -> None:
    """What a provider charges to the user's own key counts towards the budget."""
    session = signed_in(served.base_url)
    settings = Settings(base_url=served.base_url, session_budget=0.018)
    submit(session, settings, ChatRequest("sandbox/byok"), "Hello?")
    assert session.streams[-1].over.wait(5)
    assert session.spending.spent == 0.0185
    submit(session, settings, ChatRequest("sandbox/byok"), "And again?")
    assert "budget" in session.chat.conversation.turns[1].answer.failure


@pytest.mark.parametrize(
    ("model", "failure"),
    [
        ("sandbox/401-once", None),
        ("sandbox/status-401", UnconfirmedRejection),
        ("sandbox/status-401-provider", OpenRouterError),
        ("sandbox/chunk-401-provider", OpenRouterError),
    ],
)
def test_unauthorized(
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    failure: type[OpenRouterError] | None,
) -> None:
    """401 is no rejected key as long as the account answers."""
    monkeypatch.setattr(answer_stream.random, "uniform", lambda *_: 0)
    monkeypatch.setattr(served, "retry_after", 0)
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
    submit(session, settings, ChatRequest(model), "Hello?")
    stream = session.streams[-1]
    assert stream.over.wait(5)
    assert type(stream.failure) is (failure or type(None))
    assert (stream.answer.progress == "complete") is (failure is None)
    assert len(served.completions) == (1 if failure is OpenRouterError else 3 if failure else 2)


def test_unauthorized_without_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the account cannot be asked either, nobody is signed out."""
    monkeypatch.setattr(answer_stream.random, "uniform", lambda *_: 0)
    with unauthorized_server() as url:
        session = signed_in(url)
        submit(session, Settings(base_url=url), ChatRequest("a/b"), "Hello?")
        assert session.streams[-1].over.wait(10)
    assert isinstance(session.streams[-1].failure, UnconfirmedRejection)


def test_rejected_key_at_another_api_url(served: Served) -> None:
    """The account is asked at the URL of the API, where the key was rejected."""
    served.keys.clear()
    settings = Settings(base_url="http://127.0.0.1:9", openrouter_api_url=served.base_url)
    session = signed_in(settings.base_url)
    submit(session, settings, ChatRequest("sandbox/echo"), "Hello?")
    assert session.streams[-1].over.wait(5)
    assert type(session.streams[-1].failure) is KeyRejected


def test_credit_in_flight(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credit that other requests hold is waited for."""
    monkeypatch.setattr(served, "retry_after", 0)
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
    submit(session, settings, ChatRequest("sandbox/402-in-flight"), "Hello?")
    assert session.streams[-1].over.wait(5)
    assert session.chat.conversation.turns[0].answer.progress == "complete"
    assert len(served.completions) == 3


def test_drawing(served: Served) -> None:
    """After a drawing alone, the next request holds its question and the image."""
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
    submit(session, settings, ChatRequest("sandbox/image-only"), "Draw a cat")
    assert session.streams[-1].over.wait(5)
    submit(session, settings, ChatRequest("sandbox/image-only"), "Make it blue")
    assert session.streams[-1].over.wait(5)
    first, drawn, second = served.completions[-1]["body"]["messages"]
    assert (first["content"], second["content"]) == ("Draw a cat", "Make it blue")
    assert drawn["images"][0]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


def test_parsed_file(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF is parsed once: what OpenRouter returned of it goes back, also after an error."""
    monkeypatch.setattr(served, "retry_after", 0)
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
    file = ("a.pdf", b"%PDF-1.7")
    for model in ("sandbox/file-annotations", "sandbox/status-502-annotations"):
        session.chat.open(Conversation())
        request = ChatRequest(model)
        chat_actions.submit_question(settings, session, session.user, request, "What?", [file])
        assert session.streams[-1].over.wait(5)
        (turn,) = session.chat.conversation.turns
        if turn.answer.progress == "failed":
            turn.ask_again()
            start(session, settings, ChatRequest("sandbox/echo"))
        else:
            submit(session, settings, ChatRequest("sandbox/echo"), "And?")
        assert session.streams[-1].over.wait(5)
        messages = served.completions[-1]["body"]["messages"]
        (annotations,) = [m["annotations"] for m in messages if "annotations" in m]
        assert annotations[0]["file"]["content"][0]["text"].startswith("What ")


def test_cost_after_sign_out(served: Served, may_count: threading.Event) -> None:
    """After sign-out the key is not used to request a cost, and nothing is counted."""
    session, settings = signed_in(served.base_url), Settings(base_url=served.base_url)
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
