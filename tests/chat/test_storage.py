"""A tab's storage: only changes are sent, and only the app's own records are restored."""

import json

import msgspec
import pytest

from lib.chat.archive import TRUNCATED
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
from lib.openrouter.annotations import FileAnnotation
from lib.openrouter.events import Citation, GeneratedImage
from lib.ui.autosave import restore_stored
from lib.ui.session import Session


class Tab:
    """A browser's tab: records that the changes of a diff are applied to."""

    def __init__(self) -> None:
        self.diff = StorageDiff()
        self.records: dict[str, str] = {}

    def store(self, *conversations: Conversation) -> int:
        """Store the conversations; return the number of characters that were sent."""
        return self.apply(self.diff.changes(conversations, {}))

    def apply(self, changes: StorageChanges | None) -> int:
        """Apply changes; return the number of characters that were sent."""
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
    """Conversations are restored unchanged, the oldest first."""
    tab = Tab()
    first, second = talk("a", "b"), talk("c")
    second.began_at = first.began_at + 1
    second.name = "Third"
    second.data_policy = "no-training"
    tab.apply(tab.diff.changes([second, first, Conversation()], {"open": first.id}))
    assert restore(tab.records) == [first, second]
    assert tab.records["open"] == first.id


def test_another_policy() -> None:
    """Who may see a conversation is stored when it changes; an unknown one is any provider."""
    tab, conversation = Tab(), talk("a")
    tab.store(conversation)
    conversation.data_policy = "nothing-kept"
    assert tab.store(conversation)
    assert restore(tab.records)[0].data_policy == "nothing-kept"
    record = tab.records[conversation.id]
    tab.records[conversation.id] = record.replace("nothing-kept", "everyone")
    assert restore(tab.records)[0].data_policy == "any"


def test_nothing_new() -> None:
    """A change is sent once."""
    diff = StorageDiff()
    conversation = talk("a")
    assert not diff.has_records
    assert diff.changes([conversation], {})
    assert diff.has_records
    assert diff.changes([conversation], {}) is None


def test_only_what_changed() -> None:
    """A new turn is sent alone, and so are a new name, a deleted turn, and another answer."""
    tab = Tab()
    conversation = talk(*"abc")
    conversation.turns[0].answers[0].text = "long " * 1_000
    assert tab.store(conversation) > 5_000
    conversation.ask("d")
    conversation.name = "Name"
    assert tab.store(conversation) < 1_000
    conversation.turns[2].answers.append(Answer("new", "complete"))
    assert tab.store(conversation) < 1_100
    conversation.delete(conversation.turns[1])
    tab.store(conversation)
    (back,) = restore(tab.records)
    assert back.name == "Name"
    assert [turn.question for turn in back.turns] == ["a", "c", "d"]
    assert back.turns[1].answers[1].text == "new"


def test_answered_again() -> None:
    """A question that was sent again, and answered at once, is not taken for the old one."""
    tab = Tab()
    conversation = talk("a")
    conversation.turns[0].answer.seconds = 1.0
    tab.store(conversation)
    conversation.turns[0] = Turn("a", [Answer("another", "complete", seconds=1.5)])
    tab.store(conversation)
    assert restore(tab.records)[0].turns[0].answer.text == "another"


def test_growing_answer() -> None:
    """Only the new text of a growing answer is sent, and at its end it is whole."""
    tab = Tab()
    conversation = talk("a")
    conversation.ask("b")
    answer = conversation.turns[1].answer
    answer.progress = "streaming"
    tab.store(conversation)
    for _ in range(50):
        answer.text += "some words " * 10
        answer.reasoning += "a thought "
        assert tab.store(conversation) == 120
    (back,) = restore(tab.records)
    assert back.turns[1].answer.text == answer.text
    assert back.turns[1].answer.reasoning == answer.reasoning
    assert back.turns[1].answer.progress == "interrupted"
    answer.citations.append(Citation("https://example.org", "A"))
    tab.store(conversation)
    assert restore(tab.records)[0].turns[1].answer.text == answer.text
    answer.progress, answer.seconds = "complete", 2.0
    tab.store(conversation)
    assert restore(tab.records) == [conversation]
    conversation.turns[1].ask_again()
    tab.store(conversation)
    assert restore(tab.records)[0].turns[1].answers[0].text == answer.text


def test_files() -> None:
    """Files are sent once, whatever becomes of their turn, and are removed with it."""
    tab = Tab()
    conversation = Conversation()
    conversation.ask("a", [attachment("a.txt", b"x" * 10_000)])
    assert tab.store(conversation) > 10_000
    conversation.turns[0].answer.progress = "stopped"
    assert tab.store(conversation) < 1_000
    assert restore(tab.records) == [conversation]
    conversation.delete(conversation.turns[0])
    tab.store(conversation)
    assert tab.records == {}


def test_too_large_files() -> None:
    """Files that exceed a tab's storage are not sent, and the rest of their turn is."""
    tab = Tab()
    conversation = Conversation()
    conversation.ask("a", [attachment("a.mp3", b"x" * (MAX_FILES_BYTES + 1))])
    assert tab.store(conversation) < 1_000
    assert tab.diff.has_left_out_files
    (back,) = restore(tab.records)
    assert (back.turns[0].question, back.turns[0].attachments) == ("a", [])
    conversation.turns[0].question = ""
    tab.store(conversation)
    (back,) = restore(tab.records)
    assert back.turns[0].question == "[left out: a.mp3]"


def test_images() -> None:
    """Generated images are sent once, apart from their turn, and are removed with it."""
    tab = Tab()
    conversation = talk("a")
    answer = conversation.turns[0].answer
    answer.images.append(GeneratedImage("image/png", b"x" * 10_000))
    answer.file_annotations.append(FileAnnotation("h", '{"hash": "h", "content": []}'))
    assert tab.store(conversation) > 10_000
    answer.seconds = 1.0
    assert tab.store(conversation) < 1_500
    assert restore(tab.records) == [conversation]
    conversation.delete(conversation.turns[0])
    tab.store(conversation)
    assert tab.records == {}


def test_too_large_images() -> None:
    """Images that exceed a tab's storage are not sent; the rest is, and says what is missing."""
    tab = Tab()
    conversation = talk("a")
    image = GeneratedImage("image/png", b"x" * (MAX_FILES_BYTES + 1))
    conversation.turns[0].answer.images.append(image)
    assert tab.store(conversation) < 1_500
    assert tab.diff.has_left_out_files
    (back,) = restore(tab.records)
    assert (back.turns[0].answer.text, back.turns[0].answer.failure) == ("About a.", TRUNCATED)


def test_too_large_parsed_files() -> None:
    """Parsed files for which there is no room beside the images are left out: they save costs only."""
    tab = Tab()
    conversation = talk("a")
    answer = conversation.turns[0].answer
    answer.images.append(GeneratedImage("image/png", b"x"))
    content = '{"hash": "h", "content": [{"type": "text", "text": "%s"}]}' % ("x" * MAX_FILES_BYTES)
    answer.file_annotations.append(FileAnnotation("h", content))
    assert tab.store(conversation) < 1_500
    assert not tab.diff.has_left_out_files
    (back,) = restore(tab.records)
    assert (back.turns[0].answer.images, back.turns[0].answer.file_annotations) == (
        answer.images,
        [],
    )
    assert back.turns[0].answer.progress == "complete"


def test_numbers() -> None:
    """Changes are numbered, so that a tab notices a gap."""
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
    """What came from the tab is not sent back, and is no gap in the numbers."""
    diff = StorageDiff()
    conversation = talk("a")
    diff.mark_stored([conversation], {})
    assert diff.changes([conversation], {}) is None
    conversation.ask("b")
    changes = diff.changes([conversation], {})
    assert changes
    assert (changes.number, len(changes.put)) == (1, 2)


def test_begun_before_the_rest_was_restored() -> None:
    """A conversation that was begun before the others were restored is stored beside them."""
    tab, session = Tab(), Session()
    tab.apply(StorageDiff().changes([talk("old")], {}))
    session.chat.open(talk("new"))
    restore_stored(session, json.dumps(tab.records))
    tab.apply(session.storage.diff.changes(session.chat.conversations, {}))
    restored = restore(tab.records)
    assert {conversation.turns[0].question for conversation in restored} == {"old", "new"}


def test_deleted() -> None:
    """A deleted conversation leaves no record."""
    tab = Tab()
    tab.store(talk("a", "b"))
    tab.store()
    assert tab.records == {}


@pytest.mark.parametrize(
    "records",
    ["", "null", "5", "[]", '"text"', "[" * 99_999, '{"a": 5}', "[" + "[]," * 2_999_999 + "[]]"],
    ids=lambda records: records[:5],
)
def test_no_records(records: str) -> None:
    """Whatever a browser sends in place of records, the session continues without them."""
    with pytest.raises(msgspec.DecodeError):
        parse_records(records)
    session = Session()
    restore_stored(session, records)
    assert session.chat.conversations == []


def test_too_many_records() -> None:
    """More than a tab can hold is not read at all."""
    with pytest.raises(ValueError, match="too long"):
        parse_records('{"a": "' + "x" * MAX_STORED_LENGTH + '"}')


def test_junk() -> None:
    """Records that are not the app's own are left out, and the rest is restored."""
    tab = Tab()
    conversation = talk("a", "b", "c")
    tab.store(conversation)
    good = dict(tab.records)
    for junk in ({"a": "b"}, {"0" * 16: "no JSON"}, {"0" * 16: "[" * 99_999}):
        assert restore(junk) == []
    records = {**good, f"{conversation.id}/1": '{"question": 5}', "0" * 16: "{}"}
    (back,) = restore(records)
    assert [turn.question for turn in back.turns] == ["a", "c"]
    del records[f"{conversation.id}/0"]
    (back,) = restore(records)
    assert [turn.question for turn in back.turns] == ["c"]
