"""Comparisons: who is asked what, and how they outlive a reload in the tab's storage."""

import json
import random
from collections.abc import Iterable

import pytest

from lib.chat.attachments import attachment
from lib.chat.comparison import TIE, Comparison, restore_comparisons, to_records
from lib.chat.conversation import Answer, Conversation, Part, Turn
from lib.chat.storage import StorageDiff, restore
from lib.ui.autosave import restore_stored
from lib.ui.session import Session

MODELS = ["a/one", "b/two", "c/three"]


def asked(*questions: str, is_blind: bool = False) -> Comparison:
    """A comparison in which each question has been answered by each model."""
    comparison = Comparison(is_blind=is_blind)
    for question in questions:
        comparison.ask(MODELS, question, [attachment("a.txt", b"A file.")])
        for conversation in comparison.columns:
            answer = Answer(f"{conversation.model} on {question}", "complete")
            conversation.turns[-1].answers = [answer]
    return comparison


def judged(comparison: Comparison, *orders: Iterable[str]) -> Comparison:
    """The comparison with a verdict about its first round."""
    for order in orders:
        part = Part(comparison.id, verdict="0123456789abcdef", order=tuple(order))
        turn = Turn("Judge!", [Answer("Answer 1: 8", "complete")])
        comparison.judges.append(Conversation([turn], model="j/udge", part=part))
    return comparison


def records_of(*comparisons: Comparison) -> dict[str, str]:
    """What a tab stores of comparisons."""
    conversations = [one for comparison in comparisons for one in comparison.conversations()]
    changes = StorageDiff().changes(conversations, to_records(comparisons))
    assert changes
    return changes.put


def test_rounds() -> None:
    """Each question goes to the models of the first one, in their order."""
    comparison = asked("Why?", "And how?")
    comparison.ask(["x/other"], "Where?", [])
    assert comparison.models == MODELS
    assert comparison.round_count == 3
    assert [answer.text for answer in comparison.answers(1).values()] == [
        f"{model} on And how?" for model in MODELS
    ]


def test_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that are hidden are put in random order, and named by their column."""
    monkeypatch.setattr(random, "shuffle", list.reverse)
    comparison = asked("Why?", is_blind=True)
    assert comparison.models == MODELS[::-1]
    assert [comparison.letter(model) for model in MODELS] == ["C", "B", "A"]
    assert comparison.hides_models


def test_there_and_back() -> None:
    """Comparisons are restored with votes and verdicts, the oldest first."""
    first, second = asked("Why?", "How?", is_blind=True), asked("Where?")
    second.columns[0].began_at = first.columns[0].began_at + 1
    judged(first, MODELS, MODELS[::-1])
    first.votes, first.is_revealed = {0: "b/two", 1: TIE}, True
    records = records_of(second, first)
    assert restore_comparisons(restore(records), records, 4) == [first, second]


def test_files_once() -> None:
    """The files of a question are stored once, and come back in each column."""
    records = records_of(asked("Why?"))
    assert len([name for name in records if name.endswith("/files")]) == 1
    (back,) = restore_comparisons(restore(records), records, 4)
    assert [turn.attachments[0].content for _, turn in back.round(0)] == [b"A file."] * 3


def test_older_records() -> None:
    """What an older version stored of a comparison is dropped, and no chat."""
    old = Conversation([Turn("Why?", [Answer("Because.", "complete")])], model="a/one")
    changes = StorageDiff().changes([old], {})
    assert changes
    session = Session()
    restore_stored(session, json.dumps(changes.put))
    assert session.chat.conversations == []
    assert session.comparison.comparisons == []


@pytest.mark.parametrize(
    "record",
    [
        "",
        "5",
        "[" * 9_999,
        '{"votes": [], "is_revealed": 5}',
        '{"votes": {"0": "x/other"}, "is_revealed": false}',
        '{"votes": {"-1": "a/one", "9": "a/one"}, "is_revealed": false}',
    ],
    ids=lambda record: record[:20],
)
def test_junk(record: str) -> None:
    """A record that is not the app's own is left out: no vote, and the models stay hidden."""
    comparison = asked("Why?", is_blind=True)
    records = records_of(comparison) | {f"comparison/{comparison.id}": record}
    (back,) = restore_comparisons(restore(records), records, 4)
    assert back.votes == {}
    assert back.hides_models


@pytest.mark.parametrize(
    "part",
    [
        Part("../../not-an-id"),
        Part("0" * 16, column=99),
        Part("0" * 16, column=-1),
        Part("0" * 16, verdict="v", order=("x/other",)),
    ],
)
def test_foreign_parts(part: Part) -> None:
    """A conversation that is no part of a comparison of the app's is left out."""
    conversation = Conversation([Turn("Why?", [Answer("!", "complete")])], model="a/one", part=part)
    changes = StorageDiff().changes([conversation], {})
    assert changes
    assert restore_comparisons(restore(changes.put), changes.put, 4) == []


def test_too_many_columns() -> None:
    """No more models come back than a comparison may have; nor votes and verdicts about others."""
    comparison = judged(asked("Why?"), MODELS)
    comparison.votes = {0: "c/three"}
    records = records_of(comparison)
    (back,) = restore_comparisons(restore(records), records, 2)
    assert back.models == MODELS[:2]
    assert (back.judges, back.votes) == ([], {})


def test_growing_at_the_reload() -> None:
    """One answer has been found again before the tab sends what it has: the rest joins it."""
    comparison = asked("Why?", is_blind=True)
    comparison.votes = {0: "a/one"}
    records = records_of(comparison)
    session = Session()
    growing = next(one for one in comparison.columns if one.part and one.part.column == 1)
    session.replace_conversation(growing)
    assert session.comparison.comparison.hides_models
    restore_stored(session, json.dumps(records))
    assert session.comparison.comparisons == [comparison]
    assert session.comparison.comparison.columns[1] is growing
