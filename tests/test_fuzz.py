"""Input from outside may be anything: the guarantees that each parser gives for any input."""

import json
from contextlib import suppress
from copy import deepcopy
from html import unescape
from itertools import pairwise
from typing import Any
from warnings import catch_warnings

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image

from lib.chat.answer_events import apply
from lib.chat.archive import NotAConversation, decode, encode
from lib.chat.attachments import NotAttachable, attachment, prepare
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.images import count_pixels
from lib.chat.storage import StorageDiff, parse_records, restore
from lib.markdown import GrowingMarkdown, render_blocks, render_html
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.chunks import read_events
from lib.openrouter.error_body import error_from_chunk, error_from_response
from lib.openrouter.errors import OpenRouterError
from lib.openrouter.events import Usage
from lib.openrouter.sse import EventTooLarge, ServerSentEvent, decode_events
from lib.openrouter.thinking import ThinkingSplitter
from lib.openrouter.untrusted import one_line
from lib.openrouter_sign_in.oauth import parse_callback
from lib.openrouter_sign_in.sealing import SealBroken, Sealer
from lib.ui.error_messages import explain
from tests.chat.test_images import encoded, exif, image_of
from tests.markdown.visible import visible

# The same examples each time: a failure is that of a change, and no run is unlucky.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


# Server-sent events

PIECES = [
    b"data: ",
    b"data",
    b"event: ",
    b"{",
    b":",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"a",
    "ü🚀".encode(),
    b"\xf0",
]
STREAMS = st.binary() | st.lists(st.sampled_from(PIECES)).map(b"".join)


def events(*chunks: bytes) -> list[str]:
    """The events, and at their end the one error that there may be."""
    decoded: list[str] = []
    try:
        for event in decode_events(chunks, max_event=12):
            decoded.append(str(event))
    except EventTooLarge:
        decoded.append("too large")
    return decoded


@settings(max_examples=1_000)
@given(STREAMS, st.lists(st.integers(0, 60)))
def test_events(stream: bytes, cuts: list[int]) -> None:
    """Any bytes give the same events, or the same error, however they are cut."""
    edges = [0, *sorted(cuts), len(stream)]
    assert events(*(stream[start:end] for start, end in pairwise(edges))) == events(stream)


# The redirect back

NAMES = st.sampled_from(["code", "state", "error"]) | st.text()
VALUES = st.text() | st.from_regex(r"\w*\?code=[^&]*(&state=.*)?")


@given(st.dictionaries(NAMES, VALUES))
def test_parse_callback(query: dict[str, str]) -> None:
    """Any query is no authorization response, or one with a code or an error."""
    response = parse_callback(query)
    assert response is None or response.code or response.error
    if response and query.get("code"):
        assert response.code == query["code"]


# The sealed cookie

SEALER = Sealer("a secret", "fuzz", clock=lambda: 1_000_000)


@given(st.dictionaries(st.text(), JSON).filter(lambda record: "nan" not in str(record)))
def test_seal(record: dict[str, Any]) -> None:
    """Any record that was sealed opens unchanged."""
    assert SEALER.unseal(SEALER.seal(record), max_age=1) == record


@given(st.text())
def test_unsealed(text: str) -> None:
    """Any other text does not open."""
    try:
        SEALER.unseal(text, max_age=1)
    except SealBroken:
        return
    raise AssertionError


# Conversations from a file

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ANSWERS = st.builds(
    Answer,
    text=TEXT,
    reasoning=TEXT,
    progress=st.sampled_from(["complete", "stopped", "failed"]),
    failure=TEXT.map(one_line),
    model=st.just("a/b"),
    usage=st.none() | st.builds(Usage, *[st.integers(0, 10**9)] * 2, st.floats(0, 1e6)),
)
FILES = st.lists(
    st.binary().map(lambda content: attachment("a.txt", b"text" + content.hex().encode())),
    max_size=2,
)
TURNS = st.builds(
    Turn,
    question=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    answers=st.lists(ANSWERS, min_size=1, max_size=3),
    attachments=FILES,
)
CONVERSATIONS = st.lists(TURNS, max_size=3).map(Conversation)


@given(CONVERSATIONS)
def test_conversation(conversation: Conversation) -> None:
    """Any conversation that was saved is read unchanged."""
    assert decode(encode(conversation)).turns == conversation.turns


@given(st.binary() | JSON.map(json.dumps).map(str.encode))
def test_not_a_conversation(content: bytes) -> None:
    """Any other content raises `NotAConversation`."""
    try:
        decode(content)
    except NotAConversation:
        return
    raise AssertionError


@given(CONVERSATIONS, st.data())
def test_changed_conversation(conversation: Conversation, data: st.DataObject) -> None:
    """With any part replaced by anything, a file can be read and saved again, or is refused."""
    file = json.loads(encode(conversation))
    replace_a_part(data, file)
    with suppress(NotAConversation):
        encode(decode(json.dumps(file).encode()))


def replace_a_part(data: st.DataObject, part: Any) -> None:
    """Replace one part of a structure by anything."""
    while True:
        keys = list(part) if isinstance(part, dict) else range(len(part))
        key = data.draw(st.sampled_from(keys))
        if part[key] and isinstance(part[key], dict | list) and data.draw(st.booleans()):
            part = part[key]
        else:
            part[key] = data.draw(JSON)
            return


# Records of a browser

RECORDS = st.dictionaries(
    st.sampled_from(["0" * 16, f"{'0' * 16}/0", f"{'0' * 16}/0/files", "open"]),
    st.text() | JSON.map(json.dumps) | st.just('{"name":"a","turns":3,"began_at":1}'),
)


@given(RECORDS)
def test_records(records: dict[str, str]) -> None:
    """Whatever records a browser sends, what is restored can be stored again."""
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
                "content": [{"type": "text", "text": "x"}, {"type": "thinking", "thinking": "z"}],
                "reasoning": "y",
                "reasoning_details": [{"type": "reasoning.summary", "summary": "y"}],
                "refusal": "no",
                "annotations": [
                    {"url_citation": {"url": "https://x.org", "title": "t"}},
                    {
                        "type": "file",
                        "file": {"hash": "h", "content": [{"type": "text", "text": "a"}]},
                    },
                ],
                "images": [{"image_url": {"url": "data:image/gif;base64,R0lGODlh"}}],
            },
            "message": {"content": "x"},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5},
    "error": None,
}


ERROR = {
    "code": 429,
    "http_status": 429,
    "error_type": "rate_limit_exceeded",
    "message": "m",
    "metadata": {
        "reason": "r",
        "limit_source": "l",
        "provider_name": "p",
        "raw": '{"error": {"message": "m"}}',
        "headers": {"X-RateLimit-Reset": "1798761600000", "Retry-After": "1"},
        "resets_at": "2027-01-01T00:00:00Z",
        "file_annotations": [{"type": "file", "file": {"hash": "h", "content": []}}],
    },
    "availability": {
        "code": "c",
        "retryable": True,
        "retry_after": 5,
        "fallback_models": ["a/b"],
        "constraint": {"detail": "d"},
    },
}


@given(st.data())
def test_error(data: st.DataObject) -> None:
    """With any part replaced by anything, an error has a sentence that a user can read."""
    body = {"error": deepcopy(ERROR)}
    replace_a_part(data, body)
    for error in (
        error_from_response(400, {}, json.dumps(body).encode()),
        error_from_chunk(json.loads(json.dumps(body["error"]))),
    ):
        explanation = explain(error, "https://o", "sk-or-v1-a", "a/b:free")
        assert explanation.sentence.endswith((".", ".”"))
        assert error.retry_after is None or error.retry_after >= 0


@given(st.text("<think>/ a\n"), st.lists(st.integers(0, 40)))
def test_thinking(text: str, cuts: list[int]) -> None:
    """Any text is split into the same reasoning and text, however it is cut."""

    def split(pieces: list[str]) -> list[str]:
        splitter = ThinkingSplitter()
        parts = [*map(splitter.split, pieces), splitter.rest()]
        return ["".join(each) for each in zip(*parts, strict=True)]

    text = f"<think>{text}</think>{text}"
    edges = [0, *sorted(cuts), len(text)]
    assert split([text[start:end] for start, end in pairwise(edges)]) == split([text])


@given(st.data())
def test_chunk(data: st.DataObject) -> None:
    """With any part replaced by anything, a chunk gives events or raises `OpenRouterError`."""
    chunk = deepcopy(CHUNK)
    replace_a_part(data, chunk)
    answer = Answer()
    with suppress(OpenRouterError):
        for event in read_events([ServerSentEvent(json.dumps(chunk))]):
            apply(event, answer)
    decode(encode(Conversation([Turn("Why?", [answer])])))


@given(
    st.binary() | st.binary().map(b"\x89PNG\r\n\x1a\n".__add__) | st.binary().map(b"GIF89a".__add__)
)
def test_count_pixels(content: bytes) -> None:
    """Any bytes have a number of pixels, or none that can be read."""
    pixels = count_pixels(content)
    assert pixels is None or pixels >= 0


# Each needs to be decoded: it is too wide, or has EXIF data.
IMAGES = [
    *(image_of(form, 2_100, 2) for form in ("PNG", "JPEG", "WEBP", "GIF")),
    *(encoded(Image.new("L", (9, 9)), form, exif=exif(6)) for form in ("PNG", "JPEG", "WEBP")),
]
CHANGES = st.lists(st.tuples(st.integers(0, 250), st.binary(min_size=1, max_size=4)), max_size=3)


@settings(max_examples=500)
@given(st.sampled_from(["a.png", "a.csv", "a.pdf"]), st.binary() | st.sampled_from(IMAGES), CHANGES)
def test_attachment(name: str, content: bytes, changes: list[tuple[int, bytes]]) -> None:
    """Any file can be sent, or is refused with a sentence."""
    for offset, part in changes:
        content = content[:offset] + part + content[offset + len(part) :]
    with suppress(NotAttachable), catch_warnings(action="ignore"):  # Pillow's, of corrupt data
        assert prepare(attachment(name, content)).part()


# Text from outside

SPECIAL = st.text(st.sampled_from("\\`*_[]()<>$~:#!|&;+-=.>1a/ \u2060"))
commonmark = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@settings(max_examples=1_000)
@given((st.text() | SPECIAL).map(one_line))
def test_literal(text: str) -> None:
    """Any line of text is shown as it is, and is not taken for markdown."""
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
PIECES_OF_MARKDOWN = st.sampled_from(LINES) | st.text(max_size=5)
MARKDOWN = st.lists(PIECES_OF_MARKDOWN, max_size=10).map("\n".join)
WITH_REFERENCES = st.lists(PIECES_OF_MARKDOWN | st.sampled_from(REFERENCES), max_size=10).flatmap(
    lambda parts: st.sampled_from(["\n", " ", ""]).map(lambda between: between.join(parts))
)


def grown(text: str, cuts: list[int]) -> GrowingMarkdown:
    """A text that came in pieces, and was shown after each."""
    growing = GrowingMarkdown()
    for start, end in pairwise([0, *sorted(cuts), len(text)]):
        growing.append(text[start:end])
        assert growing.open is None or growing.open.html
    return growing


@settings(max_examples=400)
@given(MARKDOWN, st.lists(st.integers(0, 40)))
def test_markdown(text: str, cuts: list[int]) -> None:
    """However a text grew, its finished blocks are those of the whole text."""
    if "[" in text.replace("\\[", ""):
        return
    finished = grown(text, cuts).finished
    assert finished == list(render_blocks(text)[: len(finished)])


@settings(max_examples=400)
@given(WITH_REFERENCES, st.lists(st.integers(0, 40)))
def test_markdown_with_references(text: str, cuts: list[int]) -> None:
    """Any text is shown at any time, in lines that can be sent; the file says what the screen says."""
    blocks = [*grown(text, cuts).finished, *render_blocks(text)]
    for block in blocks:
        assert block.html.encode() == block.html.strip().encode() != b""
        assert "\n" not in block.html
    shown = visible(*[block.html for block in render_blocks(text)])
    assert visible(render_html(text)) == shown
