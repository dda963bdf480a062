"""Find words in conversations, whatever their case, their accents and the form of their signs."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from unicodedata import combining, normalize

from lib.chat.conversation import Conversation, Turn

EXCERPT_LENGTH = 40
"""Characters before what was found, and after it."""


@dataclass(frozen=True)
class Hit:
    """A turn in which all words were found, and the text around the first of them, in one line."""

    conversation: Conversation
    turn: Turn
    before: str
    found: str
    after: str


def find(
    conversations: Sequence[Conversation],
    query: str,
    maximum: int,
    folded: Callable[[str], str] | None = None,
) -> list[Hit]:
    """Return the turns that have all words of a query, in the latest conversations first.

    In their questions, the names of their files, and the answers that are shown. `folded` may be
    `fold` with a cache.
    """
    return list(islice(_hits(conversations, query, folded or fold), maximum))


def fold(text: str) -> str:
    """Return a text (NFC) of the same length in lower case, without accents."""
    for letter in _BASES.keys() & set("" if text.isascii() else text):
        text = text.replace(letter, _BASES[letter])
    return text.lower()


def _hits(
    conversations: Sequence[Conversation], query: str, folded: Callable[[str], str]
) -> Iterator[Hit]:
    words = fold(normalize("NFC", query)).split()
    if not words:
        return
    for conversation in reversed(conversations):
        for turn in conversation.turns:
            name = conversation.name if turn is conversation.turns[0] else ""
            files = (file.name for file in turn.attachments)
            texts = [
                normalize("NFC", text) for text in (turn.question, turn.answer.text, name, *files)
            ]
            if all(any(word in folded(text) for text in texts) for word in words):
                text = next(text for text in texts if words[0] in folded(text))
                start = folded(text).index(words[0])
                yield Hit(conversation, turn, *_excerpt(text, start, start + len(words[0])))


def _excerpt(text: str, start: int, end: int) -> tuple[str, str, str]:
    first, last = max(0, start - EXCERPT_LENGTH), end + EXCERPT_LENGTH
    before = ("…" if first else "") + text[first:start]
    after = text[end:last] + ("…" if last < len(text) else "")
    return _SPACE.sub(" ", before), text[start:end], _SPACE.sub(" ", after)


def _bases() -> Iterator[tuple[str, str]]:
    """Yield letters with accents, each with its base in lower case."""
    for letter in map(chr, range(0x80, 0x2000)):
        parts = normalize("NFD", letter)
        if len(parts) > 1 and all(map(combining, parts[1:])):
            yield letter, parts[0].lower()


_BASES = {
    **dict(_bases()),
    # Letters that have no base in Unicode, and the signs of print that nobody types.
    **dict(zip("łŁøØđĐħĦŧŦı", "llooddhhtti", strict=True)),
    **dict(zip("‐‑‒–—−‘’‚“”„", "------'''\"\"\"", strict=True)),
}
_SPACE = re.compile(r"[\s*`#>|]+")
"""With the marks of markdown that would only be noise in an excerpt."""
