"""How often a growing answer is painted, and what of it."""

import pytest

from lib.markdown.blocks import MAX_LENGTH, TOO_LONG
from lib.ui import render
from lib.ui.render import MAX_SHARE, TextView


class Screen:
    """Stands for Streamlit and its elements, on which a paint takes `seconds` for a character."""

    def __init__(self) -> None:
        self.now = self.seconds = self.spent = 0.0
        self.painted: list[tuple[str, str]] = []

    def monotonic(self) -> float:
        """The time, which passes in paints only."""
        return self.now

    def empty(self) -> "Screen":
        """An element in which something can be painted."""
        return self

    container = empty

    def markdown(self, text: str) -> None:
        """Paint a text."""
        self.painted.append(("markdown", text))
        self.now += self.seconds * len(text)
        self.spent += self.seconds * len(text)

    def text(self, text: str) -> None:
        """Paint a text as it is."""
        self.painted.append(("text", text))


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A screen, in place of the real one and the real time."""
    screen = Screen()
    monkeypatch.setattr(render, "st", screen)
    monkeypatch.setattr(render, "time", screen)
    return screen


def test_slow_paints(screen: Screen) -> None:
    """However long a paint takes, all of them take a small share of the time of a stream."""
    screen.seconds = 1e-3
    painter = TextView()
    for _ in range(10_000):
        painter.add("word ")
        painter.render_if_due()
        screen.now += 0.1
    assert len(screen.painted) > 5
    assert screen.spent < 2 * MAX_SHARE * screen.now  # what came meanwhile is painted too


def test_too_long(screen: Screen) -> None:
    """Beyond a length nothing is painted until the text is whole; then what is left, as it is."""
    painter = TextView()
    piece = "word " * 1_000
    for _ in range(1_000):
        painter.add(piece)
        painter.render_if_due()
        screen.now += 1
    assert sum(len(text) for _, text in screen.painted) < 20 * MAX_LENGTH
    assert screen.painted[-1] == ("markdown", f":small[{TOO_LONG}]")
    painter.render_rest()
    painter.render_rest()
    assert screen.painted[-1] == ("text", piece * 1_000)
    assert [text for kind, text in screen.painted if TOO_LONG in text] == [f":small[{TOO_LONG}]"]
    assert [kind for kind, _ in screen.painted].count("text") == 1
