"""The chat page: answers in the end states they can have, and what is offered then."""

import pytest

from lib.chat.attachments import attachment, prepare
from lib.chat.conversation import Answer, Conversation, Turn
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.events import GeneratedImage, Usage
from lib.openrouter.request import ChatRequest
from lib.settings import Settings
from lib.ui import chat_actions, late_costs, media
from lib.ui.session import Session
from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.chat.test_images import image_of, large_png
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
            assert "Then I weigh it. Now I know." in status.get("html")[0].proto.body


def test_costs(sandbox: Sandbox) -> None:
    """The sidebar says what this chat and the session cost; a new chat begins at nothing."""
    app = chat_page(signed_in()).run()
    ask(app, "sandbox/echo one")
    cost = "less than a cent"
    assert f"This chat {cost}, session {cost}" in visible_text(app)
    assert any(r"session \$0.0000" in element.help for element in app.markdown)
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


def test_continue(sandbox: Sandbox) -> None:
    """An answer of the maximum length goes on where it ended: one text, one cost, one button."""
    session = signed_in()
    session.chat.model = "sandbox/finish-length"
    app = ask(chat_page(session).run(), "Hello?")
    (answer,) = session.chat.conversation.answers()
    first = answer.text
    assert "status-402" not in first
    app.button(key="continue").click().run()
    assert answer.text.startswith(first)
    assert "status-402" in visible_text(app)
    assert "reached its maximum length" not in visible_text(app)
    assert (answer.progress, answer.finish_reason) == ("complete", "stop")
    assert session.spending.spent == answer.cost == sum(key.usage for key in sandbox.keys.values())
    assert not [button for button in app.button if button.key == "continue"]


def test_continue_that_fails(sandbox: Sandbox) -> None:
    """What an answer has stays if a further request fails, and can be continued still."""
    session = signed_in()
    answer = Answer("The begin", "complete", finish_reason="length", usage=Usage(1, 2, 0.5))
    session.chat.open(Conversation([Turn("Hello?", [answer])]))
    session.chat.model = "sandbox/status-402"
    app = chat_page(session).run()
    app.button(key="continue").click().run()
    assert "not enough credit" in app.error[0].value
    assert (answer.text, answer.cost, session.spending.spent) == ("The begin", 0.5, 0)
    session.chat.model = "sandbox/echo"
    app.button(key="continue").click().run()
    assert not app.error
    assert answer.text == "The beginHello?"
    assert answer.cost == 0.5 + session.spending.spent


def with_waiting_question() -> Session:
    """A session with an answer on its way, and a question that waits for it."""
    session = signed_in()
    assert session.user
    settings, request = Settings(base_url=session.user.base_url), ChatRequest("openrouter/auto")
    for question in ("sandbox/slow-start please", "sandbox/echo and then?"):
        chat_actions.submit_question(settings, session, session.user, request, question)
    return session


def test_question_after_an_answer_out_of_sight(sandbox: Sandbox) -> None:
    """A question that waits for an answer which the page does not show is sent at its end, too."""
    session = with_waiting_question()
    first, second = session.chat.conversation.turns
    first.answers.insert(0, Answer("An earlier one.", "complete"))
    first.shown = 0
    app = chat_page(session).run()
    assert "An earlier one." in visible_text(app)
    assert [one.progress for one in (*first.answers, second.answer)] == ["complete"] * 3


def test_question_in_another_chat(sandbox: Sandbox) -> None:
    """A question that waits in a chat which is not open is sent when the answer before has ended."""
    session = with_waiting_question()
    left = session.chat.conversation
    session.chat.open(Conversation())
    app = chat_page(session).run()
    assert not app.chat_message
    assert [one.progress for one in left.answers()] == ["complete"] * 2


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
    button = app.button(key="shorter")
    assert app.button(key="try_again").label == "Try again"
    assert button.label == "Send again, for at most 1,234 tokens"
    button.click().run()
    assert not app.error
    assert "You asked" in visible_text(app)
    first, second = (completion["body"] for completion in sandbox.completions)
    assert second == {**first, "max_completion_tokens": 1_234}


def test_another_model(sandbox: Sandbox) -> None:
    """A model that OpenRouter suggests in place of one that is gone is one click away."""
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/status-404-deprecated please")
    assert "no longer offered" in app.error[0].value
    labels = [button.label for button in app.button if "suggested" in str(button.key)]
    assert labels == ["Ask sandbox/hello", "Ask sandbox/tour"]
    app.button(key="suggested_0").click().run()
    assert not app.error
    assert session.chat.model == "sandbox/hello"
    assert app.query_params["model"] == "sandbox/hello"
    assert sandbox.completions[-1]["body"]["model"] == "sandbox/hello"
    assert not [button for button in app.button if "suggested" in str(button.key)]


@pytest.mark.parametrize(
    ("model", "remedy", "attached"),
    [
        ("sandbox/status-400-image-size", "smaller_images", True),
        ("sandbox/status-404-image", "without_files", False),
    ],
)
def test_remedy(sandbox: Sandbox, model: str, remedy: str, *, attached: bool) -> None:
    """Where the files are the reason, one click sends the question with smaller ones, or without."""
    session = signed_in()
    session.chat.model = model
    session.chat.conversation.ask("What is it?", [attachment("a.png", picture(2_000, 10))])
    app = chat_page(session).run()
    assert app.error
    app.button(key=f"remedy_{remedy}").click().run()
    before, after = (completion["body"]["messages"][0] for completion in sandbox.completions)
    assert isinstance(after["content"], list) is attached
    assert after != before
    assert len(session.chat.conversation.turns[0].attachments) == 1


def test_images_elsewhere(sandbox: Sandbox) -> None:
    """An image at another place is a link, an SVG a sentence, and neither is loaded."""
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/image-forms please")
    assert len(app.get("download_button")) == 2
    text = visible_text(app)
    assert "](https://example.org/picture.png)" in text
    assert "cannot be shown here (image/svg+xml)" in text
    for element in app.get("imgs"):
        assert "example.org" not in str(element.proto)


@pytest.mark.parametrize("model", ["refusal", "think", "parts", "no-finish", "whole-message"])
def test_shapes(sandbox: Sandbox, model: str) -> None:
    """An answer of another shape is shown and goes back in the next request, without reasoning."""
    session = signed_in()
    app = ask(chat_page(session).run(), f"sandbox/{model} please")
    answer = session.chat.conversation.turns[0].answer
    assert (answer.progress, bool(answer.text)) == ("complete", True)
    assert not app.error
    assert not app.warning
    ask(app, "sandbox/echo more")
    sent = sandbox.completions[-1]["body"]["messages"][1]
    assert sent == {"role": "assistant", "content": answer.text}
    assert "think" not in answer.text
    assert bool(app.status) is (model in ("think", "parts"))


def test_cost_that_comes_late(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the cost of an answer that broke off is not known, the page says so."""
    monkeypatch.setattr(late_costs, "DELAYS_S", (1.0,))
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/cut please")
    assert "cost not known yet" in visible_text(app)
    wait_until(lambda: bool(session.spending.spent))
    wait_until(lambda: not late_costs.is_counting(session.chat.conversation.turns[0].answer))
    text = visible_text(app.run())
    assert "not known" not in text
    assert "completion tokens" in text


def test_unauthorized(sandbox: Sandbox) -> None:
    """A 401 for a key whose account answers signs nobody out."""
    app = ask(chat_page(signed_in()).run(), "sandbox/status-401 please")
    assert app.chat_input
    assert "still signed in" in app.error[0].value


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


def test_edit(sandbox: Sandbox) -> None:
    """The chat as it was before an edit stays in the list, and opens whole; a deletion deletes."""
    session = signed_in()
    app = chat_page(session).run()
    for number in (1, 2):
        ask(app, f"sandbox/echo {number}")
    app.button(key="edit_0").click().run()
    assert "it stays in the list" in visible_text(app)
    app.text_area(key="changed_0").set_value("sandbox/echo 3")
    app.button(key="send_0").click().run()
    before, edited = session.chat.conversations
    assert (before.title, edited.title) == ("Before the edit: sandbox/echo 1", "sandbox/echo 3")
    assert [text.value for text in app.text] == ["sandbox/echo 3"]
    app.button(key=f"open_{before.id}").click().run()
    assert [text.value for text in app.text] == ["sandbox/echo 1", "sandbox/echo 2"]
    app.button(key=f"delete_{id(before.turns[0])}").click().run()
    assert [text.value for text in app.text] == ["sandbox/echo 2"]
    assert len(session.chat.conversations) == 2


def test_edit_of_an_unanswered_question(sandbox: Sandbox) -> None:
    """Where nothing was answered, an edit leaves no other chat behind."""
    session = signed_in()
    app = ask(chat_page(session).run(), "sandbox/status-402 please")
    app.button(key="edit_0").click().run()
    assert "it stays in the list" not in visible_text(app)
    app.text_area(key="changed_0").set_value("sandbox/echo more")
    app.button(key="send_0").click().run()
    assert [one.title for one in session.chat.conversations] == ["sandbox/echo more"]


def test_find(sandbox: Sandbox) -> None:
    """Words are found in all chats, shown as they are, and open the chat at their question."""
    session = signed_in()
    for number in range(4):
        session.chat.open(Conversation([Turn(f"Question {number}.", [Answer("So.", "complete")])]))
    app = chat_page(session).run()
    assert not app.text_input
    turns = [Turn(f"Number {n}.", [Answer("**So** it *is*.", "complete")]) for n in range(45)]
    turns[3].question = "A *needle* :red[x]"
    session.chat.conversations.insert(0, Conversation(turns))
    app.run()
    app.text_input(key="find").set_value("Néedle").run()
    (found,) = (button for button in app.button if str(button.key).startswith("found_"))
    assert found.label == "A **needle** \\:red\\[x\\]"
    found.click().run()
    assert session.chat.conversation.turns is turns
    assert "A *needle* :red[x]" in [text.value for text in app.text]
    assert session.chat.last_question_id == turns[3].id
    app.text_input(key="find").set_value("nowhere").run()
    assert "No chat has these words." in visible_text(app)


def test_try_again_of_a_deleted_message(sandbox: Sandbox) -> None:
    """No other answer is requested to a message that was deleted in the same moment."""
    session = signed_in()
    session.chat.conversation.turns = [Turn(q, [Answer("!", "complete")]) for q in ("One?", "Two?")]
    app = chat_page(session).run()
    del session.chat.conversation.turns[1]
    app.button(key="try_again").click().run()
    assert not app.exception
    assert not sandbox.completions


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
    monkeypatch.setattr(late_costs, "DELAYS_S", [0.01] * 100)
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
    assert not app.get("image")
    assert app.get("download_button")


def test_attached_image(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under an image stands what was changed of it; it is decoded once, not in each run."""
    session = signed_in()
    file = prepare(attachment("a*.png", image_of("JPEG", 3_000, 1_500)))
    session.chat.open(Conversation([Turn("What?", [Answer("Black.", "complete")], [file])]))
    decoded: list[bytes] = []
    monkeypatch.setattr(
        media, "thumbnail", lambda content, _: decoded.append(content) or picture(2, 2)
    )
    app = chat_page(session).run().run()
    assert f"{escape_markdown(file.name)} · {escape_markdown(file.note)}" in visible_text(app)
    assert file.note == "Made smaller: 3,000 × 1,500 to 2,000 × 1,000."
    assert app.get("image")
    assert decoded == [file.content]


def test_damaged_image(sandbox: Sandbox) -> None:
    """In place of an image that cannot be decoded stands that it cannot be shown."""
    session = signed_in()
    file = attachment("a.png", image_of("PNG", 400, 400)[:-30])
    session.chat.open(Conversation([Turn("What?", [Answer("Black.", "complete")], [file])]))
    app = chat_page(session).run()
    assert "a.png cannot be shown." in visible_text(app)
    assert not app.get("image")


def test_image_for_a_model_without_image_input(sandbox: Sandbox) -> None:
    """A model that takes no images is not sent one; another model is, after one click."""
    session = signed_in()
    session.chat.model = "sandbox-labs/breeze-1b:free"
    session.chat.conversation.ask("What is it?", [attachment("a.png", picture(2, 2))])
    app = chat_page(session).run()
    assert "does not take images" in app.error[0].value
    assert not sandbox.completions
    app.button(key="remedy_without_files").click().run()
    assert sandbox.completions[-1]["body"]["messages"][0]["content"] == "What is it?"
    session.chat.model = "sandbox/hello"
    app.button(key="try_again").click().run()
    assert not app.error
    assert "an image (image/png" in visible_text(app)


def test_drawing_for_a_model_without_image_input(sandbox: Sandbox) -> None:
    """A model that takes no images is not sent those that another one has made."""
    session = signed_in()
    drawn = Answer("", "complete", images=[GeneratedImage("image/png", picture(2, 2))])
    session.chat.open(Conversation([Turn("Draw a cat", [drawn])]))
    for model, is_sent in (("sandbox/hello", True), ("sandbox-labs/breeze-1b:free", False)):
        session.chat.model = model
        ask(chat_page(session).run(), "Make it blue")
        messages = sandbox.completions[-1]["body"]["messages"]
        assert messages[0]["content"] == "Draw a cat"
        assert ("images" in messages[1]) is is_sent
