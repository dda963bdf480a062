"""Reading of untrusted JSON: any input gives a valid value, None, or one kind of error."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

MAX_LINE_LENGTH = 200
"""Characters of a name, a title or a reason."""
MAX_ITEMS = 1_000_000
"""Lists, objects and commas in JSON, each of which takes up to 100 bytes when parsed."""
_MAX_NUMBER = 1e15


def parse_json(body: bytes | str) -> Any:
    """Parse a body as JSON.

    Raises `ValueError` if it is not JSON, is nested too deep, or has more than `MAX_ITEMS` items.
    """
    check_items(body)
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def check_items(body: bytes | str) -> None:
    """Check the number of items of JSON, at a fraction of the cost of parsing it.

    Raises `ValueError` if there are more than `MAX_ITEMS`.
    """
    if isinstance(body, bytes):
        items = sum(map(body.count, (b"[", b"{", b",")))
    else:
        items = sum(map(body.count, "[{,"))
    if items > MAX_ITEMS:
        raise ValueError("too many items")


def is_visible(character: str) -> bool:
    """Return whether a character may stand in a text for people: none that hides or turns others.

    The joiners may, which emoji, and words of Persian and Hindi, consist of.
    """
    return unicodedata.category(character) not in _INVISIBLE or character in "\u200c\u200d"


_INVISIBLE = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))


def one_line(text: object, max_length: int = MAX_LINE_LENGTH) -> str:
    """Return text as one line of at most `max_length` characters; empty if it is not a string."""
    if not isinstance(text, str):
        return ""
    return " ".join(replace_surrogates(text[: 4 * max_length]).split())[:max_length]


def number(value: Any) -> float | None:
    """Return a count or an amount; None for any other value, such as NaN or a 400-digit number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < _MAX_NUMBER else None


def amount(value: Any) -> float | None:
    """Return a number that is not negative, and otherwise None."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, and an empty one for any other value."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the JSON objects in a list; none for any other value."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


class SurrogateJoiner:
    """Joins surrogate pairs that are split between two texts, as JSON's UTF-16 escapes may be."""

    def __init__(self) -> None:
        self._high_surrogate = ""

    def join(self, text: str) -> str:
        """Return the next text; a high surrogate at its end is prepended to the text after it."""
        text = self._high_surrogate + text
        self._high_surrogate = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return replace_surrogates(text.removesuffix(self._high_surrogate))


def replace_surrogates(text: str) -> str:
    """Return a text without lone surrogates, which JSON allows and UTF-8 does not."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
