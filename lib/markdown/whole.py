"""A whole text as blocks of HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.token import Token

from lib.markdown.limits import TOO_LONG, is_too_long
from lib.markdown.parser import normalize, parse
from lib.markdown.renderer import Renderer, fence_language


@dataclass(frozen=True)
class Block:
    """A top-level block of a text.

    `html`: a complete, safe HTML fragment on one line, never empty. `diagram`: the source of a
    closed `mermaid` fence, whose `html` is that source as a code block.
    """

    html: str
    diagram: str = ""


def render_blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks of a whole text, for the screen.

    References and footnotes hold over the whole text, and the footnotes are its last block. What is
    too long is shown as it was written.
    """
    if is_too_long(text):
        return tuple(map(Block, _plain(text)))
    return tuple(to_blocks(parse(text), Renderer()))


def render_html(text: str, *, headings_above: int = 2) -> str:
    """Return the blocks of a whole text joined, for a page without scripts: formulas are in place.

    `headings_above` is the level of the heading under which the text stands.
    """
    if is_too_long(text):
        return render_plain(text)
    renderer = Renderer(headings_above, for_screen=False)
    return "\n".join(block.html for block in to_blocks(parse(text), renderer))


def render_plain(text: str) -> str:
    """Return a text as it was written, with a sentence that says so."""
    return "\n".join(_plain(text))


def _plain(text: str) -> tuple[str, str]:
    content = escape(normalize(text).replace("\0", "\ufffd")).replace("\n", "&#10;")
    return f"<p>{TOO_LONG}</p>", f'<pre class="plain" dir="auto"><code>{content}</code></pre>'


def to_blocks(tokens: Sequence[Token], renderer: Renderer) -> Iterator[Block]:
    """Yield a block for each group of tokens at the top level."""
    depth = first = 0
    for index, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            group, first = tokens[first : index + 1], index + 1
            html = renderer.render(group)
            if html:
                yield Block(html, diagram(group[0]))


def diagram(token: Token) -> str:
    """Return the source of a closed `mermaid` fence, and an empty string for other tokens."""
    is_diagram = token.type == "fence" and fence_language(token).lower() == "mermaid"
    return token.content.removesuffix("\n") if is_diagram and token.meta["closed"] else ""
