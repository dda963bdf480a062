"""Which blocks of a growing markdown text are finished, so that only the last is painted again.

CommonMark reads block structure line by line (https://spec.commonmark.org/0.31.2/#overview): once
a complete line has begun a new block beside it, an earlier block does not change any more.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

MAX_LENGTH = 200_000
"""Characters of a text that is parsed; a longer one is shown as it is."""
MAX_MARKS = 10_000
"""Line ends and `[` in it, each of which takes a parser longer than other characters."""
TOO_LONG = "This text is too long to be formatted, so it is shown as plain text once it is whole."

_CLOSE = {"$$": "$$", r"\[": r"\]"}
_MAX_BRACKET_LINES = 50
r"""Lines after which `\[` was no formula's beginning."""


def _math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""A formula between lines of `$$`, or of `\[` and `\]`, whatever its lines look like.

    Unclosed, it goes on to the end. Streamlit's parser has `$$` from
    https://github.com/remarkjs/remark-math; CommonMark has neither.
    """

    def line(number: int) -> str:
        return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]

    begin = line(start)[:2]
    close = _CLOSE.get(begin)
    if close is None or close in line(start)[2:]:
        return False
    last = end if begin == "$$" else min(end, start + _MAX_BRACKET_LINES)
    # Lines in which it was not found once: many beginnings do not look through them each.
    first, after = state.env.get(close, (start, start + 1))
    if not first <= start < after:
        first, after = start, start + 1
    while after < last and not line(after).rstrip().endswith(close):
        after += 1
    state.env[close] = first, after
    after = min(after, last)
    if after == last < end:
        return False
    if not silent:
        state.line = min(after + 1, end)
        source = "\n".join(map(line, range(start, state.line)))[2:].rstrip().removesuffix(close)
        token = state.push("math_block" if begin == "$$" else "brackets_block", "code", 0)
        token.map, token.content = [start, state.line], source.strip()
    return True


def add_math(markdown: MarkdownIt) -> None:
    """Let a parser know formulas that stand alone: tokens `math_block` and `brackets_block`."""
    may_interrupt = ["paragraph", "reference", "blockquote", "list"]
    markdown.block.ruler.before("fence", "math", _math, {"alt": may_interrupt})


_markdown = MarkdownIt("commonmark").enable("table").disable("inline")
add_math(_markdown)
_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:", re.MULTILINE)


class GrowingMarkdown:
    """Text that grows: `finished` blocks, and the `rest` that is still being written.

    The finished blocks and the rest, joined, are the text. Once `is_too_long`, no block of the rest
    is finished any more.
    """

    def __init__(self) -> None:
        self.finished: list[str] = []
        self.rest = ""
        self._length = self._marks = 0

    @property
    def is_too_long(self) -> bool:
        """Whether the whole text is longer than what is parsed."""
        return _exceeds(self._length, self._marks)

    def append(self, text: str) -> None:
        """Add text. Costs a parse of the rest, so append what came since the last paint at once."""
        self._length += len(text)
        self._marks += _marks(text)
        self.rest += text
        if self.is_too_long:
            return
        *blocks, _ = _split(self.rest[: self.rest.rfind("\n") + 1])
        self.finished += blocks
        self.rest = self.rest[sum(map(len, blocks)) :]


def is_too_long(*texts: str, times: int = 1) -> bool:
    """Tell whether texts together are longer than `times` the longest one that is parsed."""
    return _exceeds(sum(map(len, texts)), sum(map(_marks, texts)), times)


def _exceeds(length: int, marks: int, times: int = 1) -> bool:
    return length > times * MAX_LENGTH or marks > times * MAX_MARKS


def _marks(text: str) -> int:
    return max(text.count("\n"), text.count("\r")) + text.count("[")


def split_blocks(text: str) -> tuple[str, ...]:
    """Split a whole text into the blocks in which it is painted: joined, they are the text.

    A text with link or footnote definitions is one block, since they hold across blocks.
    """
    return (text,) if _DEFINITION.search(text) else tuple(_split(text))


def split_lines(text: str) -> list[str]:
    """Split into lines with their ends, as markdown-it counts them; `str.splitlines` knows more."""
    return _LINE_END.split(text)


def code_lines(text: str) -> set[int]:
    """Return the numbers, from 0, of the lines that are code, formulas or HTML: no prose."""
    return {
        number
        for token in _markdown.parse(text)
        if token.type in ("fence", "code_block", "math_block", "html_block") and token.map
        for number in range(*token.map)
    }


def _split(text: str) -> list[str]:
    """Split at the beginnings of the top-level blocks but the first; at least one piece."""
    begins = {
        token.map[0]
        for token in _markdown.parse(text)
        if token.level == 0 and token.map is not None
    }
    pieces = [""]
    for number, line in enumerate(split_lines(text)):
        if number in begins and pieces[-1].strip():
            pieces.append("")
        pieces[-1] += line
    return pieces
