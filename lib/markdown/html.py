"""What models write, as HTML that runs nothing, loads nothing and leads only to the web."""

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from lib.markdown.blocks import TOO_LONG, add_math, is_too_long
from lib.markdown.streamlit_markdown import to_streamlit_blocks
from lib.openrouter.events import is_web_url

_HEADINGS_ABOVE = 3
_JOINED_MARK = "!\u2060["


def render(text: str) -> str:
    """Return an answer as the app shows it, with formulas as their source.

    Its headings begin at the fourth level, since it stands under those of a page. What is too long
    to be parsed is returned as `render_plain` does.
    """
    if is_too_long(text):
        return render_plain(text)
    # Here no image is ever loaded, so code may hold what would begin one.
    to_streamlit = "".join(to_streamlit_blocks(text)).replace(_JOINED_MARK, "![")
    html: str = _markdown.render(to_streamlit)
    return html


def render_plain(text: str) -> str:
    """Return an answer as it was written, with a sentence that says so."""
    return f"<p>{TOO_LONG}</p>\n<pre>{escape(text)}</pre>\n"


def link(address: str, label: str) -> str:
    """Return a link to an address of the web or of mail; any other leads nowhere."""
    return f"{_link_open(address)}{escape(label)}</a>"


def _link_open(address: str) -> str:
    if not (is_web_url(address) or address.startswith("mailto:")):
        return "<a>"
    return f'<a href="{escape(address)}" rel="noreferrer noopener">'


class _Html(RendererHTML):
    """Writes the tokens that its methods are named after in other ways than markdown-it does."""

    def link_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return _link_open(str(tokens[idx].attrs["href"]))

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        alt = self.renderInlineAsText(tokens[idx].children, options, env)
        return link(str(tokens[idx].attrs["src"]), f"Image: {alt}" if alt else "Image")

    def math_block(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"<pre><code>{escape(tokens[idx].content)}</code></pre>\n"

    brackets_block = math_block

    def table_open(self, *_: object) -> str:
        return '<div class="wide" role="region" aria-label="Table" tabindex="0"><table>\n'

    def table_close(self, *_: object) -> str:
        return "</table></div>\n"


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + _HEADINGS_ABOVE, 6)}"


_FORMULA = re.compile(
    r"(?P<marks>\$\$?)(?P<source>(?:\\.|[^$\\]){1,2000})(?P=marks)(?!\$)", re.DOTALL
)


def _formula(state: StateInline, silent: bool) -> bool:
    """A formula between `$`, and whatever it holds: in to_streamlit text every other `$` is escaped."""
    found = _FORMULA.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push("code_inline", "code", 0).content = found["source"].strip()
    state.pos = found.end()
    return True


_markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Html)
_markdown.enable(["table", "strikethrough"])
_markdown.inline.ruler.before("escape", "formula", _formula)
add_math(_markdown)
_markdown.core.ruler.push("lower_headings", _lower_headings)
