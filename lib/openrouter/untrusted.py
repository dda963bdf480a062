"""JSON of others: read so that whatever it is, it ends in one kind of error, or in None."""

import json
from typing import Any

_TOO_LARGE = 1e15


def parse_json(body: bytes | str) -> Any:
    """Return what a body says; `ValueError` if it is no JSON, or is nested too deep to be read."""
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


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
