"""Tables, in which a `|` inside of code or a formula is no border between cells."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore

from lib.markdown.formulas import find_formula

_HIDDEN = "\ufdd0"
"""In place of such a `|`: a noncharacter, which stands in no text
(https://www.unicode.org/faq/private_use.html#nonchar1)."""
_PIPE = re.compile(r"(?<!\\)\|")
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
    """A table whose cells get back what was hidden."""
    source, first = state.src, len(state.tokens)
    state.src = state.env["rows"]
    is_table = table(state, start, end, silent)
    state.src = source
    for token in state.tokens[first:]:
        token.content = token.content.replace(_HIDDEN, "|")
    return is_table


def add_tables(markdown: MarkdownIt) -> None:
    """Let a parser know tables."""
    markdown.enable("table")
    markdown.core.ruler.before("block", "hide_pipes", _hide_pipes)
    markdown.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
