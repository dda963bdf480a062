"""The shapes in which providers send an answer: each gives the same answer, wherever it is cut."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lib.chat.answer_events import apply
from lib.chat.conversation import Answer
from lib.openrouter.chunks import read_events
from lib.openrouter.errors import OpenRouterError, StreamInterrupted
from lib.openrouter.events import Event, GeneratedImage
from lib.openrouter.sse import decode_events
from sandbox.answers import picture

USAGE = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5}}
DONE = b"data: [DONE]\n\n"
PNG = base64.b64encode(picture(4, 4)).decode()


def data(chunk: object) -> bytes:
    """A chunk as an event."""
    return f"data: {json.dumps(chunk)}\n\n".encode()


def stream(*deltas: dict[str, Any], finish_reason: str | None = "stop") -> bytes:
    """A stream of these deltas, with a finish_reason, usage and [DONE]."""
    chunks = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    finish = {"choices": [{"delta": {}, "finish_reason": finish_reason}]}
    return b"".join([*map(data, [*chunks, finish, USAGE]), DONE])


def read(*pieces: bytes) -> Answer:
    """The answer in the pieces of a stream, which has to be complete."""
    answer = Answer()
    for event in read_events(decode_events(pieces)):
        apply(event, answer)
    return answer


def shown(body: bytes) -> tuple[str, str]:
    """Reasoning and text of an answer, which are the same wherever the stream is cut."""
    answer = read(body)
    assert read(*(bytes([byte]) for byte in body)) == answer
    return answer.reasoning, answer.text


@pytest.mark.parametrize(
    ("deltas", "reasoning", "text"),
    [
        ([{"content": [{"type": "text", "text": "Hello"}]}], "", "Hello"),
        ([{"content": [{"type": "text", "text": {"value": "x"}}, {"text": "Hello"}]}], "", "Hello"),
        ([{"content": ["Hel", "lo"]}], "", "Hello"),
        ([{"content": {"type": "text", "text": "Hello"}}], "", "Hello"),
        ([{"content": [{"type": "output_text", "text": "Hello"}]}], "", "Hello"),
        (
            [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}],
            "Hm",
            "",
        ),
        ([{"content": [{"type": "thinking", "thinking": "Hm"}, {"text": "a"}]}], "Hm", "a"),
        ([{"content": [{"type": "reasoning", "text": "Hm"}]}, {"content": "a"}], "Hm", "a"),
        ([{"content": None, "refusal": "I cannot."}], "", "I cannot."),
        ([{"content": "", "refusal": "I "}, {"refusal": "cannot."}], "", "I cannot."),
        ([{"content": [{"type": "refusal", "refusal": "I cannot."}]}], "", "I cannot."),
        (
            [{"content": "", "reasoning_details": [{"type": "reasoning.text", "text": "Let"}]}],
            "Let",
            "",
        ),
        ([{"reasoning_details": [{"type": "reasoning.summary", "summary": "Let"}]}], "Let", ""),
        ([{"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}], "", ""),
        ([{"reasoning": "\n"}, {"content": "<think>Hm</think>a"}], "\nHm", "a"),
        ([{"reasoning_content": "I think"}], "I think", ""),
        ([{"reasoning": "a", "reasoning_content": "a"}] * 2, "aa", ""),
        (
            [{"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a"}]}],
            "a",
            "",
        ),
        (
            [{"reasoning": "ab"}, {"reasoning_details": [{"text": "ab"}]}, {"content": "c"}],
            "ab",
            "c",
        ),
        ([{"reasoning_content": "a"}, {"content": "<think>a</think>b"}], "a", "b"),
    ],
)
def test_delta(deltas: list[dict[str, Any]], reasoning: str, text: str) -> None:
    """Text and reasoning are read in each known shape, and once where they come in several."""
    assert shown(stream(*deltas)) == (reasoning, text)
    message = {"choices": [{"message": deltas[0], "finish_reason": "stop"}]}
    if len(deltas) == 1:
        assert shown(data(message)) == (reasoning, text)


@pytest.mark.parametrize(
    ("text", "reasoning", "rest"),
    [
        ("<think>\nTwo and two.\n</think>\n\nIt is 4.", "Two and two.\n", "It is 4."),
        ("\n <think>a</think>b", "a", "b"),
        ("<thinking>a</thinking>b", "a", "b"),
        ("<thought>a</thought>b", "a", "b"),
        ("<think>\n\n</think>\n\nb", "", "b"),
        ("<think>a </thin b</think>c", "a </thin b", "c"),
        ("<think>Hello!", "Hello!", "Hello!"),  # its end is missing: it is the answer as well
        ("<think>a</thi", "a</thi", "a</thi"),
        ("</think>\n\nb", "", "b"),
        ("\n</think>b", "", "b"),
        ("<think>\n</think>\n\n</think>\n\nb", "", "b"),
        ("<think>a</think>\n<think>b</think>c", "ab", "c"),
        ("[THINK]a[/THINK]b", "a", "b"),
        ("<Think>a</Think>b", "a", "b"),
        ("<mm:think>a</mm:think>b", "a", "b"),
        ("</thing> is", "", "</thing> is"),
        ("<think>a</think>b <think>c</think>", "a", "b <think>c</think>"),
        ("The tag <think> begins it.", "", "The tag <think> begins it."),
        ("<thin", "", "<thin"),
        ("<thinner> is", "", "<thinner> is"),
        ("  indented", "", "  indented"),
        (" " * 500 + "<think>a</think>", "", " " * 500 + "<think>a</think>"),
    ],
)
def test_think(text: str, reasoning: str, rest: str) -> None:
    """Reasoning between tags at the beginning of the text is split off, wherever it is cut."""
    for size in (1, 2, 3, 7, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        answer = read(stream(*({"content": piece} for piece in pieces)))
        assert (answer.reasoning, answer.text) == (reasoning, rest)


def text_chunk(finish_reason: str | None = None) -> dict[str, Any]:
    """A chunk with some text."""
    return {"choices": [{"delta": {"content": "Hello"}, "finish_reason": finish_reason}]}


@pytest.mark.parametrize(
    "body",
    [
        data(text_chunk("")) + data(USAGE) + DONE,
        data(text_chunk()) + data(USAGE) + DONE,
        data(text_chunk()) + data(USAGE),
        data(text_chunk()) + DONE,
        data({**text_chunk(), "usage": USAGE["usage"]}) + data(USAGE),
        data(text_chunk("stop")).rstrip(b"\n") + b"\n",
        data(text_chunk("stop")).rstrip(b"\n"),
        data(text_chunk()) + DONE.strip(),
        data(text_chunk("stop")) + b'data: {"choi',
        data(text_chunk("stop")) + b"data: keepalive\n\ndata: Heartbeat\n\n",
        b"data: : keepalive\n\n" + data(text_chunk("stop")) + b"data: ping\n\ndata: null\n\n",
    ],
)
def test_whole(body: bytes) -> None:
    """`[DONE]`, or the usage, after some text is an end, and so is an event without its empty line."""
    assert shown(body) == ("", "Hello")


@pytest.mark.parametrize(
    "body",
    [
        data(text_chunk()),
        data({**text_chunk(), "usage": USAGE["usage"]}),
        data(USAGE) + data(text_chunk()),
        data(USAGE) + DONE,
        data(text_chunk()) + b'data: {"choi',
        DONE,
    ],
)
def test_interrupted(body: bytes) -> None:
    """Text alone is no whole answer, not even where each chunk has the usage so far."""
    with pytest.raises(StreamInterrupted):
        read(body)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            b'data: {"error":{"code":402,"message":"Insufficient credits"}}\n',
            402,
            "Insufficient credits",
        ),
        (b'data: {"error":{"code":402,"message":"Insufficient"}}', 402, "Insufficient"),
        (b': OPENROUTER PROCESSING\n\n{"error":{"message":"m","code":429}}\n', 429, "m"),
        (b'{\n  "error": {\n    "message": "m",\n    "code": 429\n  }\n}\n', 429, "m"),
        (b'{"error":{"message":"m","code":429}}\ndata: [DONE]\n\n', 429, "m"),
        (b'event: error\ndata: {"message":"Overloaded","code":529}\n\n', 529, "Overloaded"),
        (b'event: error\ndata: {"error":{"message":"m","code":529}}', 529, "m"),
        (b"event: error\ndata: Overloaded\n\n", None, "Overloaded"),
        (b'event: error\ndata: ["a"]\n\n', None, ""),
        (data({"choices": [{"delta": {}, "error": {"code": 502, "message": "m"}}]}), 502, "m"),
        (data({"object": "error", "message": "m", "code": 502}), 502, "m"),
        (data({"type": "error", "message": "m", "code": 502}), 502, "m"),
        (data({"type": "error", "error": {"message": "m", "code": 502}}), 502, "m"),
        (data({"detail": "m"}), None, "m"),
    ],
)
@pytest.mark.parametrize("before", [b"", data({"choices": [{"delta": {"content": "<"}}]})])
def test_error(body: bytes, status: int | None, message: str, before: bytes) -> None:
    """An error in a stream is itself, in whatever form; what came before it arrives."""
    events: list[Event] = []
    with pytest.raises(OpenRouterError) as raised:
        events.extend(read_events(decode_events([before + body])))
    assert (raised.value.status, raised.value.message) == (status, message)
    assert len(events) == bool(before) + (b"PROCESSING" in body)


def test_last_message() -> None:
    """A whole message in the last chunk brings only what the deltas have not brought."""
    image = {"image_url": {"url": f"data:image/png;base64,{PNG}"}}
    message = {"content": "Hello", "reasoning": "Hm", "images": [image], "refusal": None}
    last = {"choices": [{"delta": {}, "message": message, "finish_reason": "stop"}]}
    streamed = data({"choices": [{"delta": {"content": "Hel", "images": [image]}}]})
    answer = read(streamed + data({"choices": [{"delta": {"content": "lo"}}]}) + data(last))
    assert (answer.text, answer.reasoning, len(answer.images)) == ("Hello", "Hm", 1)
    assert read(data({"choices": [{"delta": {"role": "assistant"}}]}) + data(last)).text == "Hello"


SVG = base64.b64encode(b"<svg/>").decode()


@pytest.mark.parametrize(
    "image",
    [
        {"image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"image_url": {"url": f"data:image/jpg;base64,{PNG.rstrip('=')}"}},
        {"image_url": f"data:image/png;base64,{PNG}"},
        f"data:IMAGE/PNG;base64,{PNG}",
        f"data:;base64,{PNG}",
        f"data:image/png;charset=utf-8;base64,{PNG}",
        {"url": f"data:application/octet-stream;base64,{PNG[:40]}\n{PNG[40:]}"},
        {"b64_json": PNG.replace("+", "-").replace("/", "_")},
        PNG,
    ],
)
def test_image(image: object) -> None:
    """An image is read in each known form; its content says what it is."""
    for delta in ({"images": [image]}, {"images": [image] * 2}):
        assert read(stream(delta, delta)).images == [GeneratedImage("image/png", picture(4, 4))]


def test_image_in_content() -> None:
    """An image among the parts of the content is one of the answer."""
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    answer = read(stream({"content": [{"type": "text", "text": "Here: "}, part]}))
    assert (answer.text, len(answer.images)) == ("Here: ", 1)


@pytest.mark.parametrize(
    ("url", "links", "unshown"),
    [
        ("https://x.example/a.png", ["https://x.example/a.png"], []),
        (f"data:image/svg+xml;base64,{SVG}", [], ["image/svg+xml"]),
        ("data:image/svg+xml,<svg onload='x'/>", [], ["image/svg+xml"]),
        ("data:image/png;base64,***", [], ["image/png"]),
        ("data:image/png;base64,", [], ["image/png"]),
        ("javascript:alert(1)", [], [""]),
        ("file:///etc/passwd", [], [""]),
    ],
)
def test_no_image(url: str, links: list[str], unshown: list[str]) -> None:
    """An image elsewhere is a link, and one that cannot be shown is said; neither is loaded."""
    answer = read(stream(*[{"images": [{"image_url": {"url": url}}]}] * 2))
    assert (answer.images, answer.image_links, answer.unshown_images) == ([], links, unshown)
    assert not answer.is_empty


@pytest.mark.parametrize("megabytes", [8, 18])
def test_large_image(megabytes: int) -> None:
    """One event may hold an image as large as an answer may be."""
    content = picture(4, 4) + bytes(megabytes * 1_000_000)
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    body = stream({"images": [{"image_url": {"url": url}}]})
    chunks: Iterator[bytes] = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    answer = Answer()
    for event in read_events(decode_events(chunks)):
        apply(event, answer)
    assert answer.images == [GeneratedImage("image/png", content)]


@pytest.mark.parametrize("placeholder", [{}, {"prompt_tokens": 0, "completion_tokens": 0}])
def test_usage_without_numbers(placeholder: dict[str, Any]) -> None:
    """A usage that says nothing, as relays add at the end, takes nothing from what is known."""
    last = data({"choices": [], "usage": placeholder})
    assert read(data(text_chunk("stop")), data(USAGE), last).cost == 0.5
    assert not read(data(text_chunk("stop")), last).is_usage_known


@pytest.mark.parametrize("last", [{"cost": 0}, {"prompt_tokens": 9, "completion_tokens": 9}])
def test_usage_without_the_cost(last: dict[str, Any]) -> None:
    """A last usage that is zero, or has no cost, leaves the cost that is known."""
    chunks = (text_chunk("stop"), USAGE, {"choices": [], "usage": last})
    assert read(b"".join(map(data, chunks))).cost == 0.5


def test_reasoning_that_was_cut() -> None:
    """An answer that ended at the limit of its length within its reasoning is no answer yet."""
    cut = {"choices": [{"delta": {"content": "<think>a"}, "finish_reason": "length"}]}
    assert shown(data(cut)) == ("a", "")


def test_citations() -> None:
    """Perplexity's plain list of sources is read where there are no annotations."""
    url = "https://x.example/a"
    chunk = {**text_chunk("stop"), "citations": [url, "javascript:alert(1)", 5]}
    assert [one.url for one in read(data(chunk) * 2).citations] == [url]
    citation = {"url": f"{url}/b", "title": "B"}
    named = {"delta": {"annotations": [{"type": "url_citation", "url_citation": citation}]}}
    answer = read(data({"choices": [named], "citations": [url]}) + data(chunk))
    assert [one.title for one in answer.citations] == ["B"]


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.0185}}, 0.0185),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.25}}, 0.75),
        ({"is_byok": True, "cost_details": {"upstream_inference_cost": 0.25}}, 0.25),
        ({"cost": 0.5, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.25}}, 0.5),
        ({"cost": 0.5, "cost_details": {"upstream_inference_cost": 0.25}}, 0.5),
        ({"cost": 0, "is_byok": True, "cost_details": None}, 0),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": -1}}, 0.5),
        ({"is_byok": True}, None),
    ],
)
def test_cost(fields: dict[str, Any], cost: float | None) -> None:
    """With a key of the user's own at the provider, that provider's bill is part of the cost."""
    usage = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, **fields}}
    answer = read(data(text_chunk("stop")) + data(usage))
    assert answer.usage
    assert answer.usage.cost == cost
