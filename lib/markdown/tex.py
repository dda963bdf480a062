r"""What is a formula: TeX between `$`, `$$`, `\(` or `\[`, and neither money nor prose nor brackets.

Each decision holds for a text that is still being written: once the inside is prose, it stays prose.
"""

import re

MAX_DOLLARS = 2_000
"""Characters between two `$`; between other delimiters there may be more."""

_TEXT = re.compile(
    r"\\(?:text\w*|[mh]box|math[a-z]+|operatorname\*?|begin|end|tag\*?|label|color)\s*+"
    r"\{(?:[^{}]|\{[^{}]*+\})*+\}?"
)
_COMMAND = re.compile(r"\\[A-Za-z]++")
_SENTENCE = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}+[,.;:]?\s++[A-Za-z]{2}")
_WORD_APART = re.compile(r"\s[A-Za-z]{2,}+(?=[\s,.;:)])")
_WORD = re.compile(r"[A-Za-z]{2}")
_TEX = re.compile(r"[\\^_={}<>+]")
_OPERATOR = re.compile(r"[\\^_={}<>+*/-]")
_AMOUNT = re.compile(r"\A\s*\d")
_ENDING = re.compile(r"(?:th|st|nd|rd|s)(?![A-Za-z0-9])")
"""What `$n$th` and `$k$s` end in."""
_CURRENCY = re.compile(r"(?<![A-Za-z])(?:US|CA|AU|NZ|HK|SG|NT|MX|[ACR])\Z")
"""Letters before a dollar sign that say whose dollar it is."""


def is_prose(inside: str) -> bool:
    """Return whether what follows a delimiter is prose: words in a row, or a price and a word.

    Words with a command between them are factors, say.
    """
    words = _COMMAND.sub(" + ", _TEXT.sub(" + ", inside))
    if _SENTENCE.search(words):
        return True
    return inside[:1].isdecimal() and "\\" not in inside and bool(_WORD_APART.search(words))


def may_open(text: str, at: int) -> bool:
    """Return whether the `$` at an index may begin a formula, which that of `10$` or `US$` may not."""
    before = text[at - 1 : at]
    return not (before.isascii() and before.isalnum()) and before != "$"


def is_dollar_formula(inside: str, after: str) -> bool:
    """Return whether `inside`, between two `$`, is a formula; `after` is what follows it."""
    is_word_after = after[:1].isascii() and after[:1].isalnum() and not _ENDING.match(after)
    if not inside.strip() or after.startswith("$") or is_word_after:
        return False
    if inside[0].isspace() or inside[-1].isspace():
        is_padded = inside[0].isspace() and inside[-1].isspace()
        is_formula = _COMMAND.search(inside) or (is_padded and _OPERATOR.search(inside))
        is_money = _AMOUNT.match(inside) and _AMOUNT.match(after)
        return bool(is_formula) and not is_money and not is_prose(inside)
    return not is_prose(inside) and not (inside[0].isdecimal() and _CURRENCY.search(inside))


def is_display_formula(inside: str) -> bool:
    """Return whether `inside`, between two `$$`, is a formula."""
    if not inside.strip():
        return False
    return bool(_TEX.search(inside)) or not _WORD.search(inside)


def is_round_formula(inside: str) -> bool:
    r"""Return whether `inside`, between `\(` and `\)`, is a formula and not prose in parentheses."""
    if not inside.strip():
        return False
    return bool(_TEX.search(inside)) or not is_prose(inside)


def is_square_formula(inside: str) -> bool:
    r"""Return whether `inside`, between `\[` and `\]`, is a formula and not `\[1\]` or `\[Name\]`."""
    if not inside.strip():
        return False
    is_padded = inside[0].isspace() and inside[-1].isspace()
    return bool(_TEX.search(inside)) or (is_padded and not _WORD.search(inside))
