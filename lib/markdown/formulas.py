r"""Parser rules for formulas: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and environments, also over lines.

CommonMark knows none of them. What is no formula by `lib.markdown.tex` stays text.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

from lib.markdown.tex import (
    MAX_DOLLARS,
    is_display_formula,
    is_dollar_formula,
    is_prose,
    is_round_formula,
    is_square_formula,
    may_open,
)

_MAX_LINES = 200
"""Lines of a formula, after which an unclosed `$$` or `\\[` was none."""

_TEXT = r"\\text\w*\{(?:[^{}`]|\{[^{}`]*+\})*+\}"
"""Words in a formula, and in them formulas again."""
_DOLLAR = re.compile(rf"\$((?:{_TEXT}|\\.|[^$\\`]){{1,{MAX_DOLLARS}}}+)\$", re.DOTALL)
_DISPLAY = re.compile(r"\$\$((?:\\.|[^$\\]|\$(?!\$))++)\$\$", re.DOTALL)
_ROUND = re.compile(r"\\\(((?:\\[^()]|[^\\])++)\\\)", re.DOTALL)
_SQUARE = re.compile(r"\\\[((?:\\[^\[\]]|[^\\])++)\\\]", re.DOTALL)
_NAME = (
    r"\{(?:equation|(?:fl)?align(?:ed)?(?:at)?|gather(?:ed)?|multline|split|eqnarray|array"
    r"|d?cases|(?:small|[bBpvV])?matrix)\*?\}"
)
_ENVIRONMENT = re.compile(rf"(\\begin({_NAME})(?:(?!\\(?:begin|end)\2).)*+\\end\2)", re.DOTALL)


def find_formula(text: str, at: int, end: int) -> re.Match[str] | None:
    """Return the formula that begins at an index, with its source as group 1, if there is one."""
    if text.startswith("$$", at):
        found = _DISPLAY.match(text, at, end)
        return found if found and is_display_formula(found[1]) else None
    if text[at] == "$":
        found = _DOLLAR.match(text, at, end) if may_open(text, at) else None
        after = text[found.end() : found.end() + 3] if found else ""
        return found if found and is_dollar_formula(found[1], after) else None
    if text.startswith("\\(", at):
        found = _ROUND.match(text, at, end)
        return found if found and is_round_formula(found[1]) else None
    if text.startswith("\\[", at):
        found = _SQUARE.match(text, at, end)
        return found if found and is_square_formula(found[1]) else None
    return _ENVIRONMENT.match(text, at, end)


def _formula(state: StateInline, silent: bool) -> bool:
    """Push a `formula` token: `content` is the TeX, `markup` the source with its delimiters."""
    if state.src[state.pos] not in "$\\":
        return False
    found = find_formula(state.src, state.pos, state.posMax)
    if found is None:
        if not state.src.startswith("$$", state.pos):
            return False
        if not silent:
            state.append_pending("$$")
        state.pos += 2
        return True
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.markup = found[1].strip(), found[0]
        token.info = "display" if found[0].startswith(("$$", "\\[", "\\begin")) else ""
    state.pos = found.end()
    return True


# Over lines

_DELIMITER = re.compile(
    rf"(?<!`)(`++).{{1,2000}}?(?<!`)\1(?!`)|\\(?:begin|end){_NAME}|\\\[|\\\]|\\.|\$\$", re.DOTALL
)
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*")
_STOP = re.compile(r"```|~~~|#{1,6}\s")


def open_delimiter(line: str, opened: str = "") -> str:
    r"""Return the delimiter, `$$`, `\[` or `\begin{…}`, whose formula is open at the end of a line.

    `opened` is the one that was open at its beginning. One in the midst of a line opens nothing.
    """
    start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    for found in _DELIMITER.finditer(line):
        is_beside = found.start() == start or found.end() == end
        if found[0] == "$$" and opened in ("", "$$", "$ "):
            opened = "" if opened else "$$" if is_beside else "$ "
        elif found[0].startswith(("\\[", "\\begin")) and not opened:
            opened = found[0] if is_beside else ""
        elif opened and found[0] == opened.replace("[", "]").replace("begin", "end"):
            opened = ""
    return "" if opened == "$ " else opened


def _closing_line(state: StateBlock, number: int, opened: str) -> int:
    """Return the number of the line in which a formula ends that a line left open, or -1.

    While a text grows and the end has not come yet, the last line there is.
    """
    failed: dict[str, int] = state.env["unclosed_formulas"]
    if number < failed.get(opened, -1):
        return -1
    has_blank = False
    for line in range(number + 1, min(state.lineMax, number + _MAX_LINES)):
        if state.isEmpty(line):
            has_blank = True
            continue
        text = line_of(state, line)
        is_outside = has_blank and state.sCount[line] < state.blkIndent
        if is_outside or _STOP.match(text) or is_prose(text):
            failed[opened] = line
            return -1
        if not open_delimiter(text, opened):
            return line
    if state.env.get("is_growing") and state.lineMax - number < _MAX_LINES:
        return state.lineMax - 1
    failed[opened] = min(state.lineMax, number + _MAX_LINES)
    return -1


def line_of(state: StateBlock, number: int) -> str:
    """Return a line without its indentation."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _formula_lines(state: StateBlock, start: int, end_line: int, silent: bool) -> bool:
    r"""A paragraph with a formula over lines: they are no list, heading or end of the paragraph.

    Otherwise a paragraph ends as in CommonMark (https://spec.commonmark.org/0.31.2/#paragraphs).
    """
    if not state.env["has_displays"]:
        return False
    last, number = start - 1, start
    terminators = state.md.block.ruler.getRules("paragraph")
    while number < state.lineMax:
        if state.isEmpty(number):
            break
        is_lazy = state.sCount[number] - state.blkIndent > 3 or state.sCount[number] < 0
        if number > start and not is_lazy:
            parent, state.parentType = state.parentType, "paragraph"
            is_end = _UNDERLINE.fullmatch(line_of(state, number)) is not None or any(
                rule(state, number, end_line, True) for rule in terminators
            )
            state.parentType = parent
            if is_end:
                break
        opened = open_delimiter(line_of(state, number))
        closing = _closing_line(state, number, opened) if opened else -1
        while closing > number:
            number = last = closing
            opened = open_delimiter(line_of(state, number), opened)
            closing = _closing_line(state, number, opened) if opened else -1
        number += 1
    if last < start or silent:
        return False
    state.line = number
    token = state.push("paragraph_open", "p", 1)
    token.map = [start, number]
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, number, state.blkIndent, False).strip(" \t\n")
    token.map, token.children = [start, number], []
    state.push("paragraph_close", "p", -1)
    return True


def may_have_display(text: str) -> bool:
    """Return whether a text may hold the beginning of a formula that goes over lines."""
    return any(opener in text for opener in ("$$", "\\[", "\\begin{"))


def _find_displays(state: StateCore) -> None:
    """Note whether there is anything to look for in each paragraph."""
    state.env["has_displays"] = may_have_display(state.src)
    state.env["unclosed_formulas"] = {}


def add_formulas(markdown: MarkdownIt) -> None:
    """Let a parser know formulas: a token `formula` with its TeX, its source and its kind."""
    markdown.core.ruler.before("block", "find_displays", _find_displays)
    markdown.inline.ruler.before("escape", "formula", _formula)
    markdown.block.ruler.before("lheading", "formula_lines", _formula_lines)
