"""What a question will cost: what the browser is given of it, and what the budget makes of it."""

import pytest
from streamlit.testing.v1 import AppTest

from lib.chat.conversation import Conversation
from lib.openrouter.request import ChatRequest
from lib.settings import Settings
from lib.ui import catalogue, chat_actions
from lib.ui.session import Session
from sandbox.server import Sandbox
from tests.conftest import Served
from tests.support.pages import ask, chat_page, component_data, signed_in


def open_chat(model: str, session: Session | None = None) -> AppTest:
    """The chat page with a model."""
    session = session or signed_in()
    session.chat.model = model
    return chat_page(session).run()


@pytest.mark.parametrize(
    ("model", "fixed"),
    [
        ("openrouter/auto", "The price varies with the model that answers."),
        ("sandbox-labs/breeze-1b:free", "Free of charge."),
        ("sandbox/image", "What an image costs is known only once it is made."),
        ("unheard/of", ""),
    ],
)
def test_no_amount(sandbox: Sandbox, model: str, fixed: str) -> None:
    """A router, a free model and one that makes images have a sentence in place of an amount."""
    estimate = component_data(open_chat(model), "cost_estimate")
    assert (estimate["fixed"], estimate["about"]) == (fixed, None)


def test_amounts(sandbox: Sandbox) -> None:
    """The amounts grow with the tokens that are typed; the most is never rounded down."""
    estimate = component_data(open_chat("anthropic/sandbox"), "cost_estimate")
    about, most = estimate["about"][2], estimate["most"][2]
    assert [step[1] for step in about[:3]] == ["less than a cent", "about 1 cent", "about 2 cents"]
    assert most[0] == [0, "7 cents"]
    assert [start for start, *_ in about] == sorted({start for start, *_ in about})


def settings_of(served: Served, budget: float) -> Settings:
    """Settings with a budget of the session; the catalogue is there."""
    settings = Settings(base_url=served.base_url, session_budget=budget)
    catalogue.models(settings, signed_in(served.base_url), timeout=5)
    return settings


def submit(session: Session, settings: Settings, model: str) -> None:
    """Ask a question of a model."""
    request = ChatRequest(model)
    chat_actions.submit_question(settings, session, session.user, request, "Hello?")


def test_shorter_answer(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may cost more than is left is not sent; a shorter answer that fits is offered."""
    monkeypatch.setenv("SESSION_BUDGET", "0.02")
    app = ask(open_chat("anthropic/sandbox"), "Hello?")
    assert "may cost up to 6 cents" in app.error[0].value
    assert not sandbox.completions
    app.button(key="shorter").click().run()
    assert not app.error
    maximum = sandbox.completions[0]["body"]["max_completion_tokens"]
    assert 1_300 < maximum < 0.02 / 15e-6


def test_no_answer_fits(served: Served) -> None:
    """Where no answer fits into the budget, none is offered."""
    session = signed_in(served.base_url)
    submit(session, settings_of(served, 0.0001), "anthropic/sandbox")
    answer = session.chat.conversation.turns[0].answer
    assert answer.affordable_tokens is None
    assert "Choose a cheaper model" in answer.failure


def test_answers_on_their_way(served: Served) -> None:
    """Answers that are on their way are counted with the most that they may cost."""
    session, settings = signed_in(served.base_url), settings_of(served, 0.006)
    submit(session, settings, "sandbox/endless")
    first = session.streams[-1]
    session.chat.open(Conversation())
    submit(session, settings, "sandbox/echo")
    assert "budget has less than a cent left" in session.chat.conversation.turns[0].answer.failure
    chat_actions.stop(session, first.answer)
    assert first.over.wait(5)
    session.chat.conversation.turns[0].ask_again()
    request = ChatRequest("sandbox/echo")
    chat_actions.start_pending_answer(
        settings, session, session.user, session.chat.conversation, request
    )
    assert session.streams[-1].over.wait(5)
    assert session.chat.conversation.turns[0].answer.progress == "complete"
    assert session.spending.reserved == {}
