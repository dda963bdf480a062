"""What a reader sees of HTML: its text without buttons, in which only words are told apart."""

from html.parser import HTMLParser

from lib.markdown import GrowingMarkdown

BREAKS = {"br", "p", "li", "tr", "td", "th", "pre", "div", "h3", "h4", "h5", "h6", "blockquote"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("button", "math")
        self.parts += [" "] * (tag in BREAKS)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("button", "math")
        self.parts += [" "] * (tag in BREAKS)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def visible(*html: str) -> str:
    """The text that is seen. A formula is its TeX, with a script or without."""
    reader = _Reader()
    reader.feed(" ".join(html))
    reader.close()
    return " ".join("".join(reader.parts).split())


def grow(text: str, size: int = 1) -> list[list[str]]:
    """The HTML of the blocks that are shown after each piece of this size."""
    growing, finished, shown = GrowingMarkdown(), [], []
    for start in range(0, len(text), size):
        growing.append(text[start : start + size])
        finished += [block.html for block in growing.finished]
        growing.finished.clear()
        shown.append([*finished, *([growing.open.html] if growing.open else [])])
    return shown
