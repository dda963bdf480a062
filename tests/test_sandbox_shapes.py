"""The sandbox's models that send the same content in other shapes, or errors inside a stream."""

import base64
import json

import pytest

from sandbox.answers import hello, picture
from sandbox.shapes import BYOK, REASONING, THINKING
from tests.conftest import Served
from tests.support.openapi import validate
from tests.support.waiting import wait_until
from tests.test_sandbox import PDF, QUESTION, ask, chunks_of, get, text_of


def test_parts(served: Served) -> None:
    """Content can be a list of parts, with reasoning among them."""
    deltas = [
        chunk["choices"][0]["delta"] for chunk in chunks_of(ask(served, "sandbox/parts"))[:-2]
    ]
    parts = [part for delta in deltas for part in delta["content"]]
    assert "".join(part["text"] for part in parts if part["type"] == "text") == hello(QUESTION)
    thinking = [part["thinking"][0]["text"] for part in parts if part["type"] == "thinking"]
    assert tuple(thinking) == REASONING


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("reasoning", {"reasoning", "reasoning_details"}),
        ("reasoning-content", {"reasoning_content"}),
        ("reasoning-details", {"content", "reasoning_details"}),
    ],
)
def test_names_of_reasoning(served: Served, name: str, fields: set[str]) -> None:
    """Reasoning comes under three names."""
    first = chunks_of(ask(served, f"sandbox/{name}"))[0]["choices"][0]["delta"]
    assert first.keys() - {"role"} == fields


def test_think(served: Served) -> None:
    """Reasoning can be in the text itself, between tags that chunks cut."""
    text = text_of(chunks_of(ask(served, "sandbox/think")))
    assert text == f"{THINKING}It is 4."


def test_image_forms(served: Served) -> None:
    """Images come as image/jpg without padding, as a string, twice, from elsewhere, and as SVG."""
    chunks = chunks_of(ask(served, "sandbox/image-forms"))
    images = [
        image["image_url"] if isinstance(image["image_url"], str) else image["image_url"]["url"]
        for chunk in chunks
        for choice in chunk["choices"]
        for image in choice["delta"].get("images", ())
    ]
    png = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    assert [image[:24] for image in images] == [
        "data:image/jpg;base64,iV",
        *["data:image/png;base64,iV"] * 2,
        "https://example.org/pict",
        "data:image/svg+xml;base6",
    ]
    assert images[1:3] == [png, png]
    assert len(images[0].partition(",")[2]) % 4


def test_byok(served: Served) -> None:
    """What the user's own provider charges is not charged by OpenRouter."""
    response = ask(served, "sandbox/byok")
    usage = chunks_of(response)[-1]
    validate(usage, "ChatStreamChunk")
    assert BYOK.items() <= usage["usage"].items()
    assert served.keys[served.key].usage == 0
    generation = response.headers["X-Generation-Id"]
    wait_until(lambda: get(served, "generation", id=generation).ok)
    body = get(served, "generation", id=generation).json()
    validate(body, "GenerationResponse")
    assert (body["data"]["is_byok"], body["data"]["upstream_inference_cost"]) == (True, 0.0185)


def test_file_annotations(served: Served) -> None:
    """The attached files come back as they were parsed."""
    messages = [{"role": "user", "content": [PDF]}]
    first = chunks_of(ask(served, "sandbox/file-annotations", messages=messages))[0]
    (annotation,) = first["choices"][0]["delta"]["annotations"]
    assert (annotation["type"], annotation["file"]["hash"]) == ("file", "000000")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("no-finish", b"}\n\ndata: [DONE]\n\n"),
        ("no-empty-line", b"}\n"),
        ("whole-message", b"data: [DONE]\n\n"),
        ("error-body", b'\n{"error": {"message": "Rate limit exceeded", "code": 429}}\n'),
        ("error-event", b'event: error\ndata: {"message": "Overloaded", "code": 529}\n\n'),
    ],
)
def test_ending(served: Served, name: str, end: bytes) -> None:
    """Streams end in other ways than the documented one."""
    content = ask(served, f"sandbox/{name}").content
    assert content.endswith(end)
    assert (b'"finish_reason": "stop"' in content) == (name in ("no-empty-line", "whole-message"))


def test_whole_message(served: Served) -> None:
    """The last chunk can repeat the message."""
    finish = chunks_of(ask(served, "sandbox/whole-message"))[-2]
    message = {"role": "assistant", "content": hello(QUESTION)}
    assert finish["choices"][0]["message"] == message


@pytest.mark.parametrize(
    ("name", "status"),
    [("chunk-401-provider", ("code", 401)), ("chunk-http-status", ("http_status", 503))],
)
@pytest.mark.parametrize("stream", [True, False])
def test_chunk_error(served: Served, name: str, status: tuple[str, int], *, stream: bool) -> None:
    """An error inside a 200 has a code, or http_status in its place."""
    response = ask(served, f"sandbox/{name}", stream=stream)
    body = chunks_of(response)[0] if stream else json.loads(response.content)
    assert response.status_code == 200
    assert status in body["error"].items()
