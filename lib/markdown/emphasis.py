"""Emphasis as CommonMark has it, but right beside scripts without spaces, and in calculations.

CommonMark takes `**` for a closing mark by the spaces and punctuation around it
(https://spec.commonmark.org/0.31.2/#delimiter-run), and many Asian scripts have no spaces: the rule
is relaxed as in https://github.com/tats-u/markdown-cjk-friendly. `**Note:**text` ends at its colon
in any script. `2**10` is a power, `n*m` a product and `src/**/*.ts` a path.
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
    if silent or marker not in "*_~":
        return False
    end = state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    mark, length = "~~" if marker == "~" else marker, end - state.pos
    if length < len(mark):
        return False
    before = state.src[state.pos - 1] if state.pos else " "
    may_open, may_close = _flanking(before, mark * length, state.src[end : state.posMax][:2] or " ")
    if length % len(mark):
        state.push("text", "", 0).content = marker
    for _ in range(length // len(mark)):
        state.push("text", "", 0).content = mark
        index = len(state.tokens) - 1
        # The lengths of `~~` do not matter to one another; 0 says so.
        run = 0 if marker == "~" else length
        state.delimiters.append(Delimiter(ord(marker), run, index, -1, may_open, may_close))
    state.pos = end
    return True


def _flanking(before: str, run: str, following: str) -> tuple[bool, bool]:
    """Return whether a run between a character and what follows may open and may close."""
    after = following[0]
    spaces = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    is_asian = bool(_ASIAN.match(before)), bool(_ASIAN.match(after))
    signs = _is_punctuation(before), _is_punctuation(after)
    # Punctuation of these scripts stands beside a mark as a letter does.
    left = not spaces[1] and (not signs[1] or is_asian[1] or spaces[0] or signs[0] or is_asian[0])
    right = not spaces[0] and (not signs[0] or is_asian[0] or spaces[1] or signs[1] or is_asian[1])
    if run[0] == "_":
        opens = not right or signs[0] or (signs[1] and is_asian[0])
        closes = not left or signs[1] or (signs[0] and is_asian[1])
        return left and opens, right and closes
    is_inside = before.isalnum() and after.isalnum() and not any(is_asian)
    is_sign = is_inside and (run == "*" or before.isdecimal() or after.isdecimal())
    is_path = following == "/*" or (before == "/" and after in "/.*")
    return left and not is_sign and not is_path, right or (len(run) > 1 and not spaces[0])


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def add_emphasis(markdown: MarkdownIt) -> None:
    """Let a parser read emphasis in this way."""
    for rule in ("strikethrough", "emphasis"):
        markdown.inline.ruler.at(rule, _emphasis)
