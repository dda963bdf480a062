"""JSON of others: read so that whatever it is, it ends in one kind of error, or in None."""

import json
from typing import Any

MAX_LINE = 200
"""Characters of a name, a title or a reason."""
MAX_ITEMS = 1_000_000
"""Lists, objects and commas in JSON: what is parsed takes up to 100 bytes for each."""
_TOO_LARGE = 1e15


def parse_json(body: bytes | str) -> Any:
    """Return what a body says.

    Raises `ValueError` if it is no JSON, is nested too deep to be read, or holds too many items.
    """
    check_items(body)
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def check_items(body: bytes | str) -> None:
    """Count what would become objects, at a fraction of the cost of parsing it.

    Raises `ValueError` if there are more than `MAX_ITEMS`.
    """
    if isinstance(body, bytes):
        items = sum(map(body.count, (b"[", b"{", b",")))
    else:
        items = sum(map(body.count, "[{,"))
    if items > MAX_ITEMS:
        raise ValueError("too many items")


def one_line(text: object, max_length: int = MAX_LINE) -> str:
    """Return text of others in one line of `max_length` characters at most; empty if it is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join(whole_text(text[: 4 * max_length]).split())[:max_length]


def number(value: Any) -> float | None:
    """Return a count or an amount; None for all that cannot be one, such as NaN or 400 digits."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < _TOO_LARGE else None


def amount(value: Any) -> float | None:
    """Return what was used or paid, as `number` does; None for less than nothing, too."""
    found = number(value)
    return found if found is not None and found >= 0 else None


class Halves:
    """Joins texts that follow each other and may divide a character: JSON can, UTF-16 as it is."""

    def __init__(self) -> None:
        self._half = ""

    def join(self, text: str) -> str:
        """Return the next text, whole, and keep the half of a character at its end for the next."""
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return whole_text(text.removesuffix(self._half))


def whole_text(text: str) -> str:
    """Return a text in which no half of a surrogate pair stands alone: JSON allows it, UTF-8 not."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
