"""Streamed chat: a request in, typed events out.

Follows https://openrouter.ai/docs/api-reference/chat-completion and …/streaming.
"""

import base64
import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import requests
import urllib3

from lib.openrouter.errors import (
    FellSilent,
    Interrupted,
    OpenRouterError,
    UnexpectedAnswer,
    error_from_chunk,
    error_from_response,
)
from lib.openrouter.models import is_model_id
from lib.openrouter.sse import EventTooLarge, decode_events
from lib.openrouter.transport import Bearer, Line, Timeout, send
from lib.openrouter.untrusted import number, parse_json, whole_text


class ChatMessage(TypedDict):
    """One message of a request: its text, or the parts of its content."""

    role: Literal["system", "user", "assistant"]
    content: str | list[dict[str, Any]]


@dataclass(frozen=True)
class ChatRequest:
    """What is asked, and of which model.

    `instructions` are the system prompt. `fallbacks` are tried in order if `model` fails;
    `parameters` are further fields of the body, such as `temperature`; `web_search` lets the model search, which costs extra; `pdf_engine` reads
    the PDFs (`cloudflare-ai` for nothing, `mistral-ocr`, or `native`: the model itself).
    """

    model: str
    messages: Sequence[ChatMessage] = ()
    instructions: str = ""
    fallbacks: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    web_search: bool = False
    pdf_engine: str | None = None

    def body(self) -> dict[str, Any]:
        """Return the JSON of a streamed request: what is not set is not in it."""
        system: list[ChatMessage] = []
        if self.instructions:
            system.append({"role": "system", "content": self.instructions})
        body = {**self.parameters, "model": self.model, "messages": [*system, *self.messages]}
        if self.fallbacks:
            body["models"] = [self.model, *self.fallbacks]
        if self.web_search:
            body["tools"] = [WEB_SEARCH]
        if self.pdf_engine and any(map(_has_file, self.messages)):
            body["plugins"] = [{"id": "file-parser", "pdf": {"engine": self.pdf_engine}}]
        return {**body, "stream": True}


def _has_file(message: ChatMessage) -> bool:
    parts = message["content"]
    return not isinstance(parts, str) and any(part["type"] == "file" for part in parts)


WEB_SEARCH = {"type": "openrouter:web_search", "parameters": {"max_results": 3}}
"""https://openrouter.ai/docs/guides/features/server-tools/web-search."""


@dataclass(frozen=True)
class Alive:
    """OpenRouter is at work and has nothing to say yet: a comment in the stream."""


@dataclass(frozen=True)
class Began:
    """OpenRouter has begun an answer, and calls it so."""

    generation: str


@dataclass(frozen=True)
class TextDelta:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class ReasoningDelta:
    """The next piece of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True)
class AnsweredBy:
    """The model that answers, which a router or a fallback may have chosen, and its provider."""

    model: str
    provider: str = ""


@dataclass(frozen=True)
class Citation:
    """A web page that the answer refers to; the address is http or https."""

    url: str
    title: str


@dataclass(frozen=True)
class GeneratedImage:
    """An image that the model made; `media_type` is such as `image/png`."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Usage:
    """Tokens of prompt and completion, and the cost in USD if it is known."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None


@dataclass(frozen=True)
class Finished:
    """The answer is whole; `finish_reason` is `stop`, `length`, `content_filter`, `tool_calls`."""

    finish_reason: str


Event = (
    Alive
    | Began
    | TextDelta
    | ReasoningDelta
    | AnsweredBy
    | Citation
    | GeneratedImage
    | Usage
    | Finished
)


class ChatStream:
    """A streamed answer. Each iteration asks anew; `close` it from any thread, at any moment.

    Closing ends the request at OpenRouter's end too, and with most providers the costs.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        request: ChatRequest,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: Timeout = (10, 60),
    ) -> None:
        """`headers` are sent as well (attribution)."""
        self._url = f"{base_url}/api/v1/chat/completions"
        self._auth = Bearer(key)
        self._body = request.body()
        # Compressed bytes would wait for each other in the decompressor.
        self._headers = {"Accept-Encoding": "identity", **(headers or {})}
        self._timeout = timeout
        self._line = Line()

    def close(self) -> None:
        """End the request; the iteration, wherever it waits, raises `Interrupted`."""
        self._line.cut()

    def __iter__(self) -> Iterator[Event]:
        """Ask, and yield the events of the answer, `Finished` as the last.

        Raises `OpenRouterError` or a subclass: for a status before the stream and an `error`
        inside it alike; `Interrupted` if the stream ends without a `finish_reason`.
        """
        with self._line.session as session:
            try:
                yield from self._events(session)
            except OpenRouterError as error:
                if self._line.is_cut:
                    raise Interrupted from error
                raise

    def _events(self, session: requests.Session) -> Iterator[Event]:
        with send(
            "POST",
            self._url,
            session=session,
            json=self._body,
            headers=self._headers,
            auth=self._auth,
            stream=True,
            timeout=self._timeout,
        ) as response:
            if response.status_code != 200:
                body = b"".join(_chunks(response, at_most=65_536))
                raise error_from_response(response.status_code, response.headers, body)
            if "text/event-stream" in response.headers.get("Content-Type", ""):
                yield from _read(decode_events(_chunks(response)))
            else:
                body = b"".join(_chunks(response, at_most=8_000_000))
                yield from _read([body.decode(errors="replace")])


def _chunks(response: requests.Response, *, at_most: int | None = None) -> Iterator[bytes]:
    """Yield the body as it arrives, `at_most` so many bytes and perhaps some more."""
    size = 0
    try:
        while chunk := response.raw.read1(65_536):
            yield chunk
            size += len(chunk)
            if at_most is not None and size >= at_most:
                return
    except urllib3.exceptions.ReadTimeoutError as error:
        raise FellSilent from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Interrupted from error


def _read(stream: Iterator[str] | list[str]) -> Iterator[Event]:
    """Turn the data of each server-sent event into typed events."""
    finish_reason = None
    model = generation = None
    try:
        for data in stream:
            if not data:
                yield Alive()
                continue
            if data.strip() == "[DONE]":
                break
            chunk = _parse(data)
            if generation is None and isinstance(chunk.get("id"), str):
                generation = chunk["id"]
                yield Began(generation)
            if is_model_id(name := chunk.get("model")) and name != model:
                model, provider = name, chunk.get("provider")
                yield AnsweredBy(name, whole_text(provider) if isinstance(provider, str) else "")
            for choice in _mappings(chunk.get("choices"))[:1]:
                yield from _deltas(choice)
                finish_reason = choice.get("finish_reason") or finish_reason
            if isinstance(chunk.get("usage"), Mapping):
                yield _usage(chunk["usage"])
    except EventTooLarge as error:
        raise UnexpectedAnswer from error
    except (Interrupted, FellSilent):
        if not finish_reason:
            raise
    if not finish_reason:
        raise Interrupted
    if finish_reason == "error":
        raise OpenRouterError
    yield Finished(str(finish_reason))


def _parse(data: str) -> Mapping[str, Any]:
    try:
        chunk = parse_json(data)
    except ValueError as error:
        raise UnexpectedAnswer from error
    if not isinstance(chunk, Mapping):
        raise UnexpectedAnswer
    # Look at `error` first: its chunk may be without choices, and nothing follows it.
    for part in (chunk, *_mappings(chunk.get("choices"))):
        if part.get("error"):
            raise error_from_chunk(part["error"])
    return chunk


def _deltas(choice: Mapping[str, Any]) -> Iterator[Event]:
    # A stream has `delta`, an answer that came in one piece has `message`.
    delta = choice.get("delta") or choice.get("message")
    if not isinstance(delta, Mapping):
        return
    if isinstance(reasoning := delta.get("reasoning"), str) and reasoning:
        yield ReasoningDelta(whole_text(reasoning))
    if isinstance(content := delta.get("content"), str) and content:
        yield TextDelta(whole_text(content))
    for annotation in _mappings(delta.get("annotations")):
        yield from _citation(annotation.get("url_citation"))
    for image in _mappings(delta.get("images")):
        yield from _image(image.get("image_url"))


def _citation(citation: object) -> Iterator[Citation]:
    match citation:
        case {"url": str(url), "title": str(title)} if is_address(url):
            yield Citation(url, " ".join(whole_text(title).split())[:200])
        case {"url": str(url)} if is_address(url):
            yield Citation(url, "")


def _image(image: object) -> Iterator[GeneratedImage]:
    match image:
        case {"url": str(url)} if found := _IMAGE.match(url):
            with contextlib.suppress(ValueError):
                content = base64.b64decode(url[found.end() :], validate=True)
                yield GeneratedImage(found[1], content)


def is_address(url: str) -> bool:
    """Tell whether a link may lead there: http or https."""
    return _ADDRESS.fullmatch(url) is not None


_ADDRESS = re.compile(r"https?://[^\s<>\ud800-\udfff]{1,2000}")
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_IMAGE = re.compile(f"data:({'|'.join(IMAGE_TYPES)});base64,")


def _usage(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt_tokens=int(number(usage.get("prompt_tokens")) or 0),
        completion_tokens=int(number(usage.get("completion_tokens")) or 0),
        cost=number(usage.get("cost")),
    )


def _mappings(items: object) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
