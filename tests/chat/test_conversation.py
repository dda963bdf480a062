"""Conversations: the messages of a request, and changes of turns and answers."""

from dataclasses import replace

import pytest

from lib.chat.attachments import attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.request_messages import request_messages
from lib.openrouter.events import Usage


def conversation(*turns: tuple[str, list[Answer]]) -> Conversation:
    """A conversation of these questions and answers."""
    return Conversation([Turn(question, answers) for question, answers in turns])


def test_cost() -> None:
    """The cost of a conversation is the sum of the known costs of its answers."""
    paid = Answer(usage=Usage(5, 100, 0.25))
    talk = conversation(("a", [paid, Answer()]), ("b", [paid, Answer(usage=Usage(1, 1, None))]))
    assert talk.cost == 0.5
    assert Conversation().cost == 0


def test_speed() -> None:
    """Tokens a second count from the first token; where something is missing there is no speed."""
    answer = Answer(usage=Usage(5, 100, None), first_token_seconds=1.0, seconds=3.0)
    assert answer.tokens_per_second == 50
    assert Answer(usage=Usage(5, 100, None), seconds=3.0).tokens_per_second is None
    assert Answer(first_token_seconds=1.0, seconds=3.0).tokens_per_second is None
    at_once = Answer(usage=Usage(5, 100, None), first_token_seconds=1.0, seconds=1.0)
    assert at_once.tokens_per_second is None
    thought = replace(answer, usage=Usage(5, 100, None, reasoning_tokens=80))
    assert thought.tokens_per_second == 10
    assert replace(thought, reasoning="Hm").tokens_per_second == 50


def test_empty() -> None:
    """An empty conversation has no title."""
    assert Conversation().title == ""


def test_replace_and_delete() -> None:
    """A changed question replaces its turn and those after it; a deleted turn is removed."""
    talk = conversation(*((name, [Answer("b", "complete")]) for name in "aac"))
    talk.delete(talk.turns[1])
    assert [turn.question for turn in talk.turns] == ["a", "c"]
    talk.delete(Turn("c", [Answer()]))  # one that was deleted before
    assert len(talk.turns) == 2
    talk.replace(talk.turns[0], "d")
    assert talk.turns == [Turn("d", [Answer()])]


def test_ask_again() -> None:
    """One more answer waits, but while one is streaming that one is shown."""
    turn = Turn("a", [Answer("b", "complete"), Answer("c", "streaming")], shown=0)
    turn.ask_again()
    assert turn.answer.text == "c"
    turn.answer.progress = "complete"
    for _ in range(2):
        turn.ask_again(max_tokens=5)
    assert turn.answers[2:] == [Answer(max_tokens=5)]


@pytest.mark.parametrize(
    ("progress", "can"),
    [
        ("complete", False),
        ("stopped", True),
        ("failed", True),
        ("waiting", False),
        ("streaming", False),
    ],
)
def test_can_try_again(progress, can: bool) -> None:
    """Only an answer that broke off can be tried again."""
    assert conversation(("a", [Answer("b", progress)])).can_try_again() is can
    assert conversation(("a", [Answer("\n", "complete")])).can_try_again()
    assert not Conversation().can_try_again()


@pytest.mark.parametrize(
    ("answer", "is_cut"),
    [
        (Answer("a", "complete", finish_reason="length"), True),
        (Answer("a", "complete", finish_reason="stop"), False),
        (Answer("", "complete", finish_reason="length"), False),
        (Answer("a", "stopped"), True),
        (Answer("\n", "stopped"), False),
        (Answer("a", "failed", finish_reason="length"), True),
        (Answer("a", "waiting", finish_reason="length"), False),
    ],
)
def test_cut(answer: Answer, *, is_cut: bool) -> None:
    """An answer with text that did not come to its end can be continued."""
    assert answer.is_cut is is_cut


def test_resume() -> None:
    """A further request adds to what an answer has, and to what it cost."""
    answer = Answer(
        "a", "complete", finish_reason="length", reasoning="So.", usage=Usage(2, 3, 1.5)
    )
    answer.resume()
    assert (answer.progress, answer.text, answer.reasoning) == ("waiting", "a", "So.\n\n")
    assert (answer.cost, answer.is_usage_known) == (1.5, False)
    answer.add_usage(Usage(4, 5, None))
    answer.add_usage(Usage(4, 6, 0.25))  # of the same request, later
    assert (answer.usage, answer.is_usage_known) == (Usage(6, 9, 1.75), True)
    assert answer.tokens_per_second is None


def test_before_edit() -> None:
    """The copy is named after what it was, once, in the length of a title, and is a little older."""
    talk = conversation(("a" * 100, [Answer("b", "complete")]))
    before = talk.before_edit().before_edit()
    assert before.title == f"Before the edit: {'a' * 42}…"
    assert before.began_at < talk.began_at
    talk.replace(talk.turns[0], "c")
    assert [turn.question for turn in before.turns] == ["a" * 100]


def test_versions() -> None:
    """The conversation goes on from the answer that is shown; a new one is shown at once."""
    talk = conversation(("a", [Answer("one", "complete"), Answer("two", "complete")]))
    talk.ask("b")
    assert request_messages(talk)[1]["content"] == "two"
    talk.turns[0].shown = 0
    assert request_messages(talk)[1]["content"] == "one"
    talk.turns[0].ask_again(max_tokens=5)
    assert talk.turns[0].answer.progress == "waiting"
    assert talk.turns[0].answer.max_tokens == 5


def test_title() -> None:
    """The title is the name that the user gave, or the first question, on one line."""
    talk = conversation(("Why is\nthe sky  blue?", [Answer()]))
    assert talk.title == "Why is the sky blue?"
    talk.name = "Sky"
    assert talk.title == "Sky"
    assert len(conversation(("a" * 100, [Answer()])).title) == 60
    files = Conversation()
    files.ask(" \n", [attachment("plan.txt", b"x")])
    assert files.title == "plan.txt"
