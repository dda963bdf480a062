"""The answers that are streamed, of any size, and whether one was shown completely."""

import re
from collections.abc import Callable, Iterator
from itertools import count

FIRST_TOKEN = "Now,"
END_MARK = "THE-END"
"""The first and the last word of every answer; the page has to show both."""

_SECTION = """\
## Part {0}

Ordinary prose fills most of a long answer, with **some emphasis**, a `name`, and a sentence that
goes on for a while before it comes to its end. A second sentence {0} follows, as one does.

- point {0} that is made briefly
- a point that takes a little longer to make, since it has two halves
- a third

```python
for line in part_{0}:
    print(line.strip())
```

"""
_TABLE_HEAD = "| " + " | ".join(f"column {n}" for n in range(12)) + " |\n" + "|---" * 12 + "|\n"

KINDS: dict[str, tuple[str, Callable[[int], str], str]] = {
    "prose": ("", _SECTION.format, ""),
    "list": ("", "- item {0} of a list that goes on and on, with **some emphasis**\n".format, "\n"),
    "code": ("```python\n", "value_{0} = compute({0}, 'some text')  # and why\n".format, "```\n"),
    "table": (_TABLE_HEAD, lambda n: "| " + " | ".join([f"cell {n}"] * 12) + " |\n", "\n"),
}
"""For each kind of answer: its beginning, its numbered parts, its end."""


def answer(kind: str, size: int) -> str:
    """Return an answer of a kind, about `size` characters long."""
    head, part, tail = KINDS[kind]
    text = f"{FIRST_TOKEN} here it is.\n\n{head}"
    for number in count(1):
        next_part = part(number)
        if number > 1 and len(text) + len(next_part) > size:
            break
        text += next_part
    return f"{text}{tail}\n{END_MARK}"


def split(text: str, length: int) -> Iterator[str]:
    """Split a text into tokens of `length` characters."""
    return (text[start : start + length] for start in range(0, len(text), length))


def is_complete(kind: str, size: int, shown: str) -> bool:
    """Return whether each word of an answer is in the text shown, without regard to markup."""
    visible = _word_characters(shown)
    lines = answer(kind, size).splitlines()
    cells = (cell for line in lines if line != "```python" for cell in line.split("|"))
    return all(_word_characters(cell) in visible for cell in cells)


def _word_characters(text: str) -> str:
    return re.sub(r"[^\w]", "", text)
