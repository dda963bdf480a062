"""Links: which addresses they may lead to, and addresses that stand in the text by themselves."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_inline import StateInline, autolink, image, link

_ALLOWED = re.compile(r"(?:https?://|mailto:)[^\s<>\x00-\x1f\x7f\ud800-\udfff]{1,2000}", re.I)


def is_allowed(url: str) -> bool:
    """Return whether a link may lead to a URL: to the web or to mail."""
    return _ALLOWED.fullmatch(url) is not None


_SCHEME = re.compile(r"(?<![A-Za-z0-9])https?\Z", re.I)
# It ends before a space, before what closes or quotes, and before East Asian punctuation.
_BARE = re.compile(
    r"://(?:[^\s<>\"`|\\(){}\[\]*\x00-\x1f\x7f\u3000-\u303f\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20"
    r"\uff3b-\uff40\uff5b-\uff65\u2018-\u201f\u2026\ud800-\udfff]|\*(?!\*)"
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


def _link(state: StateInline, silent: bool) -> bool:
    """A link whose bracket is closed somewhere: otherwise there is nothing to look for."""
    return _may_close(state, 1) and link(state, silent)


def _image(state: StateInline, silent: bool) -> bool:
    """An image whose bracket is closed somewhere."""
    return _may_close(state, 2) and image(state, silent)


def _may_close(state: StateInline, length: int) -> bool:
    return state.src[state.pos] in "[!" and state.src.find("]", state.pos + length) >= 0


def add_urls(markdown: MarkdownIt) -> None:
    """Let a parser know bare addresses, and take nothing else for an address."""
    markdown.inline.ruler.before("newline", "bare_url", _bare_url)
    markdown.inline.ruler.at("link", _link)
    markdown.inline.ruler.at("image", _image)
    markdown.inline.ruler.at("autolink", _autolink)
    markdown.block.ruler.at("reference", _reference)
