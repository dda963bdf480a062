"""Blocks of growing markdown: what is finished stays as it is."""

import pytest

from lib.markdown.blocks import GrowingMarkdown, split_blocks
from sandbox import answers

TEXTS = {
    "paragraphs": "One.\n\nTwo\nlines.\n\nThree.",
    "list over a blank line": "1. one\n\n2. two\n\n   more of two\n\nafter",
    "fence with blank lines": "before\n\n```py\na\n\n\nb\n```\nafter",
    "fence without an end": "before\n\n```\na\n\nb",
    "math with blank lines": "before\n\n$$\na\n\nb\n$$\n\nafter",
    "math without an end": "before\n\n$$\na\n\nb",
    "math on one line": "$$a$$\n\nafter",
    "table": "before\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nafter",
    "setext heading": "Heading\n=======\n\nafter\n-----\n\nend",
    "quotation": "> a\n>\n> b\n\nafter",
    "list continued over a nested fence": "- a\n\n  ```\n  b\n\n  c\n  ```\n\n- d\n\nafter",
    "math in a list": "- a\n  $$\n  b\n\n  c\n  $$\n\nafter",
    "math under a line": "a\n$$\nb\n\nc\n$$\nafter",
    "underlined over two lines": "One\ntwo\n===\nafter",
    "windows line ends": "One.\r\n\r\n```\r\na\r\n\r\nb\r\n```\r\n\r\nafter",
    "mac line ends": "One.\rtwo\r\r```\na\n\nb\n\nc\n```\n\nafter\n\n",
    "line separators": "One\u2028two\x0b\x0cthree\x85\n\n```\na\n\nb\n```\n\nafter",
    "html": "<div>\n\n*a*\n\n</div>\n\nafter",
    "tour": answers.TOUR,
    "long": answers.long(4_000),
    "blank": "\n\n  \n",
    "nothing": "",
}


def grown(text: str, step: int) -> GrowingMarkdown:
    """The text, given in pieces of this size."""
    growing = GrowingMarkdown()
    for start in range(0, len(text), step):
        growing.append(text[start : start + step])
    return growing


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_growing(text: str, step: int) -> None:
    """However a text grows, its blocks are those of the whole text, and joined they are it."""
    growing = grown(text, step)
    assert "".join(growing.finished) + growing.rest == text
    whole = list(split_blocks(text))
    assert growing.finished == whole[: len(growing.finished)]
    assert len(growing.finished) >= len(whole) - 2


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("paragraphs", 3),
        ("list over a blank line", 2),
        ("fence with blank lines", 3),
        ("fence without an end", 2),
        ("math with blank lines", 3),
        ("math without an end", 2),
        ("table", 3),
        ("setext heading", 3),
        ("quotation", 2),
        ("list continued over a nested fence", 2),
        ("math in a list", 2),
        ("math under a line", 3),
        ("underlined over two lines", 2),
        ("windows line ends", 3),
        ("mac line ends", 3),
        ("line separators", 3),
    ],
)
def test_blocks(name: str, count: int) -> None:
    """A list, a fence, a formula and a table are one block each."""
    assert len(split_blocks(TEXTS[name])) == count


def test_finished_blocks_go_early() -> None:
    """A paragraph is finished once a complete line has begun the next."""
    growing = grown("One.\n\nTwo.\n\nThree, not", 1)
    assert growing.finished == ["One.\n\n"]
    assert growing.rest == "Two.\n\nThree, not"


@pytest.mark.parametrize("definition", ["[a]: https://example.org", "[^1]: A note."])
def test_definitions_hold_across_blocks(definition: str) -> None:
    """A text with a definition is painted whole, since its other blocks refer to it."""
    text = f"See [a] and this[^1].\n\n{definition}\n\nAfter."
    assert split_blocks(text) == (text,)
