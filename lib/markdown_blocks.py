"""Which blocks of a growing markdown text are finished, so that only the last is painted again.

CommonMark reads block structure line by line (https://spec.commonmark.org/0.31.2/#overview): once
a complete line has begun a new block beside it, an earlier block does not change any more.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

_CLOSE = {"$$": "$$", r"\[": r"\]"}
_LONGEST_BRACKETS = 50
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
    last = end if begin == "$$" else min(end, start + _LONGEST_BRACKETS)
    after = start + 1
    while after < last and not line(after).rstrip().endswith(close):
        after += 1
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
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:", re.MULTILINE)


class GrowingMarkdown:
    """Text that grows: `finished` blocks, and the `rest` that is still being written.

    The finished blocks and the rest, joined, are the text.
    """

    def __init__(self) -> None:
        self.finished: list[str] = []
        self.rest = ""

    def append(self, text: str) -> None:
        """Add text. Costs a parse of the rest, so append what came since the last paint at once."""
        self.rest += text
        *blocks, _ = _split(self.rest[: self.rest.rfind("\n") + 1])
        self.finished += blocks
        self.rest = self.rest[sum(map(len, blocks)) :]


def split_blocks(text: str) -> tuple[str, ...]:
    """Split a whole text into the blocks in which it is painted: joined, they are the text.

    A text with link or footnote definitions is one block, since they hold across blocks.
    """
    return (text,) if _DEFINITION.search(text) else tuple(_split(text))


def split_lines(text: str) -> list[str]:
    """Split into lines with their ends, as markdown-it counts them; `str.splitlines` knows more."""
    return re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)


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
