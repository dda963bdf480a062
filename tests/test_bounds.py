"""Input from outside takes bounded time and memory, whatever its size."""

import ast
import pkgutil
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

import lib
from lib.chat.conversation import Answer, Conversation, Turn
from lib.export import to_html, to_markdown
from lib.markdown.blocks import TOO_LONG, GrowingMarkdown, is_too_long
from lib.markdown.html import render
from lib.markdown.streamlit_markdown import (
    close_open_marks,
    escape_markdown,
    to_streamlit,
    to_streamlit_blocks,
)

SIZE = 100_000
LINE_ENDS = ("\n", "\r", "\r\n", " \n", "\t")
OPENERS = (
    *("[", r"\[", "\\[\n", "![", "[a](", "![a](", "[a]: b\n", r"\(", "$", "$$", "$$\n", "`", "``"),
    *("` ", "`\n", "~", "**", "**a ", "_", "<", "<!--", ":a[", ":", "&", "#", "|", "a|b\n", "|-|\n"),
    *("- \n", "1. ", "1", "1,", "> ", "//", "?", "@", "\\", "sk-or-", "https://", "a "),
)  # fmt: skip


@contextmanager
def cpu_limit(seconds: float = 1) -> Iterator[None]:
    """Fail after so many seconds of this process's own time: a busy machine does not count."""

    def fail(*_: object) -> None:
        pytest.fail(f"took more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, fail)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# Patterns


def modules() -> list[str]:
    """The names of all modules of `lib`; the example is a script."""
    names = [module.name for module in pkgutil.walk_packages(lib.__path__, "lib.")]
    return [name for name in names if not name.endswith(".example")]


PATTERNS = {
    f"{module}.{name}": value
    for module in modules()
    for name, value in vars(import_module(module)).items()
    if isinstance(value, re.Pattern)
}


def test_patterns_are_constants() -> None:
    """Each pattern is a module's constant, so that the test below finds it."""
    hidden = []
    for path in Path(lib.__path__[0]).rglob("*.py"):
        tree = ast.parse(path.read_text())
        in_functions = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.Lambda)
            for node in ast.walk(function)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr=name)):
                    if name != "compile" or id(node) in in_functions:
                        hidden.append(f"{path.name}:{node.lineno}")
    assert hidden == []
    assert len(PATTERNS) > 20


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_pattern(pattern: re.Pattern[str]) -> None:
    """Each pattern takes time linear in the length of any text."""
    own = {character for character in pattern.pattern if not character.isalnum()}
    for unit in {*LINE_ENDS, *OPENERS, *own}:
        text = (unit * SIZE)[:SIZE]
        with cpu_limit():
            for hostile in (text, f"a{text}", f"{text}!"):
                pattern.sub("", hostile)
                pattern.fullmatch(hostile)


# Markdown


def export(text: str) -> None:
    """Export a conversation as Markdown and as HTML."""
    conversation = Conversation([Turn("Why?", [Answer(text[:300_000], "complete")])])
    assert to_markdown(conversation)
    assert to_html(conversation, exported_at=datetime.now(UTC))


def show(text: str) -> None:
    """Render a whole text."""
    if not is_too_long(text):
        to_streamlit_blocks(text)


def paint(text: str) -> None:
    """Render a growing block."""
    growing = GrowingMarkdown()
    growing.append(text)
    if not growing.is_too_long:
        to_streamlit(close_open_marks(growing.rest))


@pytest.mark.parametrize("work", [escape_markdown, show, paint, export])
@pytest.mark.parametrize("unit", [*LINE_ENDS, *OPENERS])
def test_markdown(work: Callable[[str], object], unit: str) -> None:
    """Rendering and saving any 100 KB of text takes less than a second."""
    with cpu_limit():
        work((unit * SIZE)[:SIZE])


@pytest.mark.parametrize("unit", ["[", "\\[\n", "One *word* after another. ", "A line.\n\n"])
def test_long_markdown(unit: str) -> None:
    """Beyond a maximum length a text is shown as it was written, in as little time."""
    text = (unit * 4_000_000)[:4_000_000]
    for work in (show, paint, export):
        with cpu_limit():
            work(text)
    assert TOO_LONG in render(text)
    conversation = Conversation([Turn("Why?", [Answer(text[:300_000], "complete")])])
    assert TOO_LONG in to_markdown(conversation).decode()


def test_long_export() -> None:
    """A conversation of many long answers is saved whole, as it was written."""
    answers = ("One *word* after another. " * 7_000, "[a](https://example.org) " * 4_000)
    turns = [Turn("Why?", [Answer(text, "complete")]) for text in answers * 40]
    with cpu_limit():
        page = to_html(Conversation(turns), exported_at=datetime.now(UTC)).decode()
    assert page.count(TOO_LONG) == len(turns)
    assert answers[0] in page
    with cpu_limit():
        assert answers[0] in to_markdown(Conversation(turns)).decode()
