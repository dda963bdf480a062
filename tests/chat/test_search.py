"""Words are found in conversations, with the text around them."""

import time
import unicodedata

import pytest

from lib.chat.attachments import attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.search import EXCERPT_LENGTH, find, fold


def talk(question: str, answer: str = "", name: str = "") -> Conversation:
    """A conversation of one question."""
    return Conversation([Turn(question, [Answer(answer, "complete")])], name)


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("Der Bär tanzt", "BÄR", "Bär"),
        ("Der Bär tanzt", "bar", "Bär"),
        ("deja vu", "Déjà", "deja"),
        (unicodedata.normalize("NFD", "déjà vu"), "deja", "déjà"),
        ("İstanbul", "istanbul", "İstanbul"),
        ("Ωμέγα", "ωμεγα", "Ωμέγα"),
        ("中文 也", "文", "文"),
        ("Łódź, København", "lodz", "Łódź"),
        ("state‑of‑the‑art", "state-of-the-art", "state‑of‑the‑art"),
        ("I don’t know", "don't", "don’t"),
        ("a.b", "a.b", "a.b"),
        ("axb", "a.b", ""),
    ],
)
def test_word(text: str, query: str, found: str) -> None:
    """Case and accents make no difference, and signs stand for themselves."""
    assert [hit.found for hit in find([talk(text)], query, 10)] == ([found] if found else [])


def test_all_words() -> None:
    """All words have to be in a turn: in its question, files, shown answer, or the chat's name."""
    chat = talk("One two", "three", "Four")
    chat.turns[0].answers.insert(0, Answer("hidden", "complete"))
    chat.turns[0].attachments = [attachment("report.txt", b"x")]
    for query, count in (
        ("three one report", 1),
        ("one five", 0),
        ("four", 1),
        ("hidden", 0),
        (" ", 0),
    ):
        assert len(find([chat], query, 10)) == count


def test_excerpt() -> None:
    """What stands around the word is one line, and ends with an ellipsis where it is cut."""
    (hit,) = find([talk(f"{'a' * 100}\n\n**word** here")], "word", 10)
    assert (hit.before, hit.found, hit.after) == (
        f"…{'a' * (EXCERPT_LENGTH - 4)} ",
        "word",
        " here",
    )


def test_latest_first() -> None:
    """The latest chats come first, as many as are wanted."""
    chats = [talk(f"word {n}") for n in range(30)]
    assert [hit.turn.question for hit in find(chats, "word", 2)] == ["word 29", "word 28"]


def test_length() -> None:
    """No character has another length when it is folded: what is found is found in the text, too."""
    letters = (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    assert [letter for letter in letters if len(fold(letter)) != 1] == []


def test_many_chats() -> None:
    """A hundred chats of 100 KB are searched within a second."""
    chats = [talk(f"{n}", f"{n} Große Bären tanzen. " * 5_000) for n in range(100)]
    began = time.monotonic()
    assert find(chats, "nowhere", 10) == []
    assert time.monotonic() - began < 1
