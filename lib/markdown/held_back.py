r"""What is shown of a text whose end has not come yet, so that no mark is seen that goes away.

Two ways: what may still become something else is held back (`[`, `$x`, `<b`, a line of `-`), and
emphasis or code that has begun is shown as if it ended here. Where the guess was wrong, a mark that
is never closed, it is seen once the text is whole.
"""

import re

from lib.markdown.formulas import find_formula, open_delimiter
from lib.markdown.mathml import MAX_LENGTH
from lib.markdown.tables import hide_pipes
from lib.markdown.tex import MAX_DOLLARS, is_dollar_formula, is_prose, may_open

_MAX_HELD = 1_000
"""Characters of a link or a mark that are held back."""

# Lines

_MARKS_ALONE = re.compile(r"[-+*_=#`~|:$\\<&!\[\]().>\d\s]*+")
_FENCE_BEGINS = re.compile(r"\A[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+(?:```|~~~)")
_PIPE = re.compile(r"(?<!\\)\|")
_DELIMITER_ROW = re.compile(r"\A[ \t>]*+[|:-][ \t|:-]*+")


def cut_lines(text: str, *, in_code: bool) -> str:
    """Return a text without a last line, or a last two, that may still become another block."""
    begin = text.rfind("\n") + 1
    last = text[begin:]
    if _MARKS_ALONE.fullmatch(last) or (not in_code and _FENCE_BEGINS.match(last)):
        text = text[:begin]
    return text if in_code else _cut_table(text)


def _cut_table(text: str) -> str:
    """Hold back what may be the head of a table, until the next line says so."""
    lines = text.split("\n")
    is_new_line = not lines[-1] and len(lines) > 1
    head = len(lines) - 2 if is_new_line else len(lines) - 1
    before = lines[head - 1] if head else ""
    begin = 0
    if _PIPE.search(before) or _DELIMITER_ROW.fullmatch(before):
        # It is a row of a table already, or no table.
        if is_new_line:
            return text
        begin = _find_open(lines[head])
    pipe = _PIPE.search(hide_pipes(lines[head]), begin)
    if pipe is None:
        return text
    return "\n".join([*lines[:head], lines[head][: pipe.start()]])


def _find_open(row: str) -> int:
    """Return where code or a formula begins that is still open, and whose `|` may be no border."""
    masked = _mask(row)
    code = _OPEN_CODE.search(masked)
    return code.start() if code else len(masked)


# Inside of lines

_SPANS = re.compile(r"(?<!`)(`++).{1,2000}?(?<!`)\1(?!`)|\\.", re.DOTALL)
_TICKS = re.compile(r"`++")
_CHARACTER = re.compile(r"\S")
_OPEN_CODE = re.compile(r"(?<!`)(``++|`(?![`\s]))(.*)\Z", re.DOTALL)
_OPEN_LINK = re.compile(
    r"(?<!\])!?\[(?:[^\[\]]|\[[^\[\]]*+\])*+"
    r"(?:\](?:\((?:[^()]|\([^()]*+\))*+(?:\([^()]*+)?|\[[^\[\]]*+)?)?\Z"
)
_OPEN_TAG = re.compile(r"<(?:br\s{0,9}/?|[^\s<>]{0,300})\Z", re.I)
_OPEN_ENTITY = re.compile(r"&#?\w{0,31}\Z")
_INERT = re.compile(r"\\(?:text\w*\{(?:[^{}]|\{[^{}]*+\}?)*+\}?|.)", re.DOTALL)
"""In a formula, what does not close it though it may hold a `$`."""
_OPEN_BEGIN = re.compile(r"\\(?:b|be|beg|begi|begin(?:\{[A-Za-z]{0,20}\*?)?)")
_LAST_MARKS = re.compile(r"[*_~`$\\!\[<&:][*_~`$\\!\[<&:/]*\Z")


def cut_inline(content: str, *, is_line_open: bool) -> str:
    """Return the text of a paragraph or cell without what may still become something else.

    `is_line_open`: whether its last line goes on; otherwise only what spans lines is held back.
    """
    masked = _mask(content)
    tail = max(0, len(masked) - _MAX_HELD)
    for pattern in (_OPEN_LINK, _OPEN_TAG, _OPEN_ENTITY) if is_line_open else (_OPEN_LINK,):
        found = pattern.search(masked, tail)
        masked = masked[: found.start()] if found else masked
    if is_line_open or len(masked) < len(content):
        masked = _LAST_MARKS.sub("", masked)
    end = len(content[: len(masked)].rstrip())
    return _close_code(content[:end], masked[:end])


def _close_code(content: str, masked: str) -> str:
    """Return a text with the code closed that it ends in."""
    found = _OPEN_CODE.search(masked)
    if found is None:
        return content
    if not found[2].strip():
        return content[: found.start()].rstrip()
    return content + (" " if found[2].startswith(" ") else "") + found[1]


def _mask(content: str) -> str:
    """Return a text with code and formulas as `x`, up to a formula that is still open.

    Of code that is still open the opening mark stays, and what may be part of the closing one.
    """
    parts: list[str] = []
    at, end = 0, len(content)
    while at < end:
        character = content[at]
        found = None
        if character in "$\\":
            found = find_formula(content, at, end)
            if _may_be_undone(found) if found else _is_open_formula(content, at):
                return "".join(parts)
            if found is None and content.startswith("$$", at):
                parts.append("xx")
                at += 2
                continue
        if found is None and character in "`\\":
            found = _SPANS.match(content, at)
            if found is None and character == "`":
                run = _TICKS.match(content, at)
                assert run is not None
                parts.append(run[0])
                at = run.end()
                if run[0] != "`" or not content[at : at + 1].isspace():
                    code = content[at:].rstrip("`")
                    return "".join([*parts, _CHARACTER.sub("x", code), content[at + len(code) :]])
                continue
        parts.append("x" * len(found[0]) if found else character)
        at = found.end() if found else at + 1
    return "".join(parts)


def _may_be_undone(formula: re.Match[str]) -> bool:
    """Return whether it is none if a letter or number follows, as in `$5-$10` and `$a/$sub`."""
    if not formula[0].startswith("$") or formula[0].startswith("$$"):
        return False
    after = formula.string[formula.end() : formula.end() + 3]
    return not is_dollar_formula(formula[1], f"{after}a")


def _is_open_formula(content: str, at: int) -> bool:
    inside = content[at + 2 : at + MAX_LENGTH]  # a longer one is not converted
    if content.startswith("$$", at):
        return "$$" not in inside and not is_prose(inside)
    if content[at] == "$":
        inside = content[at + 1 : at + MAX_DOLLARS]
        if not may_open(content, at) or is_prose(inside) or "`" in inside:
            return False
        bare = _INERT.sub("", inside)
        close = bare.find("$")
        if close < 0:
            return True
        # A letter after it may be the first of `$n$th`.
        return close >= len(bare) - 2 and is_dollar_formula(inside.rpartition("$")[0], "")
    if content.startswith("\\(", at):
        return "\\)" not in inside and not is_prose(inside)
    if content.startswith("\\[", at):
        return "\\]" not in inside and not is_prose(inside)
    inside = content[at : at + MAX_LENGTH]
    if _OPEN_BEGIN.fullmatch(inside):
        return True
    return inside.startswith("\\begin{") and not is_prose(inside) and open_delimiter(inside) != ""
