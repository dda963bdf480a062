"""Events of a streamed answer: the data of server-sent events in, typed events out.

Follows https://openrouter.ai/docs/api-reference/streaming.
"""

import base64
import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import (
    InvalidResponse,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
    error_from_chunk,
)
from .models import is_model_id
from .routing import Routing, read_routing
from .sse import EventTooLarge
from .untrusted import SurrogateJoiner, amount, one_line, parse_json

MAX_CITATIONS = 200
MAX_IMAGES = 50
"""Citations and images of one answer."""


@dataclass(frozen=True)
class Alive:
    """A comment in the stream: OpenRouter is still processing the request."""


@dataclass(frozen=True)
class Began:
    """The answer has begun; `generation` is its id at OpenRouter."""

    generation: str


@dataclass(frozen=True)
class TextDelta:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class ReasoningDelta:
    """The next piece of the model's reasoning."""

    text: str


@dataclass(frozen=True)
class AnsweredBy:
    """The model that answers, possibly selected by a router or a fallback, and its provider."""

    model: str
    provider: str = ""


@dataclass(frozen=True)
class Citation:
    """A web page that the answer cites; the URL is http or https."""

    url: str
    title: str


@dataclass(frozen=True)
class GeneratedImage:
    """An image that the model generated; `media_type` is one of `IMAGE_TYPES`."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Usage:
    """Tokens of prompt and completion, and the cost in USD, None if unknown.

    `cached_tokens` are those of the prompt that were read from the provider's cache.
    """

    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    cached_tokens: int = 0


@dataclass(frozen=True)
class Finished:
    """The answer is complete; `finish_reason` is `stop`, `length`, `content_filter`, `tool_calls`."""

    finish_reason: str


Event = (
    Alive
    | Began
    | TextDelta
    | ReasoningDelta
    | AnsweredBy
    | Citation
    | GeneratedImage
    | Routing
    | Usage
    | Finished
)


def read_events(stream: Iterable[str]) -> Iterator[Event]:
    """Yield the typed events for the data of each server-sent event, `Finished` last.

    An answer in one piece is a stream of one event. Raises `OpenRouterError` or a
    subclass for an `error` in the stream, `StreamInterrupted` if it ends without a `finish_reason`.
    """
    finish_reason = ""
    model = generation = None
    text, reasoning = SurrogateJoiner(), SurrogateJoiner()
    try:
        for data in stream:
            if not data:
                yield Alive()
                continue
            if data.strip() == "[DONE]":
                break
            chunk = _parse(data)
            if generation is None and isinstance(chunk.get("id"), str):
                generation = one_line(chunk["id"])
                yield Began(generation)
            if is_model_id(name := chunk.get("model")) and name != model:
                model = name
                yield AnsweredBy(name, one_line(chunk.get("provider")))
            for choice in _mappings(chunk.get("choices"))[:1]:
                yield from _deltas(choice, text, reasoning)
                finish_reason = one_line(choice.get("finish_reason")) or finish_reason
            if isinstance(chunk.get("openrouter_metadata"), Mapping):
                yield read_routing(chunk["openrouter_metadata"])
            if isinstance(chunk.get("usage"), Mapping):
                yield _usage(chunk["usage"])
    except EventTooLarge as error:
        raise InvalidResponse from error
    except (StreamInterrupted, StreamStalled, NoContent):
        if not finish_reason:
            raise
    if not finish_reason:
        raise StreamInterrupted
    if finish_reason == "error":
        raise OpenRouterError
    yield Finished(finish_reason)


def _parse(data: str) -> Mapping[str, Any]:
    try:
        chunk = parse_json(data)
    except ValueError as error:
        raise InvalidResponse from error
    if not isinstance(chunk, Mapping):
        raise InvalidResponse
    # `error` first: its chunk may have no choices, and nothing follows it.
    for part in (chunk, *_mappings(chunk.get("choices"))):
        if part.get("error"):
            raise error_from_chunk(part["error"])
    return chunk


def _deltas(
    choice: Mapping[str, Any], text: SurrogateJoiner, reasoning: SurrogateJoiner
) -> Iterator[Event]:
    # A stream has `delta`, an answer in one piece has `message`.
    delta = choice.get("delta") or choice.get("message")
    if not isinstance(delta, Mapping):
        return
    if isinstance(thought := delta.get("reasoning"), str) and (thought := reasoning.join(thought)):
        yield ReasoningDelta(thought)
    if isinstance(content := delta.get("content"), str) and (content := text.join(content)):
        yield TextDelta(content)
    for annotation in _mappings(delta.get("annotations"))[:MAX_CITATIONS]:
        yield from _citation(annotation.get("url_citation"))
    for image in _mappings(delta.get("images"))[:MAX_IMAGES]:
        yield from _image(image.get("image_url"))


def _citation(citation: object) -> Iterator[Citation]:
    match citation:
        case {"url": str(url), "title": str(title)} if is_web_url(url):
            yield Citation(url, one_line(title))
        case {"url": str(url)} if is_web_url(url):
            yield Citation(url, "")


def _image(image: object) -> Iterator[GeneratedImage]:
    match image:
        case {"url": str(url)} if found := _IMAGE.match(url):
            with contextlib.suppress(ValueError):
                content = base64.b64decode(url[found.end() :], validate=True)
                yield GeneratedImage(found[1], content)


def is_web_url(url: str) -> bool:
    """Return whether a URL is http or https, and so may be a link."""
    return _WEB_URL.fullmatch(url) is not None


_WEB_URL = re.compile(r"https?://[^\s<>\x00-\x1f\x7f\ud800-\udfff]{1,2000}")
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_IMAGE = re.compile(f"data:({'|'.join(IMAGE_TYPES)});base64,")


def _usage(usage: Mapping[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
    return Usage(
        prompt_tokens=int(amount(usage.get("prompt_tokens")) or 0),
        completion_tokens=int(amount(usage.get("completion_tokens")) or 0),
        cost=amount(usage.get("cost")),
        cached_tokens=int(amount(cached) or 0),
    )


def _mappings(items: object) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
