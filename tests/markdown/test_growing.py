"""A text that grows: its blocks are finished early, and no mark is seen that goes away."""

import pytest

from lib.markdown import TOO_LONG, GrowingMarkdown, render_blocks
from sandbox import answers
from tests.markdown.test_cases import outline
from tests.markdown.visible import grow, visible

EMAIL = """\
**Subject:** Your order #1042 – refund of $49.99

Dear Ms. O'Neil,

Thank you for your message. I've gone through the details:

1. **Order placed**: 3 May, *express* delivery ($12.50)
2. **Status**: `RETURNED` – see [the policy](https://example.org/returns "Returns")
   - the parcel weighs 2.5 kg
   - it's "as new"

| Item | Qty | Price |
|:-----|----:|------:|
| Lamp *Luna* | 1 | $37.49 |
| Bulb `E27` | 2 | $6.25 |

---

> "We'll refund you within 5–7 days."
> — *Customer care*

Kind regards!
"""
MATHS = """\
### Solving $ax^2 + bx + c = 0$

The discriminant is $\\Delta = b^2 - 4ac$. If $\\Delta > 0$:

$$
x_{1,2} = \\frac{-b \\pm \\sqrt{\\Delta}}{2a}
$$

**Example.** For \\(a = 1\\), \\(b = -3\\), \\(c = 2\\):

1. Compute \\[\\Delta = 9 - 8 = 1\\]
2. So:
   $$
   x = \\frac{3 \\pm 1}{2}
   $$

Hence $x_1 = 2$ and $x_2 = 1$. It costs $5, not $6. ✅
"""
CODE = """\
Here's how to do it in *both* shells:

```bash
# install
for f in *.py; do echo "$f | ${f%.py}"; done
```

and in Python:

```python
def power(a: int, b: int = 2) -> int:
    \"\"\"Return a**b.\"\"\"
    return a**b  # `**` is a power

print(f"{power(3)}")
```

- `git rebase -i HEAD~3` lets you *reorder* commits
- Use `~/.bashrc`, or `C:\\Users\\me`
* * *
Done: a_b_c, 5 * 3, x < y && y > z.
"""
CHINESE = """\
## 总结

**注意：**请先保存文件，然后访问https://example.com/a。

- **第一步**：打开设置（*可选*）
- **第二步**：输入`npm install`，其中$n$为数量
"""
CORPUS = {
    "e-mail": EMAIL,
    "maths": MATHS,
    "code": CODE,
    "chinese": CHINESE,
    "tour": answers.TOUR,
    "habits": answers.HABITS,
    "split": answers.SPLIT,
    "long": answers.long(2_000),
    "windows": answers.TOUR.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
@pytest.mark.parametrize("size", [1, 4, 17])
def test_every_prefix(text: str, size: int) -> None:
    """What is seen after each piece is how the text that is seen at the end begins."""
    end = visible(*[block.html for block in render_blocks(text)])
    seen = ""
    for shown in grow(text, size):
        before, seen = seen, visible(*shown)
        assert end.startswith(seen)
        assert len(seen) >= len(before)
    assert len(end) - len(seen) < 60


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_at_the_end(text: str) -> None:
    """The finished blocks are those of the whole text."""
    growing = GrowingMarkdown()
    for character in text:
        growing.append(character)
    whole = render_blocks(text)
    assert growing.finished == list(whole[: len(growing.finished)])
    assert len(growing.finished) >= len(whole) - 2


# What is seen and goes away: a mark that turns out to be none is hidden until the text is whole.
NEVER_CLOSED = ["a **b", "*args is a tuple", "a `b", "~~a", "[a][b] c", "A claim.[^1]"]


@pytest.mark.parametrize("text", NEVER_CLOSED)
def test_never_closed(text: str) -> None:
    """A mark that nothing closes is hidden while it may be closed, and shown at the end."""
    (block,) = render_blocks(text)
    assert text in visible(block.html)
    assert not visible(block.html).startswith(visible(*grow(f"{text} c")[-1]))


@pytest.mark.parametrize(
    ("begun", "shown"),
    [
        ("a **bo", "<p>a <strong>bo</strong></p>"),
        ("a **bo*", "<p>a <strong>bo</strong></p>"),
        ("a ***bo _c", "<p>a <em><strong>bo <em>c</em></strong></em></p>"),
        ("a **", "<p>a</p>"),
        ("a `co", "<p>a <code>co</code></p>"),
        ("a ~~x", "<p>a <s>x</s></p>"),
        ("a [li", "<p>a</p>"),
        ("a [link](https://x.org/a", "<p>a</p>"),
        ("a ![image](https", "<p>a</p>"),
        ("a $x^2 +", "<p>a</p>"),
        ("a \\(x", "<p>a</p>"),
        ("a\n\n$$\nx\n\n- y", "<p>a</p>"),
        ("It is $5 to", "<p>It is</p>"),
        ("It is $5 to pay", "<p>It is $5 to pay</p>"),
        ("a <b", "<p>a</p>"),
        ("a <br", "<p>a</p>"),
        ("a &am", "<p>a</p>"),
        ("- item **b", "<ul><li>item <strong>b</strong></li></ul>"),
        ("```py\n**a", "<pre><code>**a</code></pre>"),
        ("```p", ""),
        ("Points:\n-", "<p>Points:</p>"),
        ("Points:\n--", "<p>Points:</p>"),
        ("Points:\n=", "<p>Points:</p>"),
        ("Points:\n1.", "<p>Points:</p>"),
        ("##", ""),
        ("| a | b |\n|--", ""),
        ("a | b", "<p>a</p>"),
        ("a $|x|$ b", "<p>a <f>$|x|$</f> b</p>"),
        ("the $n$t", "<p>the</p>"),
        ("[1]: https://x", ""),
        ("[^1]: a note", ""),
        ("", ""),
    ],
)
def test_begun(begun: str, shown: str) -> None:
    """Emphasis and code that have begun are shown as if closed; other marks are held back."""
    html = "".join(grow(begun)[-1]) if begun else ""
    assert outline(html) == shown


@pytest.mark.parametrize(
    "text",
    ["Here are the points:\n- first\n- second", "Total\n---: no\n", "a\n=b", "a\n1. b\n", "a\n#b"],
)
def test_no_heading_flashes_up(text: str) -> None:
    """A line that may become a list or a heading's underline makes no heading meanwhile."""
    assert not any("<h" in html for shown in grow(text) for html in shown)


def test_finished_early() -> None:
    """A paragraph is finished by a blank line, a list only by what follows it."""
    growing = GrowingMarkdown()
    growing.append("One.\n\nTwo.\n\nThree, not")
    assert [visible(block.html) for block in growing.finished] == ["One.", "Two."]
    assert growing.open is not None
    assert visible(growing.open.html) == "Three, not"
    growing.append(" whole.\n\n- a\n\n  b")
    assert visible(growing.open.html) == "a b"


def test_fence() -> None:
    """Code gets its colours, and a diagram is one, once the fence is closed."""
    growing = GrowingMarkdown()
    growing.append("```mermaid\ngraph TD\n")
    assert growing.open is not None
    assert growing.open.diagram == ""
    growing.append("```\n")
    assert growing.open.diagram == "graph TD"
    assert growing.open == render_blocks("```mermaid\ngraph TD\n```")[0]
    assert "<span" not in render_blocks("```python\nimport a\n")[0].html
    assert "<span" in render_blocks("```python\nimport a\n```")[0].html


def test_too_long() -> None:
    """What is too long says so, and is shown once it is whole."""
    growing = GrowingMarkdown()
    growing.append("a\n" * 100_001)
    assert growing.is_too_long
    assert growing.finished == []
    assert growing.open is not None
    assert visible(growing.open.html) == TOO_LONG
