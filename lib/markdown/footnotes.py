"""Footnotes: `[^1]` in the text, `[^1]: …` anywhere, and all of them at the end."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.footnote.index import footnote_def, footnote_tail

_REFERENCE = re.compile(r"\[\^([^\[\]\s]{1,100}+)\]")


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A definition stands at the top level. It keeps the number that it has already.

    `silent` asks whether it ends the paragraph before it, which may be that of another note.
    """
    found = _REFERENCE.match(state.src, state.bMarks[start] + state.tShift[start])
    if found is None or (state.level and not silent):
        return False
    numbers = state.env.setdefault("footnotes", {}).setdefault("refs", {})
    number = numbers.get(f":{found[1]}")
    is_definition = footnote_def(state, start, end, silent)
    if is_definition and number is not None:
        numbers[f":{found[1]}"] = number
    return is_definition


def _footnote(state: StateInline, silent: bool) -> bool:
    """Push a `footnote_ref` token with its number, as `footnote_tail` reads it.

    While a text grows its definition may still come, so that each reference is taken for one.
    """
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    notes = state.env.setdefault("footnotes", {})
    numbers: dict[str, int] = notes.setdefault("refs", {})
    used: dict[int, dict[str, object]] = notes.setdefault("list", {})
    label = f":{found[1]}"
    if label not in numbers and not state.env.get("is_growing"):
        return False
    if not silent:
        number = numbers.get(label, -1)
        if number < 0:
            number = numbers[label] = len(used)
            used[number] = {"label": found[1], "count": 1}
        state.push("footnote_ref", "", 0).content = str(number + 1)
    state.pos = found.end()
    return True


def _keep_unused(state: StateCore) -> None:
    """Let the notes that nothing refers to stand behind the others: they may be the sources."""
    notes = state.env.get("footnotes", {})
    used: dict[int, dict[str, object]] = notes.setdefault("list", {})
    for label, number in notes.get("refs", {}).items():
        if number < 0:
            notes["refs"][label] = len(used)
            used[len(used)] = {"label": label.removeprefix(":"), "count": 1}


def add_footnotes(markdown: MarkdownIt) -> None:
    """Let a parser know footnotes: `footnote_ref` tokens, and a last block with their texts."""
    markdown.block.ruler.before(
        "reference", "footnote_def", _definition, {"alt": ["paragraph", "reference"]}
    )
    markdown.inline.ruler.before("link", "footnote_ref", _footnote)
    markdown.core.ruler.after("inline", "footnote_tail", footnote_tail)
    markdown.core.ruler.before("footnote_tail", "keep_unused", _keep_unused)
