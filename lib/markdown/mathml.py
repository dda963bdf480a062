"""TeX as MathML, in which there is nothing but MathML.

`math-core` converts. What it writes is read again and written anew from a list of elements and
attributes (https://www.w3.org/TR/mathml-core/), so that a formula brings no other markup in.
"""

import re
from html import escape
from xml.etree import ElementTree

from math_core import LatexError, LatexToMathML

from lib.markdown.known_tex import to_known

MAX_LENGTH = 10_000
"""Characters of a formula that is converted."""
MAX_DEPTH = 50
"""Braces and environments in each other."""

_SIZES = "tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge"
_converter = LatexToMathML(
    macros={
        "mbox": r"\text{#1}",
        "hbox": r"\text{#1}",
        "textnormal": r"\text{#1}",
        "dotsb": r"\cdots",
        "dotsc": r"\ldots",
        "dotsi": r"\cdots",
        "smallsetminus": r"\setminus",
        **dict.fromkeys(_SIZES.split(), ""),
    },
    allow_unreliable_rendering=True,
    fancy_error=False,
)
_ELEMENT_NAMES = """
math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace
msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_TEXT_STYLES = {"b": "font-weight:bold", "i": "font-style:italic", "code": "font-family:monospace"}
"""HTML inside of `mtext`, and the style that says the same."""
_ATTRIBUTE_NAMES = """
accent accentunder columnalign columnspan depth display displaystyle fence form height largeop
linethickness lspace mathvariant maxsize minsize movablelimits notation rowspan rspace scriptlevel
separator stretchy symmetric voffset width
"""
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_VALUE = re.compile(r"[\w.+%-]{0,40}(?: [\w.+%-]{1,40}){0,3}", re.ASCII)
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)\w{0,40};")
_LENGTH = re.compile(r"-?(\d{1,4})(?:\.\d{0,12})?(?:r?em|ex|px|pt|mu|%)")
_STYLE = re.compile(
    r"(?:(?:text-align|justify-items|padding(?:-\w+)?|margin(?:-\w+)?|width|color|font-\w+"
    r"|border(?:-\w+)?|background-color|math-\w+):[\w#.% -]{1,60};?\s?){0,8}",
    re.ASCII,
)
_MAX_EM = 100


def to_mathml(tex: str, *, display: bool) -> str:
    """Return a `<math>` element for a formula, or an empty string if it cannot be converted."""
    if len(tex) > MAX_LENGTH or _depth(tex) > MAX_DEPTH:
        return ""
    try:
        converted = _converter.convert_with_local_state(to_known(tex), displaystyle=display)
        root = ElementTree.fromstring(_ENTITY.sub("", converted))  # noqa: S314  # small, no DTD
        return _write(root)
    except (LatexError, ElementTree.ParseError, UnicodeEncodeError, _Refused):
        return ""


class _Refused(Exception):
    """An element, attribute or size that is not on the lists."""


def _write(element: ElementTree.Element) -> str:
    tag, style = element.tag, element.get("style", "")
    if tag not in _ELEMENTS:
        raise _Refused(tag)
    children = list(element)
    if tag == "mtext" and children:
        only = children[0] if len(children) == 1 and not element.text else None
        if only is not None and not only.tail:
            style += _TEXT_STYLES.get(only.tag, "")
        content = escape("".join(element.itertext()))
    else:
        content = escape(element.text or "")
        for child in children:
            content += _write(child) + escape(child.tail or "")
    attributes = {**element.attrib, "style": style} if style else element.attrib
    return f"<{tag}{''.join(map(_attribute, attributes, attributes.values()))}>{content}</{tag}>"


def _attribute(name: str, value: str) -> str:
    if name in ("class", "id", "href"):
        return ""
    is_known = _STYLE.fullmatch(value) if name == "style" else name in _ATTRIBUTES
    if not is_known or (name != "style" and not _VALUE.fullmatch(value)):
        raise _Refused(name)
    length = _LENGTH.fullmatch(value)
    if length and int(length[1]) > _MAX_EM:
        raise _Refused(value)
    return f' {name}="{escape(value)}"'


_NESTING = re.compile(r"\\begin\b|\\left\b|\{|\\end\b|\\right\b|\}")


def _depth(tex: str) -> int:
    deepest = depth = 0
    for found in _NESTING.finditer(tex):
        depth += 1 if found[0] in ("{", "\\begin", "\\left") else -1
        deepest = max(deepest, depth)
    return deepest
