"""Parser rules for a text whose end has not come yet: the last words are cut, and emphasis closed.

What is held back, and why, is in `lib.markdown.held_back`.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from lib.markdown.held_back import cut_inline

_OPEN_DEFINITION = re.compile(r"\[[^\[\]]{1,999}\]:\s*(?P<url>\S*)(?:\s+[\"'(][^\n]*)?\Z")


def _cut_last(state: StateCore) -> None:
    """Hold back what the last words may still become."""
    if (is_line_open := state.env.get("is_line_open")) is None:
        return
    last = next(
        (token for token in reversed(state.tokens) if token.type == "inline" and token.content),
        None,
    )
    if last is None:
        return
    if _is_definite(state, last, is_line_open):
        return
    is_definition = _OPEN_DEFINITION.match(last.content)
    if is_definition and _may_be_url(is_definition["url"]):
        last.content = ""
    last.content = cut_inline(last.content, is_line_open=is_line_open)
    state.env["open_content"] = last.content


def _is_definite(state: StateCore, last: Token, is_line_open: bool) -> bool:
    """Return whether another block follows, or the line is complete and is all there is of its block."""
    if last.map is None or last.map[1] < state.src.count("\n") + is_line_open:
        return True
    before = state.tokens[state.tokens.index(last) - 1]
    return not is_line_open and before.type != "paragraph_open"


def _may_be_url(url: str) -> bool:
    url = url.lstrip("<").lower()
    return any(
        scheme.startswith(url) or url.startswith(scheme)
        for scheme in ("https://", "http://", "mailto:")
    )


def _close_emphasis(state: StateInline) -> None:
    """Close the emphasis that is open at the end of the last words."""
    if state.src is not state.env.get("open_content"):
        return
    for index in range(len(state.delimiters) - 1, -1, -1):
        opener = state.delimiters[index]
        if not opener.open or opener.end >= 0:
            continue
        token = Token("text", "", 0)
        token.content = state.tokens[opener.token].content
        if state.pending:
            state.pushPending()
        state.tokens.append(token)
        state.tokens_meta.append(None)
        closer = Delimiter(opener.marker, opener.length, len(state.tokens) - 1, -1, False, True)
        state.delimiters.append(closer)
        opener.end = len(state.delimiters) - 1


# A number in place of the label is a reference as well: `[1][2]` is two of them.
_REFERENCE_LINK = re.compile(
    r"(?<![A-Za-z0-9\]])\[(?!\d{1,9}\])([^\[\]`]{1,300})\]\[[^\[\]^]{1,100}\]"
)


def _expected_link(state: StateInline, silent: bool) -> bool:
    """`[the docs][1]` is a link whose address is still to come."""
    found = _REFERENCE_LINK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        end, state.posMax = state.posMax, found.end(1)
        state.pos += 1
        state.push("link_open", "a", 1).attrs = {"href": ""}
        state.md.inline.tokenize(state)
        state.push("link_close", "a", -1)
        state.posMax = end
    state.pos = found.end()
    return True


def add_unfinished(markdown: MarkdownIt) -> None:
    """Let a parser hold back what the end of a text may still become.

    It reads in `env`: `is_growing`; `is_line_open`, whether the last line goes on, or None if
    nothing is open.
    """
    markdown.core.ruler.after("tasks", "cut_last", _cut_last)
    markdown.inline.ruler.after("link", "expected_link", _expected_link)
    markdown.inline.ruler2.after("balance_pairs", "close_emphasis", _close_emphasis)
