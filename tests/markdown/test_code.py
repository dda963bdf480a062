"""Code: byte for byte what the model wrote, with colours that can be read."""

import re
import signal
from html import unescape
from pathlib import Path

import pytest

import lib.markdown
from lib.markdown import render_blocks
from lib.markdown.code import LANGUAGES, MAX_HIGHLIGHTED, highlight


def code_of(html: str) -> str:
    """The text of the one `<pre>`."""
    found = re.search("<pre[^>]*>(.*)</pre>", html)
    assert found is not None
    return unescape(re.sub("<[^>]*>", "", found[1]))


@pytest.mark.parametrize("language", ["", "python", "js", "console", "nope", "c++", "bash", "html"])
@pytest.mark.parametrize(
    "code",
    [
        "if (![1, 2].includes(x)) return;",
        "\ta = '\\n'  # trailing  \n\n\n  b",
        "\n\nbegins and ends blank\n\n",
        "&lt; <b>&amp;</b> :material/home: --> $x$ **b**",
        "\ufeffa\u200b\u2060b\u2028c\x0c",
        "",
    ],
)
def test_bytes(language: str, code: str) -> None:
    """What is copied is the code, without the line end before the closing fence."""
    (block,) = render_blocks(f"~~~{language}\n{code}\n~~~\n")
    assert code_of(block.html) == code
    (nested,) = render_blocks(
        f"- a\n  ~~~{language}\n  {'  '.join(code.splitlines(True)) or ''}\n  ~~~"
    )
    assert code_of(nested.html).split() == code.split()


def test_block() -> None:
    """A block scrolls, takes the focus, has a name with its language, and a button."""
    (block,) = render_blocks('```python title="a"\nreturn\n```')
    assert block.html == (
        '<div class="code"><pre tabindex="0" role="region" aria-label="Code, python" dir="ltr"><code>'
        '<span class="k">return</span></code></pre>'
        '<button type="button" class="copy">Copy</button></div>'
    )


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_fast(language: str) -> None:
    """Each language's lexer reads anything in time, and changes nothing."""

    def fail(*_: object) -> None:
        pytest.fail("took more than a second")

    before = signal.signal(signal.SIGVTALRM, fail)
    try:
        for unit in (
            "a\n",
            "/*\n",
            "<!--\n",
            '"\n',
            "'''\n",
            "{\n",
            "(",
            "a ",
            "\n",
            "<a\n",
            "#\n",
        ):
            code = (unit * MAX_HIGHLIGHTED)[:MAX_HIGHLIGHTED]
            signal.setitimer(signal.ITIMER_VIRTUAL, 1)
            html = highlight(code, language)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            assert unescape(re.sub("<[^>]*>", "", html)) == code
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def luminance(colour: str) -> float:
    """Relative luminance (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("index", "ground"), [(0, "#f6f8fa"), (0, "#f4f4f6"), (1, "#161b22"), (1, "#1e1e26")]
)
def test_contrast(index: int, ground: str) -> None:
    """Each colour has a contrast of 4.5 with the ground of code, by day and by night."""
    css = (Path(lib.markdown.__file__).parent / "shared.css").read_text()
    colours = re.findall(r"light-dark\((#\w{6}), (#\w{6})\)", css)
    assert len(colours) == css.count("color:")
    for colour in colours:
        light, dark = sorted((luminance(colour[index]), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
