"""Tokens as HTML that runs nothing, loads nothing and leads only to the web and to mail.

Only the tags and attributes that are written here can appear, and all else is escaped. A block is
one line: a line end in code or TeX is `&#10;`, so that nobody can indent or strip it.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from lib.markdown.code import code_block
from lib.markdown.mathml import to_mathml
from lib.markdown.urls import is_allowed

MAX_FORMULAS = 2_000
"""Formulas of a text that are converted, and characters of code that get colours."""
MAX_HIGHLIGHTED_IN_TEXT = 30_000

_SIMPLE = {
    "paragraph_open": '<p dir="auto">',
    "paragraph_close": "</p>",
    "blockquote_close": "</blockquote>",
    "bullet_list_close": "</ul>",
    "ordered_list_close": "</ol>",
    "list_item_open": '<li dir="auto">',
    "list_item_close": "</li>",
    "table_close": "</table></div>",
    "thead_open": "<thead>",
    "thead_close": "</thead>",
    "tbody_open": "<tbody>",
    "tbody_close": "</tbody>",
    "tr_open": "<tr>",
    "tr_close": "</tr>",
    "th_close": "</th>",
    "td_close": "</td>",
    "hr": "<hr>",
    "softbreak": "<br>",
    "hardbreak": "<br>",
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "s_open": "<s>",
    "s_close": "</s>",
    "footnote_block_open": '<ol class="footnotes">',
    "footnote_block_close": "</ol>",
    "footnote_open": '<li dir="auto">',
    "footnote_close": "</li>",
    "footnote_anchor": "",
}


@dataclass
class Renderer:
    """Writes the tokens of one text; it counts what is costly.

    `headings_above`: the level of the heading under which the text stands. `for_screen`: a script
    on the page inserts the formulas and copies the code; otherwise formulas are in place.
    """

    headings_above: int = 2
    for_screen: bool = True

    def __post_init__(self) -> None:
        self._formulas = self._highlighted = 0
        self._mathml: dict[tuple[str, bool], str] = {}
        self._links: list[bool] = []

    def render(self, tokens: Sequence[Token]) -> str:
        """Return one line of HTML."""
        parts: list[str] = []
        for index, token in enumerate(tokens):
            if token.type == "inline":
                parts += map(self._inline, _without_breaks(token.children or []))
            elif not token.hidden:
                simple = _SIMPLE.get(token.type)
                parts.append(self._block(tokens, index) if simple is None else simple)
            elif token.nesting < 0 and _has_more_text(tokens, index):
                parts.append("<br>")
        return "".join(parts).replace("\n", "&#10;")

    def _block(self, tokens: Sequence[Token], index: int) -> str:
        token = tokens[index]
        match token.type:
            case "fence" | "code_block":
                return self._code(token)
            case "heading_open" | "heading_close":
                level = min(int(token.tag[1:]) + self.headings_above, 6)
                return f'<h{level} dir="auto">' if token.nesting > 0 else f"</h{level}>"
            case "blockquote_open" | "bullet_list_open":
                return f"<{token.tag}{_direction(tokens[index:])}>"
            case "ordered_list_open":
                start = token.attrs.get("start", 1)
                start_attribute = f' start="{start}"' if start != 1 else ""
                return f"<ol{start_attribute}{_direction(tokens[index:])}>"
            case "table_open":
                direction = _direction(tokens[index:])
                region = 'role="region" aria-label="Table" tabindex="0"'
                return f'<div class="table" {region}><table{direction}>'
            case "th_open" | "td_open":
                style = token.attrs.get("style")
                align = f' style="{style}"' if style else ""
                return f'<{token.tag} dir="auto"{align}>'
        raise AssertionError(token.type)

    def _code(self, token: Token) -> str:
        is_closed = bool(token.meta.get("closed", False))
        self._highlighted += len(token.content) if is_closed else 0
        return code_block(
            token.content,
            fence_language(token),
            highlighted=is_closed and self._highlighted <= MAX_HIGHLIGHTED_IN_TEXT,
            button=self.for_screen,
        )

    def _inline(self, token: Token) -> str:
        simple = _SIMPLE.get(token.type)
        if simple is not None:
            return simple
        match token.type:
            case "text" | "text_special":
                return escape(token.content, quote=False)
            case "code_inline":
                return f"<code>{escape(token.content)}</code>"
            case "formula":
                return self._formula(token)
            case "link_open":
                self._links.append(is_allowed(str(token.attrs.get("href", ""))))
                return open_link(str(token.attrs["href"])) if self._links[-1] else ""
            case "link_close":
                return "</a>" if self._links.pop() else ""
            case "image":
                return self._image(token)
            case "footnote_ref":
                return f'<sup class="footnote">[{escape(token.content)}]</sup>'
        raise AssertionError(token.type)

    def _image(self, token: Token) -> str:
        """Return a link to an image; inside of a link, which cannot hold another, its name."""
        alt = _text(token.children or ())
        label = escape(f"Image: {alt}" if alt else "Image")
        url = str(token.attrs["src"])
        if any(self._links) or not is_allowed(url):
            return label
        return f"{open_link(url)}{label}</a>"

    def _formula(self, token: Token) -> str:
        is_display = token.info == "display"
        key = (token.content, is_display)
        if key not in self._mathml:
            self._formulas += 1
            is_allowed_more = self._formulas <= MAX_FORMULAS
            self._mathml[key] = to_mathml(key[0], display=is_display) if is_allowed_more else ""
        mathml, source = self._mathml[key], escape(token.markup)
        if not mathml:
            return f'<code class="tex">{source}</code>'
        name = "formula display" if is_display else "formula"
        if self.for_screen:
            tex = f'<span class="tex">{source}</span>'
            return f'<span class="{name}" data-mathml="{escape(mathml)}">{tex}</span>'
        return f'<span class="{name}"><span class="tex">{source}</span>{mathml}</span>'


def _without_breaks(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens of lines but the breaks beside a formula that has a line of its own."""
    for index, token in enumerate(tokens):
        beside = tokens[max(0, index - 1) : index + 2]
        if token.type != "softbreak" or all(each.info != "display" for each in beside):
            yield token


def fence_language(token: Token) -> str:
    """Return the language that a fence names, or an empty string."""
    info = unescapeAll(token.info).split()
    return info[0][:30] if info else ""


def link(url: str, label: str) -> str:
    """Return a link to a URL that is allowed; of another only its label."""
    return f"{open_link(url)}{escape(label)}</a>" if is_allowed(url) else escape(label)


def open_link(url: str) -> str:
    """Return the opening tag of a link to a URL that is allowed."""
    return f'<a href="{escape(url)}" rel="noreferrer noopener" target="_blank">'


def _has_more_text(tokens: Sequence[Token], index: int) -> bool:
    """Return whether a paragraph without tags of its own is followed by another."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return following is not None and following.type == "paragraph_open" and following.hidden


def _direction(tokens: Sequence[Token]) -> str:
    """Return an attribute for what holds blocks, if its first letter is of a script from the right.

    `dir="auto"` would not look into blocks that have a `dir` themselves
    (https://html.spec.whatwg.org/multipage/dom.html#the-directionality).
    """
    for token in tokens:
        for character in token.content:
            match unicodedata.bidirectional(character):
                case "L":
                    return ""
                case "R" | "AL":
                    return ' dir="rtl"'
    return ""


def _text(tokens: Iterable[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        else:
            parts.append(_text(token.children) if token.children else token.content)
    return "".join(parts)
