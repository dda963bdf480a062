"""TeX that `math-core` does not know, in words that it knows."""

import re

_NAMES = {
    "split": "aligned",
    "smallmatrix": "matrix",
    "alignedat": "aligned",
    "alignat": "align*",
    "alignat*": "align*",
    "flalign": "align*",
    "flalign*": "align*",
    "eqnarray": "align*",
    "eqnarray*": "align*",
    # Without numbers, which begin anew in each formula.
    **{name: f"{name}*" for name in ("equation", "align", "gather", "multline")},
    **{f"{kind}matrix*": f"{kind}matrix" for kind in ("", *"bBpvV")},
}
_RENAMED = re.compile(rf"\\(begin|end)\{{({'|'.join(map(re.escape, _NAMES))})\}}")
_COLUMNS = re.compile(r"(\\begin\{align(?:ed)?at\*?\})\s*+\{\d{1,3}\}")
_ARRAY = re.compile(r"\\begin\{array\}\s*+\{((?:[^{}]|\{[^{}]*+\})*+)\}")
_BETWEEN_COLUMNS = re.compile(r"[@!<>]\{[^{}]*+\}")
_REPEATED_COLUMNS = re.compile(r"\*\{(\d{1,2})\}\{([^{}]*+)\}")
_POSITION = re.compile(r"(\\begin\{(?:\w*ed|\w*matrix|array)\*?\})\s*+\[[tbclr]\]")
_ROW_END = re.compile(
    r"\\\\(?:\*[ \t]*+|(?=[ \t]*+\[))(?:[ \t]*+\[\s*+-?[\d.]++\s*+[a-z]{2}\s*+\])?"
)
_SUBSTACK = re.compile(r"\\substack\s*+\{((?:[^{}]|\{[^{}]*+\})*+)\}")
_LABEL = re.compile(r"\\label\s*+\{[^{}]*+\}")
_HSPACE = re.compile(r"\\hspace\*")
_LEFT_ANGLE = re.compile(r"(\\(?:left|middle|right))\s*+<")
_RIGHT_ANGLE = re.compile(r"(\\(?:left|middle|right))\s*+>")
_HEX_COLOR = re.compile(r"\\(?:text)?color\s*+(?:\[HTML\])?\s*+\{#?[0-9A-Fa-f]{3,6}\}")
_ROOT = re.compile(r"√\s*+(\d++(?:\.\d++)?|[^\W\d_]|\{)?")
_PERCENT = re.compile(r"([\d}]\s?)?(?<!\\)%")

_TEXT = re.compile(
    r"(\\text(?:bf|it|normal|rm|sf|tt)?|\\[mh]box)\s*+\{((?:\\.|[^{}\\]|\{[^{}]*+\})*+)\}",
    re.DOTALL,
)
_FORMULA = re.compile(r"(?<!\\)\$((?:\\.|[^$\\])++)\$", re.DOTALL)
_SPECIAL = re.compile(r"\\?([_&#%$])")

_ROWS = re.compile(
    r"\\begin\{(align|gather)ed\}((?:(?!\\(?:begin|end)\{\1ed\}).)*+)\\end\{\1ed\}", re.DOTALL
)
_TAG = re.compile(r"\\tag\*?\s*+\{")
_OTHER_TAG = re.compile(r"\\tag(\*?)\s*+\{(?![\w.–-]*+\})([^{}]*+)\}", re.ASCII)
_NUMBERED = re.compile(r"\\begin\{(?:equation|align|gather|multline)\*?\}")
_TOKEN = re.compile(r"\\(?:begin|end|left|right)(?![A-Za-z])|\\.|[{}&]", re.DOTALL)
_OPENING, _CLOSING = ("{", "\\begin", "\\left"), ("}", "\\end", "\\right")


def to_known(tex: str) -> str:
    """Return a formula in which the commands that have an equal are that."""
    tex = _escape_percent(tex)
    tex = _COLUMNS.sub(r"\1", tex)
    tex = _RENAMED.sub(lambda found: f"\\{found[1]}{{{_NAMES[found[2]]}}}", tex)
    tex = _ARRAY.sub(_array, _POSITION.sub(r"\1", tex))
    tex = _ROW_END.sub(r"\\\\ ", tex)
    tex = _SUBSTACK.sub(r"\\begin{matrix}\1\\end{matrix}", tex)
    tex = _HSPACE.sub(r"\\hspace", _LABEL.sub("", tex))
    tex = _RIGHT_ANGLE.sub(r"\1\\rangle ", _LEFT_ANGLE.sub(r"\1\\langle ", tex))
    tex = _ROOT.sub(_root, _HEX_COLOR.sub("", tex))
    tex = _OTHER_TAG.sub(_other_tag, tex)
    tex = _ROWS.sub(_tagged_rows, _TEXT.sub(_text, _in_rows(tex)))
    if _TAG.search(tex) and not _NUMBERED.search(tex):
        tex = f"\\begin{{equation*}}{tex}\\end{{equation*}}"
    return tex


def _escape_percent(tex: str) -> str:
    """Return a formula in which `%` is a sign, unless it begins a comment: up to a line's end."""
    last_line = tex.rfind("\n")
    return _PERCENT.sub(
        lambda sign: f"{sign[1] or ''}\\%" if sign[1] or sign.start() > last_line else sign[0], tex
    )


def _array(found: re.Match[str]) -> str:
    """Return the beginning of an array with one letter for each of its columns."""
    columns = _BETWEEN_COLUMNS.sub("", found[1])
    columns = _REPEATED_COLUMNS.sub(lambda one: min(int(one[1]), 50) * one[2], columns)
    return f"\\begin{{array}}{{{columns.strip() or 'c'}}}"


def _root(found: re.Match[str]) -> str:
    match found[1]:
        case None:
            return "\\surd "
        case "{":
            return "\\sqrt{"
        case radicand:
            return f"\\sqrt{{{radicand}}}"


def _other_tag(found: re.Match[str]) -> str:
    """Return a tag that is more than letters and numbers as words beside the formula."""
    return f"\\qquad\\text{{{found[2] if found[1] else f'({found[2]})'}}}"


def _in_rows(tex: str) -> str:
    r"""Return a formula with a `\\` outside of everything in an environment that has rows."""
    depth, marks = 0, set()
    for token in _TOKEN.findall(tex):
        depth += (token in _OPENING) - (token in _CLOSING)
        if not depth:
            marks.add(token)
    if "\\\\" not in marks:
        return tex
    name = "aligned" if "&" in marks else "gathered"
    rows = tex.rstrip().removesuffix("\\\\")
    return f"\\begin{{{name}}}{rows}\\end{{{name}}}"


def _text(found: re.Match[str]) -> str:
    r"""Return `\text{if $x$}` as words and a formula, with `_` and the like escaped in words."""
    parts = _FORMULA.split(found[2])
    for index in range(0, len(parts), 2):
        words = _SPECIAL.sub(r"{\\\1}", parts[index])  # in braces, as a space after it would go
        parts[index] = f"{found[1]}{{{words}}}"
    return f"{{{''.join(parts)}}}"


def _tagged_rows(found: re.Match[str]) -> str:
    r"""Return `aligned` and `gathered` as what they are if a row has a `\tag`: a display."""
    if _TAG.search(found[2]) is None:
        return found[0]
    return f"\\begin{{{found[1]}*}}{found[2]}\\end{{{found[1]}*}}"
