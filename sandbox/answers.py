"""The texts that the sandbox's models say."""

TOUR = """\
# A tour of what an answer may hold

Plain text with **bold**, *italics*, `code` and a [link](https://example.org).

## Lists

1. First
   - nested, with umlauts: äöüß
   - nested, with emoji: 🚀 👩‍🔬
2. Second: 中文 也 完整 到达

## A table

| Model | Context | Price |
|---|---:|---:|
| Breeze | 8,192 | 0.10 |
| Cobble | 131,072 | 0.40 |

## Code

```python
def greet(name: str) -> str:

    return f"Hello, {name}!"
```

## Formulas

Euler wrote $e^{i\\pi} + 1 = 0$, and

$$
\\int_0^1 x^2\\,dx

= \\frac{1}{3}
$$

> A quotation, of two
> lines.

That is all.
"""

SPLIT = "Grüße aus Köln, 你好，世界, emoji 👩‍👩‍👧‍👦🎉, and a plain end."

_SECTION = """\
## Part {number}

Ordinary prose fills most of a long answer, with **some emphasis**, a `name`, and a sentence that
goes on for a while before it comes to its end. A second sentence follows, as one does.

- a point that is made briefly
- a point that takes a little longer to make, since it has two halves
- a third

```python
for line in part_{number}:
    print(line.strip())
```

"""


def long(size: int = 16_384) -> str:
    """Return ordinary markdown of `size` characters."""
    sections = (_SECTION.format(number=number) for number in range(1, size // 300))
    return "".join(sections)[:size]


def hello(question: str) -> str:
    """Return a short answer that says what this is."""
    quoted = "\n".join(f"> {line}" for line in question[:500].splitlines() or [""])
    return (
        f"You asked:\n\n{quoted}\n\n"
        "This is a **sandbox** and no model: it answers the same to everyone. Against the real "
        "OpenRouter, a model of your choice would answer here.\n\n"
        "To see more, name one of its models in a message:\n\n"
        "- `sandbox/tour` shows markdown, code, a table and formulas\n"
        "- `sandbox/endless` goes on until you press Stop\n"
        "- `sandbox/status-402` shows what happens when credits run out\n"
    )
