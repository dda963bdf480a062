"""A text that grows: its finished blocks, and the block that is still being written.

CommonMark reads block structure line by line (https://spec.commonmark.org/0.31.2/#overview): once
a complete line has begun a new block beside it, an earlier block does not change any more.
"""

from typing import Any

from markdown_it.token import Token

from lib.markdown.formulas import may_have_display
from lib.markdown.held_back import cut_lines
from lib.markdown.limits import TOO_LONG, count_marks, exceeds
from lib.markdown.parser import make_parser, normalize, parse_blocks
from lib.markdown.renderer import Renderer
from lib.markdown.unfinished import add_unfinished
from lib.markdown.whole import Block, to_blocks

_SHARE = 32
"""A long block is parsed again once it is longer by a 32nd: all parses together stay linear."""


class GrowingMarkdown:
    """Text that grows, as blocks.

    `finished`: blocks that do not change any more, for the caller to take away. What they refer to
    may still come: at the end, `render_blocks` of the whole text says what they are.
    """

    def __init__(self) -> None:
        self.finished: list[Block] = []
        self._rest = self._line_end = ""
        self._length = self._marks = 0
        self._env: dict[str, Any] = {"is_growing": True, "footnotes": {}, "references": {}}
        self._renderer = Renderer()
        self._open: Block | None = None
        self._is_rendered = True
        self._is_in_fence = self._has_new_line = False
        self._next_parse = 0

    @property
    def is_too_long(self) -> bool:
        """Whether the text is longer than what is parsed; then no more blocks are finished."""
        return exceeds(self._length, self._marks)

    @property
    def rest_length(self) -> int:
        """The number of characters of the open block."""
        return len(self._rest)

    def append(self, piece: str) -> None:
        """Add text. Costs a parse of the open block if a line is complete."""
        self._length += len(piece)
        self._marks += count_marks(piece)
        self._is_rendered = False
        if self.is_too_long:
            self._rest = ""
            return
        piece = self._line_end + piece
        self._line_end = "\r" if piece.endswith("\r") else ""
        self._rest += normalize(piece.removesuffix("\r"))
        self._has_new_line = self._has_new_line or "\n" in piece or "\r" in piece
        if self._has_new_line and len(self._rest) >= self._next_parse:
            self._finish_blocks()

    @property
    def open(self) -> Block | None:
        """The block that is still being written, as it is to be shown now, if there is something."""
        if not self._is_rendered:
            self._open = self._render_open()
            self._is_rendered = True
        return self._open

    def _parse_lines(self) -> tuple[str, list[Token]]:
        """Return the complete lines of the open block, and their tokens."""
        complete = self._rest[: self._rest.rfind("\n") + 1]
        tokens = parse_blocks(complete, {"is_growing": True})
        self._is_in_fence = _ends_in_fence(tokens, complete)
        self._has_new_line = False
        return complete, tokens

    def _finish_blocks(self) -> None:
        """Finish all blocks but the last if it may go on. Not tried at each line of a long block."""
        complete, tokens = self._parse_lines()
        begins = _begins(tokens)
        self._next_parse = len(self._rest) + len(self._rest) // _SHARE
        lines = [f"{line}\n" for line in complete.split("\n")[:-1]]
        if begins and tokens[-1].type in _ENDED_BY_BLANK and _is_ended(lines[begins[-1] :]):
            begins.append(len(lines))
        if len(begins) < 2:
            return
        for first, last in zip([0, *begins[1:-1]], begins[1:], strict=True):
            tokens = _without_notes(_parser.parse("".join(lines[first:last]), self._env))
            self.finished += to_blocks(tokens, self._renderer)
        self._rest = self._rest[sum(map(len, lines[: begins[-1]])) :]
        self._next_parse = 0

    def _render_open(self) -> Block | None:
        if self.is_too_long:
            return Block(f"<p>{TOO_LONG}</p>")
        if self._has_new_line:
            self._parse_lines()
            self._has_new_line = True  # blocks are finished by `append` alone
        shown = cut_lines(self._rest, in_code=self._is_in_fence)
        env = {
            **self._env,
            "footnotes": {name: dict(each) for name, each in self._env["footnotes"].items()},
            "references": dict(self._env["references"]),
            "is_line_open": not shown.endswith("\n"),
        }
        tokens = _without_notes(_parser.parse(shown, env))
        blocks = [block for block in to_blocks(tokens, Renderer()) if block.html != _NOTHING]
        if len(blocks) == 1:
            return blocks[0]
        return Block("".join(block.html for block in blocks)) if blocks else None


_ENDED_BY_BLANK = {"paragraph_close", "heading_close", "hr", "table_close"}
"""The last tokens of blocks that a blank line ends."""


def _is_ended(lines: list[str]) -> bool:
    """Return whether the last line is blank, and no formula has begun that may go on after it."""
    return not lines[-1].strip() and not may_have_display("".join(lines))


_NOTHING = '<p dir="auto"></p>'
"""A paragraph of which all is held back."""


def _begins(tokens: list[Token]) -> list[int]:
    """Return the lines in which top-level blocks begin."""
    return [
        token.map[0] for token in tokens if token.level == 0 and token.nesting >= 0 and token.map
    ]


def _ends_in_fence(tokens: list[Token], complete: str) -> bool:
    """Return whether the next line belongs to a fence."""
    last = next((token for token in reversed(tokens) if token.map), None)
    if last is None or last.type != "fence" or last.map is None:
        return False
    return last.map[1] == complete.count("\n") and not last.meta["closed"]


def _without_notes(tokens: list[Token]) -> list[Token]:
    """Return tokens without the texts of footnotes, which are shown at the end."""
    shown, is_note = [], False
    for token in tokens:
        is_note = is_note or token.type == "footnote_reference_open"
        if not is_note:
            shown.append(token)
        is_note = is_note and token.type != "footnote_reference_close"
    return shown


_parser = make_parser()
add_unfinished(_parser)
_parser.disable(["footnote_tail"])
