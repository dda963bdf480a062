"""What comes from elsewhere costs little, whatever its size: time, memory and characters are bounded."""

import ast
import pkgutil
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from itertools import permutations
from pathlib import Path

import pytest

import lib
from lib.chat.conversation import Answer, Conversation, Turn
from lib.export import to_html, to_markdown
from lib.markdown import TOO_LONG, GrowingMarkdown, render_blocks, render_html
from lib.markdown.limits import MAX_MARKS, count_marks
from lib.markdown.streamlit import escape_markdown

SIZE = 100_000
LINE_ENDS = ("\n", "\r", "\r\n", " \n", "\t")
OPENERS = (
    *("[", r"\[", "\\[\n", "![", "[a](", "![a](", "[a]: b\n", r"\(", "$", "$$", "$$\n", "`", "``"),
    *(
        "` ",
        "`\n",
        "~",
        "**",
        "**a ",
        "_",
        "<",
        "<!--",
        ":a[",
        ":",
        "&",
        "#",
        "|",
        "a|b\n",
        "|-|\n",
    ),
    *(
        "a\n===\n",
        "***a ",
        "![a](",
        "$a$ ",
        "\\(a\\) ",
        "[^a]",
        "[a][b]",
        "- a\n",
        ">",
        "> > > \n",
        "<br>",
    ),
    *(
        "- \n",
        "1. ",
        "1",
        "1,",
        "> ",
        "//",
        "://",
        "a|",
        "?",
        "@",
        "\\",
        "sk-or-",
        "https://",
        "a ",
    ),
)


@contextmanager
def cpu_limit(seconds: float = 3) -> Iterator[None]:
    """Fail after so many seconds of this process's own time: a busy machine does not count.

    What is linear keeps the limit on a slow machine, too; what is quadratic keeps it on none.
    """

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
    """No pattern hides in a function, where the test below would not find it."""
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
def test_pattern(pattern: re.Pattern[str] | re.Pattern[bytes]) -> None:
    """Each pattern takes time that grows with the text alone, whatever the text is made of."""
    if isinstance(pattern.pattern, bytes):  # of a file
        pattern = re.compile(pattern.pattern.decode(), pattern.flags)
    own = {character for character in pattern.pattern if not character.isalnum()}
    for unit in {*LINE_ENDS, *OPENERS, *own}:
        text = (unit * SIZE)[:SIZE]
        with cpu_limit():
            for hostile in (text, f"a{text}", f"{text}!"):
                pattern.sub("", hostile)
                pattern.fullmatch(hostile)


# Markdown


def export(text: str) -> None:
    """Take a conversation away, in each form that formats it."""
    conversation = Conversation([Turn("Why?", [Answer(text[:300_000], "complete")])])
    assert to_markdown(conversation)
    assert to_html(conversation, exported_at=datetime.now(UTC))


def grow(text: str) -> None:
    """Do what two paints of a growing text do, with definitions before it."""
    growing = GrowingMarkdown()
    growing.append("[^a]: b\n\n[b]: https://example.org\n\n")
    growing.append(text)
    assert growing.open or growing.finished or not text.strip() or not growing.is_too_long


@pytest.mark.parametrize("work", [escape_markdown, render_blocks, grow, export])
@pytest.mark.parametrize("unit", [*LINE_ENDS, *OPENERS])
def test_markdown(work: Callable[[str], object], unit: str) -> None:
    """Whatever 100 KB of text are made of, showing and saving them takes linear time."""
    with cpu_limit():
        work((unit * SIZE)[:SIZE])


PAIRS = [a + b for a, b in permutations("[]()*_`$\\<>~|!\n#- a:", 2)]


@pytest.mark.parametrize("unit", PAIRS)
def test_pairs(unit: str) -> None:
    """The same of each pair of special characters, as many as are parsed."""
    most = MAX_MARKS // max(1, count_marks(unit)) - 5
    with cpu_limit():
        grow((unit * min(most, SIZE))[:SIZE])


@pytest.mark.parametrize("unit", ["[", "\\[\n", "One *word* after another. ", "A line.\n\n"])
def test_long_markdown(unit: str) -> None:
    """A text of any length costs no more: beyond a length it is shown as it was written."""
    text = (unit * 4_000_000)[:4_000_000]
    for work in (render_blocks, grow, export):
        with cpu_limit():
            work(text)
    assert TOO_LONG in render_html(text)
    conversation = Conversation([Turn("Why?", [Answer(text[:300_000], "complete")])])
    assert TOO_LONG in to_markdown(conversation).decode()


def test_long_export() -> None:
    """A conversation of many long answers is saved whole, as it was written."""
    texts = ("One *word* after another. " * 7_000, "[a](https://example.org) " * 4_000)
    turns = [Turn("Why?", [Answer(text, "complete")]) for text in texts * 40]
    with cpu_limit():
        page = to_html(Conversation(turns), exported_at=datetime.now(UTC)).decode()
    assert page.count(TOO_LONG) == len(turns)
    assert texts[0] in page
    with cpu_limit():
        assert texts[0] in to_markdown(Conversation(turns)).decode()
