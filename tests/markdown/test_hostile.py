"""Whatever a model writes runs nothing, loads nothing, and leads only to the web and to mail."""

import re
from html.parser import HTMLParser

import pytest

from lib.markdown import GrowingMarkdown, render_blocks, render_html
from tests.markdown.hostile import HOSTILE
from tests.markdown.visible import visible

ELEMENTS = re.compile(
    "p|h[3-6]|ul|ol|li|blockquote|div|table|thead|tbody|tr|th|td|pre|code|span|a|em|strong|s|sup|br|"
    "hr|button"
)
ATTRIBUTES = re.compile(
    "dir|class|role|aria-label|tabindex|type|start|style|data-mathml|href|rel|target"
)


class Elements(HTMLParser):
    """Fails at the first element or attribute that is not ours, and at tags left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check an element."""
        assert ELEMENTS.fullmatch(tag)
        assert len(dict(attrs)) == len(attrs)
        for name, value in attrs:
            assert ATTRIBUTES.fullmatch(name)
            if name == "href":
                assert re.match("https?://|mailto:", value or "")
            if name == "style":
                assert re.fullmatch("text-align:(left|center|right)", value or "")
        if tag not in ("br", "hr"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the last element."""
        assert self._open.pop() == tag


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile(hostile: str) -> None:
    """Whole, and at every prefix, each block is harmless, complete, one line, and can be sent."""
    for text in (
        hostile,
        f"> {hostile}",
        f"- {hostile}",
        f"| a |\n|---|\n| {hostile} |",
        f"# {hostile}",
    ):
        growing = GrowingMarkdown()
        shown = [*render_blocks(text)]
        for start in range(0, len(text), 1 + len(text) // 200):
            growing.append(text[start : start + 1 + len(text) // 200])
            shown += [growing.open] if growing.open else []
        for block in [*shown, *growing.finished]:
            Elements(block.html)
            assert block.html == block.html.strip() != ""
            assert "\n" not in block.html
            block.html.encode()
        assert visible(render_html(text)) == visible(*[each.html for each in render_blocks(text)])


@pytest.mark.parametrize("depth", [21, 45])
def test_deep(depth: int) -> None:
    """What stands deep inside of quotations or lists is not lost."""
    for mark in ("> ", "- ", "1. "):
        assert "deep inside" in render_html(mark * depth + "deep inside")
    assert "deep inside" in render_html("> " * 2 * depth + "deep inside")
    assert "deep inside" in render_html("[" * depth + "deep inside" + "](https://x.org)" * depth)
    assert "deep inside" in render_html("*a **b " * depth + "deep inside")


def test_one_line() -> None:
    """Line ends in code and formulas are character references, which nobody indents or strips."""
    (code,) = render_blocks("```\n\n  a\n\n```")
    assert "<code>&#10;  a&#10;</code>" in code.html
    (formula,) = render_blocks("$$\nx\n$$")
    assert "$$&#10;x&#10;$$" in formula.html
