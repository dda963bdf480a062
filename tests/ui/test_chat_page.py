"""The chat page: answers in the end states they can have, and what is offered then."""

import pytest

from lib.chat.attachments import attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.markdown.streamlit_markdown import escape_markdown
from lib.openrouter.events import GeneratedImage
from lib.ui import chat_actions
from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.chat.test_attachments import large_png
from tests.support.pages import ask, chat_page, signed_in, visible_text
from tests.support.waiting import wait_until


def test_signed_out(sandbox: Sandbox) -> None:
    """The chat page alone, without a key, shows the way to sign in and no chat."""
    app = chat_page().run()
    assert not app.exception
    assert not app.chat_input
    assert "Sign in to chat" in visible_text(app)


def test_reasoning(sandbox: Sandbox) -> None:
    """Reasoning is in a closed expander before the answer, and stays so when the page runs again."""
    app = chat_page(signed_in()).run()
    for count in (1, 2):
        ask(app, "sandbox/reasoning please")
        assert [status.label for status in app.status] == [
            "How the model came to its answer"
        ] * count
        assert [status.proto.expanded for status in app.status] == [False] * count
        for status in app.status:
            assert "Then I weigh it. Now I know." in status.markdown[0].value


def test_costs(sandbox: Sandbox) -> None:
    """The sidebar says what this chat and the session cost; a new chat begins at nothing."""
    app = chat_page(signed_in()).run()
    ask(app, "sandbox/echo one")
    cost = r"\$0.00001"
    assert f"This chat {cost}, session {cost}" in visible_text(app)
    next(button for button in app.button if button.label == "New chat").click().run()
    assert rf"This chat \$0.00, session {cost}" in visible_text(app)


def test_broken_off(sandbox: Sandbox) -> None:
    """An answer that breaks off keeps its text, says so, and can be asked for again."""
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/cut please")
    answers = session.chat.conversation.turns[0].answers
    for count in (1, 2):
        assert [error.value for error in app.error] == [escape_markdown(answers[-1].failure)]
        assert len(answers) == count
        assert "The beginning of an answer" in visible_text(app)
        if count == 1:
            app.button(key="try_again").click().run()
    assert [len(completion["body"]["messages"]) for completion in sandbox.completions] == [1, 1]


@pytest.mark.parametrize(
    ("model", "note"),
    [
        ("finish-length", "reached its maximum length"),
        ("finish-content_filter", "held back the rest"),
    ],
)
def test_cut_short(sandbox: Sandbox, model: str, note: str) -> None:
    """An answer that its provider ended early says so, and is no failure."""
    app = ask(chat_page(signed_in()).run(), f"sandbox/{model} please")
    assert "You asked" in visible_text(app)
    assert note in visible_text(app)
    assert not app.error


def test_empty(sandbox: Sandbox) -> None:
    """An answer without text says so, and can be asked for again."""
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/empty please")
    assert "finished without an answer" in app.warning[0].value
    app.button(key="try_again").click().run()
    assert len(session.chat.conversation.turns[0].answers) == 2


def test_shorter_answer(sandbox: Sandbox) -> None:
    """Where the credit covers only a short answer, a link leads to the key, and a click sends again."""
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/status-402-max-tokens please")
    (answer,) = session.chat.conversation.turns[0].answers
    assert [error.value for error in app.error] == [escape_markdown(answer.failure)]
    links = [(link.proto.label, link.proto.url) for link in app.get("link_button")]
    assert links == [answer.help]
    button = app.button(key="try_again")
    assert button.label == "Send again, for at most 1,234 tokens"
    button.click().run()
    assert not app.error
    assert "You asked" in visible_text(app)
    first, second = (completion["body"] for completion in sandbox.completions)
    assert second == {**first, "max_completion_tokens": 1_234}


def test_long_conversation(sandbox: Sandbox) -> None:
    """Only the end of a long conversation is shown, and more on request."""
    session = signed_in()
    session.chat.open(
        Conversation([Turn(f"Question {n}.", [Answer("So.", "complete")]) for n in range(95)])
    )
    app = chat_page(session).run()
    shown = [text.value for text in app.text]
    assert shown == [f"Question {n}." for n in range(80, 95)]
    assert app.button(key="earlier").label == "Show earlier messages (80 questions)"
    app.button(key="earlier").click().run()
    assert [text.value for text in app.text] == [f"Question {n}." for n in range(30, 95)]
    app.button(key="edit_30").click().run()
    assert app.text_area(key="changed_30").value == "Question 30."
    ask(app, "sandbox/echo more")
    assert len([text for text in app.text if text.value.startswith("Question")]) < 20
    assert len(sandbox.completions[-1]["body"]["messages"]) == 2 * 95 + 1


def test_try_again_of_a_deleted_message(sandbox: Sandbox) -> None:
    """No other answer is requested to a message that was deleted in the same moment."""
    session = signed_in()
    session.chat.conversation.turns = [Turn(q, [Answer("!", "complete")]) for q in ("One?", "Two?")]
    app = chat_page(session).run()
    del session.chat.conversation.turns[1]
    app.button(key="try_again").click().run()
    assert not app.exception
    assert sandbox.completions == []


def test_budget(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Near the budget the page warns, and at it nothing is sent; the question waits."""
    monkeypatch.setenv("SESSION_BUDGET", "0.0001")
    session = signed_in()
    app = chat_page(session).run()
    ask(app, "sandbox/echo one")
    assert not app.warning
    session.spending.spent = 0.00009
    app.run()
    assert "of its budget" in app.warning[0].value
    session.spending.spent = 0.0001
    ask(app, "sandbox/echo two")
    assert "budget of" in app.error[0].value
    assert "Ask the person who sent you the link" in app.error[0].value
    assert len(sandbox.completions) == 1
    session.spending.spent, session.spending.budget = 0.00005, 0.00004
    app.button(key="try_again").click().run()
    assert "Raise it under Account" in app.error[0].value
    session.spending.budget = None
    app.button(key="try_again").click().run()
    assert not app.error
    assert len(sandbox.completions) == 2


def test_broken_off_is_paid(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of an answer that broke off is requested, and counts."""
    monkeypatch.setattr(chat_actions, "COST_DELAYS_S", [0.01] * 100)
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/cut please")
    wait_until(lambda: bool(session.spending.spent))
    assert session.spending.spent == session.chat.conversation.cost > 0
    assert "completion tokens" in visible_text(app.run())


def test_image_with_too_many_pixels(sandbox: Sandbox) -> None:
    """An image that would take a gigabyte to decode is not shown, and can be saved."""
    session = signed_in()
    images = [GeneratedImage("image/png", large_png(6_000, 6_000))]
    session.chat.open(Conversation([Turn("Draw.", [Answer("Here.", "complete", images=images)])]))
    app = chat_page(session).run()
    assert "is too large to be shown here" in visible_text(app)
    assert not app.get("imgs")
    assert app.get("download_button")


def test_image_for_a_model_without_image_input(sandbox: Sandbox) -> None:
    """A model that takes no images is not sent one; another model is, after one click."""
    session = signed_in()
    session.chat.model = "sandbox-labs/breeze-1b:free"
    session.chat.conversation.ask("What is it?", [attachment("a.png", picture(2, 2))])
    app = chat_page(session).run()
    assert "does not take images" in app.error[0].value
    assert not sandbox.completions
    session.chat.model = "sandbox/hello"
    app.button(key="try_again").click().run()
    assert not app.error
    assert "an image (image/png" in visible_text(app)
