"""The content of the models' answers: text, reasoning, citations, images."""

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from sandbox import guide

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

HABITS = """\
Einstein wrote \\(E = mc^2\\), and Gauss

\\[
\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}
\\]

It costs $5 and $10, and **not $15** at 10:30. <b>HTML</b> is text: <script>alert(1)</script>

![A tracking pixel](https://example.org/pixel.png?what=was-said)

<img src="https://example.org/pixel2.png">

A [harmful link](javascript:alert(1)), and :red[no directive].

هذا نص عربي يُكتب من اليمين إلى اليسار.

`a_very_long_line_of_code = "which does not fit" + "into a narrow column" + "however one looks at it"`

| one | two | three | four | five | six | seven | eight | nine | ten |
|---|---|---|---|---|---|---|---|---|---|
| wide cells | wide cells | wide cells | wide cells | wide cells | wide cells | wide cells | wide cells | wide cells | last |

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


_SKY = "The sky is blue because of Rayleigh scattering."


def text(name: str, question: str, files: Sequence[str] = ()) -> str:
    """Return the complete text with which `sandbox/{name}` answers a question with files."""
    match name:
        case "echo":
            return question
        case "tour":
            return TOUR
        case "habits":
            return HABITS
        case "long":
            return long()
        case "split":
            return SPLIT
        case "empty" | "image-only":
            return ""
        case "refusal":
            return "I cannot help with that."
        case "think":
            return "It is 4."
        case "cut" | "freeze" | "stream-error" | "stream-error-string" | "bad-json":
            return "The beginning of an answer that does not "
        case "citations":
            return _SKY
        case "image" | "image-forms":
            return "Here is a picture, as colourful as a sandbox can paint it."
        case _:
            return hello(question, files)


def request(body: dict[str, Any]) -> str:
    """Return a request body as Markdown, with long texts and files truncated."""
    shown = json.dumps(_truncated(body), indent=2, ensure_ascii=False)
    return f"This is what reached me:\n\n```json\n{shown}\n```\n"


def _truncated(value: Any) -> Any:
    match value:
        case str():
            return value if len(value) <= 100 else f"{value[:60]}… ({len(value):,} characters)"
        case list():
            return [_truncated(item) for item in value]
        case dict():
            return {name: _truncated(item) for name, item in value.items()}
    return value


def citation_delta() -> dict[str, Any]:
    """Return the delta with the source of the answer of `sandbox/citations`."""
    source = {
        "url": "https://example.org/rayleigh",
        "title": "Rayleigh scattering",
        "content": "Blue light scatters more.",
        "start_index": 0,
        "end_index": len(_SKY),
    }
    return {"annotations": [{"type": "url_citation", "url_citation": source}]}


def picture(width: int = 320, height: int = 180) -> bytes:
    """Return a PNG with a colour gradient; the size is in pixels."""
    lines = (
        b"\0" + bytes(c for x in range(width) for c in (x * 255 // width, y * 255 // height, 160))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits each of R, G and B
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def long(size: int = 16_384) -> str:
    """Return Markdown of `size` characters."""
    sections = (_SECTION.format(number=number) for number in range(1, size // 300))
    return "".join(sections)[:size]


def hello(question: str, files: Sequence[str] = ()) -> str:
    """Return the guide's answer, or one that explains the sandbox and lists the attached files."""
    if not files and (guided := guide.answer(question)):
        return guided
    quoted = "\n".join(f"> {line}" for line in question[:500].splitlines() or [""])
    listed = "".join(f"- {file}\n" for file in files)
    return (
        f"You asked:\n\n{quoted}\n\n"
        + (f"and attached:\n\n{listed}\n" if listed else "")
        + "This is a **sandbox** and no model: it answers the same to everyone. Against the real "
        f"OpenRouter, a model of your choice would answer here.\n\n{guide.NEXT}"
    )
