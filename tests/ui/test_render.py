"""How often a growing text is rendered, and what of it."""

from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from lib.chat.conversation import Answer
from lib.markdown import MAX_LENGTH, TOO_LONG, render_blocks
from lib.ui import live, render
from lib.ui.render import MAX_SHARE, TextView
from lib.ui.session import current_session


class Slot:
    """An element of the screen: its block of HTML, or elements in it."""

    def __init__(self, screen: "Screen") -> None:
        self.screen, self.html_shown, self.slots = screen, "", []

    def empty(self) -> "Slot":
        """Become empty, and add an element."""
        self.html_shown = ""
        self.slots.append(slot := Slot(self.screen))
        return slot

    container = empty

    def status(self, _: str) -> "Slot":
        """Become an expander."""
        return self.empty()

    def update(self, **_: str) -> None:
        """Take another label."""

    def __enter__(self) -> None:
        """Take what is rendered next, which this screen does not tell apart."""

    def __exit__(self, *_: object) -> None:
        """Take nothing more."""

    def info(self, *_: object, **__: object) -> None:
        """Show a note."""

    def html(self, html: str) -> None:
        """Show a block, which takes its time."""
        self.html_shown = html
        self.screen.sent.append(html)
        self.screen.now += self.screen.seconds * len(html)
        self.screen.spent += self.screen.seconds * len(html)


class Screen(Slot):
    """Stands for Streamlit and for the clock; rendering takes `seconds` for each character."""

    def __init__(self) -> None:
        super().__init__(self)
        self.now = self.seconds = self.spent = 0.0
        self.sent: list[str] = []

    def monotonic(self) -> float:
        """The time, which passes while something is rendered only."""
        return self.now

    @property
    def shown(self) -> list[str]:
        """The blocks on the screen."""
        (whole,) = self.slots
        (container,) = whole.slots
        return [slot.html_shown for slot in container.slots if slot.html_shown]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A screen, in place of the real one and the real time."""
    screen = Screen()
    monkeypatch.setattr(render, "st", screen)
    monkeypatch.setattr(render, "time", screen)
    return screen


def stream(screen: Screen, text: str, size: int) -> TextView:
    """Render a text while it grows by pieces, one each tenth of a second."""
    view = TextView()
    for start in range(0, len(text), size):
        view.add(text[start : start + size])
        view.render_if_due()
        screen.now += 0.1
    return view


def test_slow_rendering(screen: Screen) -> None:
    """However long it takes, rendering has a small share of the time of a stream."""
    screen.seconds = 1e-3
    stream(screen, "word " * 10_000, 5)
    assert len(screen.sent) > 5
    assert screen.spent < 2 * MAX_SHARE * screen.now  # what came meanwhile is rendered too


def test_whole(screen: Screen) -> None:
    """At the end the blocks are those of the whole text; only those that differ are sent again."""
    text = (
        "First, see [the docs][1].\n\nThen a list:\n\n- **one\n- two\n\n[1]: https://example.org/"
    )
    view = stream(screen, text, 4)
    sent = len(screen.sent)
    view.render_rest()
    blocks = [block.html for block in render_blocks(text)]
    assert screen.shown == blocks
    assert screen.sent[sent:] == [blocks[0]]  # whose link came last


def test_fewer_blocks(screen: Screen) -> None:
    """A block that is none at the end is taken away."""
    text = "Text\n\n[1]: https://example.org/\n\n[2]: https"
    view = stream(screen, text, 1)
    view.add("://example.org/")
    view.render_rest()
    assert screen.shown == [block.html for block in render_blocks(text + "://example.org/")]


def test_too_long(screen: Screen) -> None:
    """Beyond a length nothing is rendered until the text is whole; then all of it, plain."""
    view = stream(screen, "word " * MAX_LENGTH, 5_000)
    assert sum(map(len, screen.sent)) < 20 * MAX_LENGTH
    assert TOO_LONG in screen.shown[-1]
    view.render_rest()
    assert [TOO_LONG in html for html in screen.shown] == [True, False]
    assert screen.shown[1].count("word") == MAX_LENGTH


class Alternating:
    """A stream that adds a piece of reasoning and a piece of text each time its reader waits."""

    def __init__(self, screen: Screen, count: int) -> None:
        self.answer, self.count = Answer(progress="streaming"), count
        self.screen, self.is_over, self.retries_at, self.over = screen, False, None, self

    has_begun = True

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.screen.now += seconds
        self.count -= 1
        self.is_over = self.count <= 0
        if not self.is_over:
            self.answer.reasoning += "A thought.\n\n"
            self.answer.text += "A word. "


def test_reasoning_that_comes_back(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause of the reasoning renders what came, and the end the whole, once."""
    whole: list[str] = []
    monkeypatch.setattr(live, "st", screen)
    monkeypatch.setattr(live, "yield_point", lambda: None)
    chat = current_session().chat
    monkeypatch.setattr(
        chat, "blocks_of", lambda text: [whole.append(text), render_blocks(text)][1]
    )
    stream: Any = Alternating(screen, 100)
    stream.answer.reasoning = "At first.\n\n"
    session: Any = SimpleNamespace(news=Event())
    session.news.set()
    session.news.clear = lambda: None
    autosaver: Any = SimpleNamespace(save_if_due=lambda: None)
    for _ in live.render_live({stream: screen}, session, autosaver):
        pass
    assert whole == [stream.answer.reasoning, stream.answer.text]
    assert len([html for html in screen.sent if "A thought." in html]) == 99
