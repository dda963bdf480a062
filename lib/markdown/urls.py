"""Links: which addresses they may lead to, and addresses that stand in the text by themselves."""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, image, link
from markdown_it.token import Token

_ALLOWED = re.compile(r"(?:https?://|mailto:)[^\s<>\x00-\x1f\x7f\ud800-\udfff]{1,2000}", re.I)


def is_allowed(url: str) -> bool:
    """Return whether a link may lead to a URL: to the web or to mail."""
    return _ALLOWED.fullmatch(url) is not None


_SCHEME = re.compile(r"(?<![A-Za-z0-9])https?\Z", re.I)
# It ends before a space, before what closes or quotes, before the punctuation of Asian, Arabic and
# Indian scripts, and before dashes, arrows, marks of direction and emoji.
_BARE = re.compile(
    r"://(?:[^\s<>\"`|\\(){}\[\]*\x00-\x1f\x7f\u3000-\u303f\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20"
    r"\uff3b-\uff40\uff5b-\uff65\u200b\u200e\u200f\u2014-\u2060\u2190-\u21ff\ud800-\udfff"
    r"\u060c\u061b\u061f\u06d4\u0964\u0965«»\u2600-\u27bf\U0001f000-\U0001faff]|\*(?!\*)"
    r"|\([^\s()<>\"`\\\[\]]{0,200}\)){1,2000}+"
)
_TRAILING = re.compile(r"[.,;:!?'*_~&]+\Z")


def _bare_url(state: StateInline, silent: bool) -> bool:
    """Push a link for a bare address, whose scheme is what was read last."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.src, max(0, state.pos - 6), state.pos)
    found = scheme and _BARE.match(state.src, state.pos, state.posMax)
    if not scheme or not found:
        return False
    rest = _TRAILING.sub("", found[0])
    url = scheme[0] + rest
    if len(rest) <= 3 or (not silent and not state.pending.endswith(scheme[0])):
        return False
    if not silent:
        state.pending = state.pending.removesuffix(scheme[0])
        push_link(state, url, url)
    state.pos += len(rest)
    return True


def push_link(state: StateInline, url: str, label: str) -> None:
    """Push a link with a text."""
    state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(url)}
    state.push("text", "", 0).content = label
    state.push("link_close", "a", -1)


_AUTOLINK = re.compile(r"<(?:https?://|mailto:|[^\s<>@:]{1,100}@)", re.I)
_DEFINITION = re.compile(
    r"\[(?:\\.|[^\[\]\\]){1,300}+\]:\s*+<?(?:https?://|mailto:)", re.DOTALL | re.I
)


def _autolink(state: StateInline, silent: bool) -> bool:
    """`<https://…>` is a link; `<xsl:template>` is text."""
    if _AUTOLINK.match(state.src, state.pos, state.posMax) is None:
        return False
    return autolink(state, silent)


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[1]: https://…` is a definition; `[ERROR]: timeout` is text."""
    if _DEFINITION.match(state.src, state.bMarks[start] + state.tShift[start]) is None:
        return False
    return reference(state, start, end, silent)


class _Definitions(dict[str, dict[str, str]]):
    """The definitions by label, which note those that a link asks for."""

    def __init__(self, definitions: dict[str, dict[str, str]]) -> None:
        super().__init__(definitions)
        self.used: set[str] = set()

    def get(self, label: str, default: Any = None) -> Any:
        self.used.add(label)
        return super().get(label, default)


def _note_use(state: StateCore) -> None:
    state.env["references"] = _Definitions(state.env.get("references", {}))


def _show_unused(state: StateCore) -> None:
    """Show the definitions that no link asks for, where they are: they may be the sources.

    While a text grows a link may still come.
    """
    used, shown, last = state.env["references"].used, [], Token("", "", 0)
    for token in state.tokens:
        if token.type != "definition":
            shown.append(token)
        elif token.meta["id"] not in used and not state.env.get("is_growing"):
            if shown and shown[-1] is last:  # one line more
                lines = shown[-2].children or []
                lines.append(Token("softbreak", "br", 0))
            else:
                last, lines = Token("paragraph_close", "p", -1), []
                shown += [Token("paragraph_open", "p", 1), Token("inline", "", 0), last]
                shown[-2].children = lines
            lines += _definition(token)
    state.tokens = shown


def _definition(token: Token) -> list[Token]:
    label, opening, name = Token("text", "", 0), Token("link_open", "a", 1), Token("text", "", 0)
    label.content = f"[{token.meta['label']}] "
    opening.attrs = {"href": token.meta["url"]}
    name.content = token.meta["title"] or token.meta["url"]
    return [label, opening, name, Token("link_close", "a", -1)]


def _link(state: StateInline, silent: bool) -> bool:
    """A link whose bracket is closed somewhere: otherwise there is nothing to look for."""
    return _may_close(state, 1) and link(state, silent)


def _image(state: StateInline, silent: bool) -> bool:
    """An image whose bracket is closed somewhere."""
    return _may_close(state, 2) and image(state, silent)


def _may_close(state: StateInline, length: int) -> bool:
    return state.src[state.pos] in "[!" and state.src.find("]", state.pos + length) >= 0


def add_urls(markdown: MarkdownIt) -> None:
    """Let a parser know bare addresses, take nothing else for one, and leave none out."""
    markdown.inline.ruler.before("newline", "bare_url", _bare_url)
    markdown.inline.ruler.at("link", _link)
    markdown.inline.ruler.at("image", _image)
    markdown.inline.ruler.at("autolink", _autolink)
    markdown.block.ruler.at("reference", _reference)
    markdown.core.ruler.before("inline", "note_use", _note_use)
    markdown.core.ruler.after("inline", "show_unused", _show_unused)
