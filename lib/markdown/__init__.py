"""What models write, as HTML: one parser and one renderer, for answers, reasoning and exports.

`render_blocks` renders a whole text for the screen, block by block; `GrowingMarkdown` one that is
still being written; `render_html` one for a file. None raises for any text.
"""

from pathlib import Path

from lib.markdown.growing import GrowingMarkdown
from lib.markdown.limits import MAX_LENGTH, TOO_LONG, is_too_long
from lib.markdown.whole import Block, render_blocks, render_html, render_plain

SHARED_CSS = Path(__file__).with_name("shared.css")
"""The style that texts have on the screen and in files."""

__all__ = [
    "MAX_LENGTH",
    "SHARED_CSS",
    "TOO_LONG",
    "Block",
    "GrowingMarkdown",
    "is_too_long",
    "render_blocks",
    "render_html",
    "render_plain",
]
