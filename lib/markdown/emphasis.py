"""Emphasis as CommonMark has it, but right beside scripts without spaces, and in calculations.

CommonMark takes `**` for a closing mark by the spaces and punctuation around it
(https://spec.commonmark.org/0.31.2/#delimiter-run), and many Asian scripts have no spaces: the rule
is relaxed as in https://github.com/tats-u/markdown-cjk-friendly. `2**10` is a power and `n*m` a
product.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_ASIAN = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Push the marks of a run, with what each may open and close."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    end = state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[end] if end < state.posMax else " "
    may_open, may_close = _flanking(before, after, state.src[state.pos : end])
    for _ in range(end - state.pos):
        token = state.push("text", "", 0)
        token.content = marker
        index = len(state.tokens) - 1
        mark = Delimiter(ord(marker), end - state.pos, index, -1, may_open, may_close)
        state.delimiters.append(mark)
    state.pos = end
    return True


def _flanking(before: str, after: str, run: str) -> tuple[bool, bool]:
    """Return whether a run between two characters may open and may close."""
    spaces = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    is_asian = bool(_ASIAN.match(before)), bool(_ASIAN.match(after))
    signs = _is_punctuation(before), _is_punctuation(after)
    # Punctuation of these scripts stands beside a mark as a letter does.
    left = not spaces[1] and (not signs[1] or is_asian[1] or spaces[0] or signs[0] or is_asian[0])
    right = not spaces[0] and (not signs[0] or is_asian[0] or spaces[1] or signs[1] or is_asian[1])
    if run[0] == "_":
        return left and (not right or signs[0]), right and (not left or signs[1])
    is_inside = before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
    is_sign = is_inside and (run == "*" or before.isdecimal() or after.isdecimal())
    return left and not is_sign, right


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def add_emphasis(markdown: MarkdownIt) -> None:
    """Let a parser read emphasis in this way."""
    markdown.inline.ruler.at("emphasis", _emphasis)
