"""Tables, in which a `|` inside of code or a formula is no border between cells."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_block.table import escapedSplit
from markdown_it.rules_core import StateCore

from lib.markdown.formulas import find_formula, line_of

_HIDDEN = "\ufdd0"
"""In place of such a `|`: a noncharacter, which stands in no text
(https://www.unicode.org/faq/private_use.html#nonchar1)."""
_PIPE = re.compile(r"(?<!\\)\|")
_DELIMITERS = re.compile(r"\A\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*")
"""Of a table with two columns or more."""
_BEGIN = re.compile(r"[`$\\]")
# A backtick that is alone in its cell has a space beside it.
_SPAN = re.compile(r"(?<!`)(`++)(?!\s).{1,2000}?(?<!`)\1(?!`)|\\.")


def hide_pipes(row: str) -> str:
    """Return a line of the same length in which only borders between cells are `|`."""
    parts, at = [], 0
    while begin := _BEGIN.search(row, at):
        start = begin.start()
        found = find_formula(row, start, len(row)) or _SPAN.match(row, start) or begin
        parts += [row[at:start], _PIPE.sub(_HIDDEN, found[0])]
        at = found.end()
    return "".join([*parts, row[at:]])


def _hide_pipes(state: StateCore) -> None:
    """Note the source as the rule for tables is to read it."""
    lines = state.src.split("\n")
    state.env["rows"] = "\n".join(hide_pipes(line) if "|" in line else line for line in lines)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, whose cells get back what was hidden.

    Models miscount: the line below the head is read as one with its columns, and what a row has
    beyond them is part of its last cell.
    """
    source, first, below = state.src, len(state.tokens), start + 1
    state.src = state.env["rows"]
    edges = state.bMarks[below], state.eMarks[below], state.tShift[below]
    if below < end and _DELIMITERS.fullmatch(delimiters := line_of(state, below)):
        count = len(_cells(line_of(state, start)))
        columns = [*_cells(delimiters), *count * ["---"]][:count]
        state.bMarks[below], state.tShift[below] = len(state.src) + 1, 0
        state.src += f"\n|{'|'.join(columns)}|"
        state.eMarks[below] = len(state.src)
        if not silent:
            _join_surplus(state, below + 1, count)
    is_table = table(state, start, end, silent)
    state.src = source
    state.bMarks[below], state.eMarks[below], state.tShift[below] = edges
    for token in state.tokens[first:]:
        token.content = token.content.replace(_HIDDEN, "|")
    return is_table


def _cells(row: str) -> list[str]:
    cells = escapedSplit(row.strip())
    return cells[not cells[0] : len(cells) - (len(cells) > 1 and not cells[-1])]


def _join_surplus(state: StateBlock, number: int, count: int) -> None:
    """Hide the borders behind the last column in the rows from a line on."""
    hidden: list[int] = []
    while number < state.lineMax and not state.isEmpty(number):
        row, begin = line_of(state, number), state.bMarks[number] + state.tShift[number]
        borders = [found.start() for found in _PIPE.finditer(row.rstrip(), 1)]
        if borders and borders[-1] == len(row.rstrip()) - 1:
            borders.pop()
        hidden += (begin + border for border in borders[count - 1 :])
        number += 1
    parts, at = [], 0
    for border in hidden:
        parts += [state.src[at:border], _HIDDEN]
        at = border + 1
    state.src = "".join([*parts, state.src[at:]])


def add_tables(markdown: MarkdownIt) -> None:
    """Let a parser know tables."""
    markdown.enable("table")
    markdown.core.ruler.before("block", "hide_pipes", _hide_pipes)
    markdown.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
