r"""What models write, as Streamlit's markdown shows it right and without loading anything.

Models write formulas as `\(…\)`, amounts as `$5`, and images from anywhere; Streamlit's markdown
(https://docs.streamlit.io/develop/api-reference/text/st.markdown) reads formulas between `$`, has
directives such as `:red[…]`, and loads images as soon as they are painted.
"""

import re

from lib.markdown.blocks import code_lines, split_blocks, split_lines
from lib.markdown.streamlit import escape_markdown, link

__all__ = ["close_open_marks", "escape_markdown", "link", "to_streamlit", "to_streamlit_blocks"]

_INLINE = re.compile(
    r"""
    (?P<code>(?<!`)(?P<ticks>`++).{1,2000}?(?<!`)(?P=ticks)(?!`))
    | \\\((?P<round>(?:\\[^()]|[^\\]){1,2000}+)\\\)
    | (?P<indent>^[ \t]*+)?\\\[(?P<square>(?:\\[^\[\]]|[^\\]){1,2000}+)\\\](?P<alone>[ \t]*+$)?
    | (?P<escaped>\\.)
    | (?P<display>\$\$(?:\\.|[^$\\]){1,2000}?\$\$)
    | (?P<formula>\$(?=\S)(?P<inside>(?:\\.|[^$\\\n]){1,500}?)(?<=\S)\$(?!\d))
    | (?P<dollar>\$)
    | (?P<empty_image>!\[\])
    | (?P<image>!\[)
    | (?P<directive>:(?=[a-z-]+\[|material/))
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_WORD = re.compile("[A-Za-z]{2}")
_WORD_JOINER = "\u2060"


def to_streamlit(block: str) -> str:
    r"""Return a block of an answer as markdown for Streamlit. Code in it stays as it is.

    `\(…\)` and `\[…\]` become formulas, a `$` that begins none is a dollar, and an image is a
    link: to load it would tell its address, and what a model put there, to another site.
    """
    code = code_lines(block)
    # Every parser takes a fence at the beginning for code. Behind anything else they may differ:
    # on where a formula ends, or on whether an indented line belongs to a footnote.
    is_certain = block.startswith(("```", "~~~")) and "$$" not in block
    parts: list[str] = []
    prose: list[str] = []
    for number, line in enumerate(split_lines(block)):
        if number in code or not line.strip():
            parts += [_prose("".join(prose)), line if is_certain else _without_image(line)]
            prose = []
        else:
            is_certain = False
            prose.append(line)
    return "".join([*parts, _prose("".join(prose))])


def to_streamlit_blocks(text: str) -> tuple[str, ...]:
    """Return the blocks of a whole text, each to_streamlit."""
    return tuple(map(to_streamlit, split_blocks(text)))


def _prose(text: str) -> str:
    return _without_image(_INLINE.sub(_shown, text))


def _without_image(text: str) -> str:
    """Let no image begin where we see code or a formula and another parser might see prose."""
    return text.replace("![", f"!{_WORD_JOINER}[")


def _shown(found: re.Match[str]) -> str:
    whole = found[0]
    match found.lastgroup:
        case "round":
            return f"${found['round'].strip()}$"
        case "square" | "alone":
            formula = found["square"].strip()
            if found["indent"] is None or found["alone"] is None:
                return f"{found['indent'] or ''}${formula}${found['alone'] or ''}"
            lines = ["$$", *formula.splitlines(), "$$"]
            return "\n".join(found["indent"] + line.strip() for line in lines)
        case "formula" if _is_amount(found["inside"]):
            return rf"\${_prose(found['inside'])}\$"
        case "dollar":
            return r"\$"
        case "empty_image":
            return "[Image]"
        case "image":
            return "[Image: "
        case "directive":
            return r"\:"
    return whole


def _is_amount(inside: str) -> bool:
    """Tell whether what stands between two `$` is prose that begins with a price."""
    return inside[0].isdecimal() and "\\" not in inside and _WORD.search(inside) is not None


_OPEN_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})(?:\]\([^)\s\[]{0,2000})?$")
_CODE = re.compile(r"(?<!`)(`++).{1,2000}?(?<!`)\1(?!`)", re.DOTALL)


def close_open_marks(block: str) -> str:
    """Return a block that is still being written with its marks closed, so that none is seen."""
    last = len(split_lines(block.rstrip("\r\n"))) - 1
    if last in code_lines(block):
        return block
    text = _OPEN_LINK.sub(r"\1", block)
    open_text = _CODE.sub("", text)
    for mark in ("`", "**", "~~"):
        if open_text.count(mark) % 2:
            bare = text.rstrip(mark[0])
            text = bare if text != bare and not bare[-1:].strip() else text.rstrip() + mark
            if text.endswith(mark * 2):
                text = text.removesuffix(mark * 2)
            break
    return text
