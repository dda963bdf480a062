"""Text of others inside Streamlit's own markdown: it is shown as it is."""

from html import unescape

import pytest
from markdown_it import MarkdownIt

from lib.markdown.streamlit import escape_markdown


@pytest.mark.parametrize(
    "text",
    [
        "1. a",
        "2) a",
        "- a",
        "+ a",
        "-5",
        "3.5",
        "&nbsp;",
        "&#65; & a;",
        "# a",
        "a\n- b",
        "a_b_ *c*",
        "a\n===",
        "`](x) ![](http://x.org/a) <img> [x](javascript:x)",
    ],
)
def test_literal(text: str) -> None:
    """Text of others is shown as it is."""
    html = MarkdownIt("commonmark").render(escape_markdown(text))
    assert unescape(html.removeprefix("<p>").removesuffix("</p>\n")) == text


@pytest.mark.parametrize("text", [":smile:", ":material/home:", ":material_home:", "a -> b", "--"])
def test_shorthand(text: str) -> None:
    """What Streamlit would make an icon, an emoji or an arrow of is torn apart by nothing visible."""
    html = MarkdownIt("commonmark").render(escape_markdown(text))
    assert text not in unescape(html)
    assert text in unescape(html).replace("\u2060", "")
