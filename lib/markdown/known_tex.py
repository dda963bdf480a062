"""TeX that `math-core` does not know, in words that it knows."""

import re

_NAMES = {
    "split": "aligned",
    "smallmatrix": "matrix",
    "alignedat": "aligned",
    "alignat": "align",
    "alignat*": "align*",
    "flalign": "align",
    "flalign*": "align*",
}
_RENAMED = re.compile(rf"\\(begin|end)\{{({'|'.join(map(re.escape, _NAMES))})\}}")
_COLUMNS = re.compile(r"(\\begin\{align(?:ed)?at\*?\})\s*+\{\d{1,3}\}")
_SUBSTACK = re.compile(r"\\substack\s*+\{((?:[^{}]|\{[^{}]*+\})*+)\}")
_LABEL = re.compile(r"\\label\s*+\{[^{}]*+\}")
_HSPACE = re.compile(r"\\hspace\*")
_LEFT_ANGLE = re.compile(r"(\\(?:left|middle|right))\s*+<")
_RIGHT_ANGLE = re.compile(r"(\\(?:left|middle|right))\s*+>")

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
_NUMBERED = re.compile(r"\\begin\{(?:equation|align|gather|multline)\*?\}")


def to_known(tex: str) -> str:
    """Return a formula in which the commands that have an equal are that."""
    tex = _COLUMNS.sub(r"\1", tex)
    tex = _RENAMED.sub(lambda found: f"\\{found[1]}{{{_NAMES[found[2]]}}}", tex)
    tex = _SUBSTACK.sub(r"\\begin{matrix}\1\\end{matrix}", tex)
    tex = _HSPACE.sub(r"\\hspace", _LABEL.sub("", tex))
    tex = _RIGHT_ANGLE.sub(r"\1\\rangle ", _LEFT_ANGLE.sub(r"\1\\langle ", tex))
    tex = _ROWS.sub(_tagged_rows, _TEXT.sub(_text, tex))
    if _TAG.search(tex) and not _NUMBERED.search(tex):
        tex = f"\\begin{{equation}}{tex}\\end{{equation}}"
    return tex


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
