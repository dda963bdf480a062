"""What comes from elsewhere may be anything: each reader keeps its promise whatever it reads."""

import json
from contextlib import suppress
from copy import deepcopy
from html import unescape
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from lib.chat.answer_stream import apply
from lib.chat.archive import NotAConversation, decode, encode
from lib.chat.attachments import attachment, count_pixels
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.storage import StorageDiff, parse_records, restore
from lib.markdown import GrowingMarkdown, render_blocks, render_html
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.errors import OpenRouterError
from lib.openrouter.events import Usage, read_events
from lib.openrouter.sse import EventTooLarge, decode_events
from lib.openrouter.untrusted import one_line
from lib.openrouter_sign_in.oauth import parse_callback
from lib.openrouter_sign_in.sealing import SealBroken, Sealer
from tests.markdown.visible import visible

# The same examples each time: a failure is that of a change, and no run is unlucky.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)


# Server-sent events

PIECES = [b"data: ", b"data", b":", b"\n", b"\r", b"\r\n", b"\n\n", b"a", "ü🚀".encode(), b"\xf0"]
STREAMS = some.binary() | some.lists(some.sampled_from(PIECES)).map(b"".join)


def events(*chunks: bytes) -> list[str]:
    """The events, and at their end the one error that there may be."""
    decoded: list[str] = []
    try:
        for event in decode_events(chunks, max_event=12):
            decoded.append(event)
    except EventTooLarge:
        decoded.append("too large")
    return decoded


@settings(max_examples=1_000)
@given(STREAMS, some.lists(some.integers(0, 60)))
def test_events(stream: bytes, cuts: list[int]) -> None:
    """Any bytes are the same events, or end in the same error, however they are cut."""
    edges = [0, *sorted(cuts), len(stream)]
    assert events(*(stream[start:end] for start, end in pairwise(edges))) == events(stream)


# The way back

NAMES = some.sampled_from(["code", "state", "error"]) | some.text()
VALUES = some.text() | some.from_regex(r"\w*\?code=[^&]*(&state=.*)?")


@given(some.dictionaries(NAMES, VALUES))
def test_return(query: dict[str, str]) -> None:
    """Whatever a query holds, it is no return, or one with a code or an error."""
    came = parse_callback(query)
    assert came is None or came.code or came.error
    if came and "code" in query and query["code"]:
        assert came.code == query["code"]


# The sealed cookie

SEALER = Sealer("a secret", "fuzz", clock=lambda: 1_000_000)


@given(some.dictionaries(some.text(), JSON).filter(lambda record: "nan" not in str(record)))
def test_seal(record: dict[str, Any]) -> None:
    """What was sealed comes out as it was."""
    assert SEALER.unseal(SEALER.seal(record), max_age=1) == record


@given(some.text())
def test_not_sealed(text: str) -> None:
    """Nothing else opens."""
    try:
        SEALER.unseal(text, max_age=1)
    except SealBroken:
        return
    raise AssertionError


@given(some.integers(0), some.characters())
def test_changed_seal(place: int, character: str) -> None:
    """A changed character breaks the seal, unless it says the same, as `+` does for `-`."""
    sealed = SEALER.seal({"a": 1})
    place %= len(sealed)
    changed = sealed[:place] + character + sealed[place + 1 :]
    try:
        assert SEALER.unseal(changed, max_age=1) == {"a": 1}
    except SealBroken:
        assert changed != sealed


# Conversations from a file

TEXT = some.text(some.characters(exclude_categories=["Cs"]))
ANSWERS = some.builds(
    Answer,
    text=TEXT,
    reasoning=TEXT,
    progress=some.sampled_from(["complete", "stopped", "failed"]),
    failure=TEXT.map(one_line),
    model=some.just("a/b"),
    usage=some.none() | some.builds(Usage, *[some.integers(0, 10**9)] * 2, some.floats(0, 1e6)),
)
FILES = some.lists(
    some.binary().map(lambda content: attachment("a.txt", b"text" + content.hex().encode())),
    max_size=2,
)
TURNS = some.builds(
    Turn,
    question=some.text(some.characters(exclude_categories=["Cs"]), min_size=1),
    answers=some.lists(ANSWERS, min_size=1, max_size=3),
    attachments=FILES,
)
CONVERSATIONS = some.lists(TURNS, max_size=3).map(Conversation)


@given(CONVERSATIONS)
def test_conversation(conversation: Conversation) -> None:
    """A conversation that was saved comes back as it was."""
    assert decode(encode(conversation)).turns == conversation.turns


@given(some.binary() | JSON.map(json.dumps).map(str.encode))
def test_no_conversation(content: bytes) -> None:
    """Whatever else is read, there is one error for it."""
    try:
        decode(content)
    except NotAConversation:
        return
    raise AssertionError


@given(CONVERSATIONS, some.data())
def test_changed_conversation(conversation: Conversation, data: some.DataObject) -> None:
    """With anything in the place of anything it is read, and can be saved, or is refused."""
    file = json.loads(encode(conversation))
    put_anything(data, file)
    with suppress(NotAConversation):
        encode(decode(json.dumps(file).encode()))


def put_anything(data: some.DataObject, part: Any) -> None:
    """Put anything into one place of a structure."""
    while True:
        keys = list(part) if isinstance(part, dict) else range(len(part))
        key = data.draw(some.sampled_from(keys))
        if part[key] and isinstance(part[key], dict | list) and data.draw(some.booleans()):
            part = part[key]
        else:
            part[key] = data.draw(JSON)
            return


# Records of a browser

RECORDS = some.dictionaries(
    some.sampled_from(["0" * 16, f"{'0' * 16}/0", f"{'0' * 16}/0/files", "open"]),
    some.text() | JSON.map(json.dumps) | some.just('{"name":"a","turns":3,"began_at":1}'),
)


@given(RECORDS)
def test_records(records: dict[str, str]) -> None:
    """Whatever a browser kept, what comes back can be kept again."""
    restored = restore(parse_records(json.dumps(records)))
    assert StorageDiff().changes(restored, {}) or not restored


# Answers

CHUNK = {
    "id": "g",
    "model": "a/b",
    "provider": "p",
    "choices": [
        {
            "delta": {
                "content": "x",
                "reasoning": "y",
                "annotations": [{"url_citation": {"url": "https://x.org", "title": "t"}}],
                "images": [{"image_url": {"url": "data:image/png;base64,AAAA"}}],
            },
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5},
    "error": None,
}


@given(some.data())
def test_chunk(data: some.DataObject) -> None:
    """With anything in the place of anything, an answer has events or ends in an error of ours."""
    chunk = deepcopy(CHUNK)
    put_anything(data, chunk)
    answer = Answer()
    with suppress(OpenRouterError):
        for event in read_events([json.dumps(chunk)]):
            apply(event, answer)
    decode(encode(Conversation([Turn("Why?", [answer])])))


@given(
    some.binary()
    | some.binary().map(b"\x89PNG\r\n\x1a\n".__add__)
    | some.binary().map(b"GIF89a".__add__)
)
def test_no_image(content: bytes) -> None:
    """Whatever bytes are said to be an image, they have so many pixels or none that can be read."""
    pixels = count_pixels(content)
    assert pixels is None or pixels >= 0


# Text of others

SPECIAL = some.text(some.sampled_from("\\`*_[]()<>$~:#!|&;+-=.>1a/ \u2060"))
commonmark = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@settings(max_examples=1_000)
@given((some.text() | SPECIAL).map(one_line))
def test_literal(text: str) -> None:
    """Any text in a line is shown as it is, and nothing is made of it."""
    html = commonmark.render(escape_markdown(text))
    shown = unescape(html.removeprefix("<p>").removesuffix("</p>\n"))
    invisible = str.maketrans({"\u2060": "", "\0": "\ufffd"})
    assert shown.translate(invisible) == text.translate(invisible)
    assert html.count("<") in (0, 2)


# What models write

LINES = [
    *("a", "b c", "", "", "  ", "- x", "  y", "1. z", "   w", "2) v", "```", "~~~py", "  ```"),
    *("$$", "$$a", "b$$", "$$a$$", "- $$", "> $$", "| a | b |", "|---|---|", "===", "---", "# H"),
    *("> q", ">", "    code", "\tt", "<div>", "</div>", "<!-- c", "-->", "* * *", "    - n", "\r"),
    *(r"\[", r"\]", "*a", "b*", "`e", r"\(x", r"y\)", "$z", "w$ v", "https://e.org.", "<br>", "**"),
]
REFERENCES = [
    "[c](d)",
    "[^1]",
    "[^1]: n",
    "[e]: https://e.org",
    "[e]",
    "[f][e]",
    "![g](h)",
    "[ ] i",
]
PIECES_OF_MARKDOWN = some.sampled_from(LINES) | some.text(max_size=5)
MARKDOWN = some.lists(PIECES_OF_MARKDOWN, max_size=10).map("\n".join)
WITH_REFERENCES = some.lists(
    PIECES_OF_MARKDOWN | some.sampled_from(REFERENCES), max_size=10
).flatmap(lambda parts: some.sampled_from(["\n", " ", ""]).map(lambda between: between.join(parts)))


def grown(text: str, cuts: list[int]) -> GrowingMarkdown:
    """A text that came in pieces, and was shown after each."""
    growing = GrowingMarkdown()
    for start, end in pairwise([0, *sorted(cuts), len(text)]):
        growing.append(text[start:end])
        assert growing.open is None or growing.open.html
    return growing


@settings(max_examples=400)
@given(MARKDOWN, some.lists(some.integers(0, 40)))
def test_markdown(text: str, cuts: list[int]) -> None:
    """However a text grew, its finished blocks are those of the whole text."""
    if "[" in text.replace("\\[", ""):
        return
    finished = grown(text, cuts).finished
    assert finished == list(render_blocks(text)[: len(finished)])


@settings(max_examples=400)
@given(WITH_REFERENCES, some.lists(some.integers(0, 40)))
def test_markdown_with_references(text: str, cuts: list[int]) -> None:
    """Any text is shown at any time, in lines that can be sent; the file says what the screen says."""
    blocks = [*grown(text, cuts).finished, *render_blocks(text)]
    for block in blocks:
        assert block.html.encode() == block.html.strip().encode() != b""
        assert "\n" not in block.html
    shown = visible(*[block.html for block in render_blocks(text)])
    assert visible(render_html(text)) == shown
