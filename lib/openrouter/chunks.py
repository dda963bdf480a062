"""Chunks of an answer: server-sent events in, typed events out.

Follows https://openrouter.ai/docs/api-reference/streaming. Read strictly where safety requires it,
and leniently in shape: an answer that was paid for is shown.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .error_body import error_from_chunk
from .errors import (
    AnswerTooLong,
    InvalidResponse,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
)
from .events import Alive, AnsweredBy, Began, Event, Finished, Usage
from .message import MessageReader
from .models import is_model_id
from .routing import read_routing
from .sse import EventTooLarge, ServerSentEvent
from .untrusted import mapping, mappings, one_line, parse_json
from .usage import latest_usage, read_usage

_SIGNS_OF_LIFE = ("", "null", "ping", "pong", "keepalive", "keep-alive", "heartbeat")
"""What relays send as the data of an event that has none."""


def read_events(stream: Iterable[ServerSentEvent], generation: str = "") -> Iterator[Event]:
    """Yield the typed events of a stream, `Finished` last; an answer in one piece is one event.

    `generation` is the id in the headers, if there is one. Raises `OpenRouterError` or a subclass
    for an error in the stream, and `StreamInterrupted` if it ends without a sign that the answer
    is complete: a `finish_reason`, or `[DONE]` or the usage after some content.
    """
    if generation:
        yield Began(generation)
    finish_reason, model, is_at_end = "", "", False
    usage: Usage | None = None
    message = MessageReader()
    try:
        for event in stream:
            if _is_alive(event):
                yield Alive()
                continue
            if event.data.strip() == "[DONE]":
                is_at_end = True
                break
            chunk = _parse(event)
            if not generation and (generation := one_line(chunk.get("id"))):
                yield Began(generation)
            if is_model_id(name := chunk.get("model")) and name != model:
                model = name
                yield AnsweredBy(name, one_line(chunk.get("provider")))
            contents = 0
            for choice in mappings(chunk.get("choices"))[:1]:
                for content in message.read(choice):
                    contents += 1
                    yield content
                finish_reason = one_line(choice.get("finish_reason")) or finish_reason
            message.read_sources(chunk.get("citations"))
            if isinstance(chunk.get("openrouter_metadata"), Mapping):
                yield read_routing(chunk["openrouter_metadata"])
            if latest := read_usage(mapping(chunk.get("usage"))):
                usage = latest_usage(latest, before=usage)
                yield usage
            is_at_end = isinstance(chunk.get("usage"), Mapping) and not contents
    except EventTooLarge as error:
        raise AnswerTooLong from error
    except OpenRouterError as error:
        yield from message.finish(finish_reason)
        is_lost = isinstance(error, StreamInterrupted | StreamStalled | NoContent)
        if not (is_lost and (finish_reason or (is_at_end and message.has_content))):
            raise
    else:
        yield from message.finish(finish_reason)
    if finish_reason == "error":
        raise OpenRouterError
    if not (finish_reason or (is_at_end and message.has_content)):
        raise StreamInterrupted
    yield Finished(finish_reason)


def _is_alive(event: ServerSentEvent) -> bool:
    """Return whether an event only keeps the connection alive: a comment, also one sent as data."""
    data = event.data.strip().lower()
    return data in _SIGNS_OF_LIFE or data.startswith(":")


def _parse(event: ServerSentEvent) -> Mapping[str, Any]:
    try:
        chunk = parse_json(event.data)
    except ValueError as error:
        if event.name == "error":
            raise error_from_chunk(event.data) from error
        raise (InvalidResponse if event.is_complete else StreamInterrupted) from error
    if event.name == "error":
        raise error_from_chunk((isinstance(chunk, Mapping) and chunk.get("error")) or chunk)
    if not isinstance(chunk, Mapping):
        raise InvalidResponse
    # `error` first: its chunk may have no choices, and nothing follows it.
    for part in (chunk, *mappings(chunk.get("choices"))):
        if part.get("error"):
            raise error_from_chunk(part["error"])
    is_error = "error" in (chunk.get("type"), chunk.get("object"))
    if is_error or ("detail" in chunk and not chunk.get("choices")):
        raise error_from_chunk(chunk)
    return chunk
