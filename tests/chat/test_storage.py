"""What a tab keeps: only what changed travels, and only what is ours comes back."""

import json

import msgspec
import pytest

from lib.chat.attachments import attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.storage import (
    MAX_FILES_BYTES,
    MAX_STORED_LENGTH,
    StorageChanges,
    StorageDiff,
    parse_records,
    restore,
)
from lib.openrouter.events import Citation
from lib.ui.autosave import restore_stored
from lib.ui.session import Session


class Tab:
    """A browser's tab: records that changes are applied to."""

    def __init__(self) -> None:
        self.records: dict[str, str] = {}

    def apply(self, changes: StorageChanges | None) -> int:
        """Keep changes; return how many characters travelled."""
        if changes is None:
            return 0
        for key in changes.remove:
            self.records.pop(key, None)
        self.records |= changes.put
        for key, text in changes.add.items():
            self.records[key] = self.records.get(key, "") + text
        return sum(map(len, [*changes.put.values(), *changes.add.values(), *changes.remove]))


def talk(*questions: str) -> Conversation:
    """A conversation of answered questions."""
    return Conversation([Turn(q, [Answer(f"About {q}.", "complete")]) for q in questions])


def test_there_and_back() -> None:
    """Conversations come back as they were, the oldest first."""
    tab, diff = Tab(), StorageDiff()
    first, second = talk("a", "b"), talk("c")
    second.began_at = first.began_at + 1
    second.name = "Third"
    tab.apply(diff.changes([second, first, Conversation()], {"open": first.id}))
    assert restore(tab.records) == [first, second]
    assert tab.records["open"] == first.id


def test_nothing_new() -> None:
    """What has been given out is not given out again."""
    diff = StorageDiff()
    conversation = talk("a")
    assert not diff.has_records
    assert diff.changes([conversation], {})
    assert diff.has_records
    assert diff.changes([conversation], {}) is None


def test_only_what_changed() -> None:
    """A new turn travels alone; so does a new name, a deleted turn, and another answer."""
    tab, diff = Tab(), StorageDiff()
    conversation = talk(*"abc")
    conversation.turns[0].answers[0].text = "long " * 1_000
    assert tab.apply(diff.changes([conversation], {})) > 5_000
    conversation.ask("d")
    conversation.name = "Name"
    assert tab.apply(diff.changes([conversation], {})) < 1_000
    conversation.turns[2].answers.append(Answer("new", "complete"))
    assert tab.apply(diff.changes([conversation], {})) < 1_000
    conversation.delete(conversation.turns[1])
    tab.apply(diff.changes([conversation], {}))
    (back,) = restore(tab.records)
    assert back.name == "Name"
    assert [turn.question for turn in back.turns] == ["a", "c", "d"]
    assert back.turns[1].answers[1].text == "new"


def test_answered_again() -> None:
    """A question that was asked anew, and answered at once, is not taken for the old one."""
    tab, diff = Tab(), StorageDiff()
    conversation = talk("a")
    conversation.turns[0].answer.seconds = 1.0
    tab.apply(diff.changes([conversation], {}))
    conversation.turns[0] = Turn("a", [Answer("another", "complete", seconds=1.5)])
    tab.apply(diff.changes([conversation], {}))
    assert restore(tab.records)[0].turns[0].answer.text == "another"


def test_growing_answer() -> None:
    """Of an answer under way only the new text travels, and at its end it is whole."""
    tab, diff = Tab(), StorageDiff()
    conversation = talk("a")
    conversation.ask("b")
    answer = conversation.turns[1].answer
    answer.progress = "streaming"
    tab.apply(diff.changes([conversation], {}))
    for _ in range(50):
        answer.text += "some words " * 10
        answer.reasoning += "a thought "
        assert tab.apply(diff.changes([conversation], {})) == 120
    (back,) = restore(tab.records)
    assert back.turns[1].answer.text == answer.text
    assert back.turns[1].answer.reasoning == answer.reasoning
    assert back.turns[1].answer.progress == "interrupted"
    answer.citations.append(Citation("https://example.org", "A"))
    tab.apply(diff.changes([conversation], {}))
    assert restore(tab.records)[0].turns[1].answer.text == answer.text
    answer.progress, answer.seconds = "complete", 2.0
    tab.apply(diff.changes([conversation], {}))
    assert restore(tab.records) == [conversation]
    conversation.turns[1].ask_again()
    tab.apply(diff.changes([conversation], {}))
    assert restore(tab.records)[0].turns[1].answers[0].text == answer.text


def test_files() -> None:
    """Files travel once, whatever becomes of their turn, and leave with it."""
    tab, diff = Tab(), StorageDiff()
    conversation = Conversation()
    conversation.ask("a", [attachment("a.txt", b"x" * 10_000)])
    assert tab.apply(diff.changes([conversation], {})) > 10_000
    conversation.turns[0].answer.progress = "stopped"
    assert tab.apply(diff.changes([conversation], {})) < 1_000
    assert restore(tab.records) == [conversation]
    conversation.delete(conversation.turns[0])
    tab.apply(diff.changes([conversation], {}))
    assert tab.records == {}


def test_files_that_no_tab_holds() -> None:
    """Files beyond a tab's room do not travel, and the rest of their turn does."""
    tab, diff = Tab(), StorageDiff()
    conversation = Conversation()
    conversation.ask("a", [attachment("a.mp3", b"x" * (MAX_FILES_BYTES + 1))])
    assert tab.apply(diff.changes([conversation], {})) < 1_000
    assert diff.has_left_out_files
    (back,) = restore(tab.records)
    assert (back.turns[0].question, back.turns[0].attachments) == ("a", [])


def test_numbers() -> None:
    """Changes are numbered, so that a tab notices when some were lost."""
    diff = StorageDiff()
    conversation = talk("a")
    first = diff.changes([conversation], {})
    conversation.ask("b")
    second = diff.changes([conversation], {})
    assert first
    assert second
    assert (first.number, second.number) == (1, 2)
    assert first.source == second.source != StorageDiff().changes([conversation], {}).source


def test_assume() -> None:
    """What came from the tab does not travel back, and is no gap in the numbers."""
    diff = StorageDiff()
    conversation = talk("a")
    diff.mark_stored([conversation], {})
    assert diff.changes([conversation], {}) is None
    conversation.ask("b")
    changes = diff.changes([conversation], {})
    assert changes
    assert (changes.number, len(changes.put)) == (1, 2)


def test_begun_before_the_rest_came_back() -> None:
    """A conversation that was begun before the tab told of the others is kept beside them."""
    tab, session = Tab(), Session()
    tab.apply(StorageDiff().changes([talk("old")], {}))
    session.chat.open(talk("new"))
    restore_stored(session, json.dumps(tab.records))
    tab.apply(session.storage.diff.changes(session.chat.conversations, {}))
    kept = restore(tab.records)
    assert {conversation.turns[0].question for conversation in kept} == {"old", "new"}


def test_deleted() -> None:
    """A conversation that is gone leaves no record."""
    tab, diff = Tab(), StorageDiff()
    tab.apply(diff.changes([talk("a", "b")], {}))
    tab.apply(diff.changes([], {}))
    assert tab.records == {}


@pytest.mark.parametrize(
    "kept",
    ["", "null", "5", "[]", '"text"', "[" * 99_999, '{"a": 5}', "[" + "[]," * 2_999_999 + "[]]"],
    ids=lambda kept: kept[:5],
)
def test_no_records(kept: str) -> None:
    """Whatever a browser sends in place of records, the session goes on without them."""
    with pytest.raises(msgspec.DecodeError):
        parse_records(kept)
    session = Session()
    restore_stored(session, kept)
    assert session.chat.conversations == []


def test_too_many_records() -> None:
    """What is longer than what any tab can hold is not read at all."""
    with pytest.raises(ValueError, match="too long"):
        parse_records('{"a": "' + "x" * MAX_STORED_LENGTH + '"}')


def test_junk() -> None:
    """What is not ours is left out, and the rest comes back."""
    tab, diff = Tab(), StorageDiff()
    conversation = talk("a", "b", "c")
    tab.apply(diff.changes([conversation], {}))
    good = dict(tab.records)
    for junk in ({"a": "b"}, {"0" * 16: "no JSON"}, {"0" * 16: "[" * 99_999}):
        assert restore(junk) == []
    records = {**good, f"{conversation.id}/1": '{"question": 5}', "0" * 16: "{}"}
    (back,) = restore(records)
    assert [turn.question for turn in back.turns] == ["a", "c"]
    del records[f"{conversation.id}/0"]
    (back,) = restore(records)
    assert [turn.question for turn in back.turns] == ["c"]
