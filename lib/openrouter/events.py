"""What an answer consists of: the typed events that `chunks.py` reads, streamed or in one piece."""

import re
from dataclasses import dataclass, field

from .annotations import FileAnnotation
from .routing import Routing

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
class ImageLink:
    """An image of the answer that is elsewhere; the URL is http or https, and is never loaded."""

    url: str


@dataclass(frozen=True)
class UnshownImage:
    """An image of the answer that cannot be shown: SVG, another format, or damaged."""

    media_type: str


@dataclass(frozen=True)
class Usage:
    """Tokens of prompt and completion, and the cost in USD, None if unknown.

    The cost is what the user pays: to OpenRouter, and to a provider whose key is their own.
    `cached_tokens` are those of the prompt that were read from the provider's cache,
    `reasoning_tokens` those of the completion that were thought.
    """

    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Return the usage of two requests together; a cost that is unknown counts nothing."""
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            sum(costs) if costs else None,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True)
class Finished:
    """The answer is complete; `finish_reason` is `stop`, `length`, `content_filter`, `tool_calls`.

    It is empty if the stream ended as it should, but without one.
    """

    finish_reason: str


Event = (
    Alive
    | Began
    | TextDelta
    | ReasoningDelta
    | AnsweredBy
    | Citation
    | FileAnnotation
    | GeneratedImage
    | ImageLink
    | Routing
    | UnshownImage
    | Usage
    | Finished
)


def is_web_url(url: str) -> bool:
    """Return whether a URL is http or https, and so may be a link."""
    return _WEB_URL.fullmatch(url) is not None


_WEB_URL = re.compile(r"https?://[^\s<>\x00-\x1f\x7f\ud800-\udfff]{1,2000}")
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
