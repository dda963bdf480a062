"""How much of a text is formatted: whatever a model writes, the work is bounded."""

MAX_LENGTH = 200_000
"""Characters of a text that is parsed; a longer one is shown as it is."""
MAX_MARKS = 10_000
"""Line ends and, counted twice, `[` of such a text: a parser takes longer for them."""
TOO_LONG = "This text is too long to be formatted, so it is shown as plain text once it is whole."


def is_too_long(*texts: str, times: int = 1) -> bool:
    """Return whether texts together are longer than `times` the longest one that is parsed."""
    return exceeds(sum(map(len, texts)), sum(map(count_marks, texts)), times)


def exceeds(length: int, marks: int, times: int = 1) -> bool:
    """Return whether so many characters, with so many marks, are too many."""
    return length > times * MAX_LENGTH or marks > times * MAX_MARKS


def count_marks(text: str) -> int:
    """Return the number of line ends in a text, and twice that of `[`."""
    return max(text.count("\n"), text.count("\r")) + 2 * text.count("[")
