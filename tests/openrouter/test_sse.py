"""Server-sent events: the examples of the HTML standard, and what real streams add."""

import pytest

from lib.openrouter.sse import EventTooLarge, ServerSentEvent, decode_events

# The standard drops the last event of the second and third example: it has no empty line.
# https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6
EXAMPLES = [
    (b"data: YHOO\ndata: +2\ndata: 10\n\n", ["YHOO\n+2\n10"]),
    (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
        ["", "first event", "second event", " third event"],
    ),
    (b"data\n\ndata\ndata\n\ndata:", ["", "\n", ""]),
    (b"data:test\n\ndata: test\n\n", ["test", "test"]),
]
OTHERS = [
    (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"]),
    (b"\xef\xbb\xbfdata: after a BOM\n\n", ["after a BOM"]),
    ("data: Grüße 你好 👩‍🔬\n\n".encode(), ["Grüße 你好 👩‍🔬"]),
    (b": OPENROUTER PROCESSING\n\ndata: x\n\n", ["", "x"]),
    (b"data: \xff\xfe\n\n", ["\ufffd\ufffd"]),
    (b"data: a\n\n\xef\xbb\xbfdata: no BOM here\n\n", ["a"]),
    (b"data:  two spaces \n\n Data: x\nDATA: x\n\n", [" two spaces "]),
    (b"data: a:b: c\n:comment\ndata\n\n", ["", "a:b: c\n"]),
    (b"event: ping\nretry: 10\n\n", []),
    (b"data: a\r\ndata: b\r\n\r", ["a\nb"]),
    (b'{"error": 1}\n', ['{"error": 1}']),
    (b': WAIT\n\n{"error": 1}\n\n', ["", '{"error": 1}']),
    (b'  {\r\n "a": "data: b"\r\n }\r\n\r\n', ['  {\n "a": "data: b"\n }']),
    (b'{"a": 1}\ndata: [DONE]\n\n', ['{"a": 1}', "[DONE]"]),
    (b"data: a\n{\n\n", ["a"]),
    (b'data: {"a": 1}\ndata: {"a": 2}\ndata: [DONE]\n', ['{"a": 1}', '{"a": 2}', "[DONE]"]),
    (b'data: {"a":\ndata: {}\ndata: }\n\n', ['{"a":\n{}\n}']),
    (b"", []),
]


@pytest.mark.parametrize(("stream", "events"), EXAMPLES + OTHERS)
def test_stream(stream: bytes, events: list[str]) -> None:
    """A stream gives its events, whole, cut anywhere, and byte by byte."""
    for cut in range(len(stream) + 1):
        assert [event.data for event in decode_events([stream[:cut], stream[cut:]])] == events
    assert [event.data for event in decode_events(bytes([byte]) for byte in stream)] == events


@pytest.mark.parametrize(
    "stream", [b"data: cut off\n", b"data: cut off", b"event: e\ndata: cut off"]
)
def test_without_its_empty_line(stream: bytes) -> None:
    """The last event counts without its empty line, and is marked."""
    (event,) = decode_events([stream])
    assert (event.data, event.is_complete) == ("cut off", False)


def test_name() -> None:
    """An event has the name of its own `event` field."""
    stream = b"event: error\ndata: a\n\ndata: b\n\nevent: x\n\ndata: c\n\n"
    events = [ServerSentEvent("a", "error"), ServerSentEvent("b"), ServerSentEvent("c")]
    assert list(decode_events([stream])) == events


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 99, b"x" * 99, b"data: xxxx\n", b"data\n"])
def test_too_large(chunk: bytes) -> None:
    """A line without an end, or an event without one, ends in an error and not in memory."""
    with pytest.raises(EventTooLarge):
        list(decode_events((chunk for _ in range(1002)), max_event=1000))


def test_comments_have_an_end() -> None:
    """A stream of comments without an end is ended; so many of them are a sign of life each."""
    coming = decode_events(iter(lambda: b": WAIT\n" * 100, None), max_comments=7_000)
    assert [next(coming).data for _ in range(1_000)] == [""] * 1_000
    with pytest.raises(EventTooLarge):
        next(coming)


def test_as_large_as_allowed() -> None:
    """The limit is for one event: at the limit it passes, and so do many of them."""
    stream = b"data: " + b"x" * 100 + b"\n\n"
    for chunks in ([stream] * 3, [bytes([byte]) for byte in stream * 3]):
        events = decode_events(chunks, max_event=106)
        assert [event.data for event in events] == ["x" * 100] * 3
