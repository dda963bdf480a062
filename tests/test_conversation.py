"""Conversations: what a request carries, and what comes back from a browser."""

import json

import pytest

from lib.conversation import Answer, Conversation, Turn, from_json
from lib.openrouter.chat import Usage


def conversation(*turns: tuple[str, list[Answer]]) -> Conversation:
    """A conversation of these questions and answers."""
    return Conversation([Turn(question, answers) for question, answers in turns])


@pytest.mark.parametrize(
    ("turns", "messages"),
    [
        ([("a", [Answer()])], ["a"]),
        ([("a", [Answer("b", "complete")]), ("c", [Answer()])], ["a", "b", "c"]),
        ([("a", [Answer("b", "stopped")]), ("c", [Answer()])], ["a", "b", "c"]),
        ([("a", [Answer("", "failed")]), ("c", [Answer()])], ["c"]),
        ([("a", [Answer("b", "failed"), Answer()])], ["a"]),
        (
            [("a", [Answer("b", "failed"), Answer("c", "complete")]), ("d", [Answer()])],
            ["a", "c", "d"],
        ),
    ],
)
def test_messages(turns: list[tuple[str, list[Answer]]], messages: list[str]) -> None:
    """A request carries each question with its last text, and ends with the waiting question."""
    sent = conversation(*turns).messages()
    assert [message["content"] for message in sent] == messages
    roles = [message["role"] for message in sent]
    assert roles == ["user", "assistant"] * (len(sent) // 2) + ["user"]


def test_cost() -> None:
    """A conversation costs what its answers cost, where OpenRouter said it."""
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


def test_instructions() -> None:
    """Instructions come before all messages, as the system prompt."""
    system, user = conversation(("a", [Answer()])).messages("In Latin.")
    assert system == {"role": "system", "content": "In Latin."}
    assert user["content"] == "a"


def test_nothing_said() -> None:
    """An empty conversation asks nothing, and there is nothing to settle."""
    talk = Conversation()
    talk.settle()
    assert talk.messages() == []
    assert from_json(talk.to_json()) == talk


def test_replace_and_delete() -> None:
    """A changed question takes the place of its turn and of what follows; a deleted turn is gone."""
    talk = conversation(*((name, [Answer("b", "complete")]) for name in "aac"))
    talk.delete(talk.turns[1])
    assert [turn.question for turn in talk.turns] == ["a", "c"]
    talk.replace(talk.turns[0], "d")
    assert talk.turns == [Turn("d", [Answer()])]


def test_settle() -> None:
    """An answer that nobody streams any more counts as stopped, one that waits goes on waiting."""
    talk = conversation(("a", [Answer("b", "streaming")]))
    talk.settle()
    assert talk.turns[0].answers[0].progress == "stopped"
    talk.turns[0].answers.append(Answer())
    talk.settle()
    assert talk.turns[0].answers[1].progress == "waiting"


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
    assert conversation(("a", [Answer("", "complete")])).can_try_again()
    assert not Conversation().can_try_again()


def test_round_trip() -> None:
    """A conversation that a browser kept comes back as it was; nothing in it is asked by itself."""
    talk = conversation(
        ("a", [Answer("b", "failed", failure="Why.", model="m"), Answer("c", "complete")]),
        ("d", [Answer()]),
    )
    kept = from_json(json.loads(json.dumps(talk.to_json())))
    assert kept.turns[0] == talk.turns[0]
    assert kept.turns[1].answers[0].progress == "stopped"


@pytest.mark.parametrize("progress", ["waiting", "streaming", "stopped", "of a stranger"])
def test_nobody_is_at_work(progress) -> None:
    """An answer that was not ended when the browser kept it comes back as stopped."""
    talk = conversation(("a", [Answer("b", progress)]))
    assert from_json(talk.to_json()).turns[0].answers == [Answer("b", "stopped")]


ANSWER = {"text": "", "progress": "complete", "failure": "", "model": "", "finish_reason": ""}


@pytest.mark.parametrize(
    "junk",
    [
        None,
        5,
        "",
        "text",
        {},
        {"turns": []},
        ["text"],
        [{}],
        [{"question": 5, "answers": [ANSWER]}],
        [{"question": "a", "answers": None}],
        [{"question": "a", "answers": []}],
        [{"question": "a", "answers": [{}]}],
        [{"question": "a", "answers": [{**ANSWER, "text": ["b"]}]}],
        [{"question": "a", "answers": [{**ANSWER, "text": "b" * 1_000_001}]}],
        [{"question": "a", "answers": [ANSWER]}] * 501,
    ],
)
def test_junk(junk: object) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"\w"):
        from_json(junk)
