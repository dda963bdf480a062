"""Chat: a request in, typed events out, streamed or in one piece.

Follows https://openrouter.ai/docs/api-reference/chat-completion.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypedDict

import requests
import urllib3

from .errors import (
    AnswerTooLong,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
    error_from_response,
)
from .events import Event, ReasoningDelta, TextDelta, read_events
from .sse import decode_events
from .transport import MAX_BODY_BYTES, AbortableSession, Bearer, Timeout, send


class ChatMessage(TypedDict):
    """One message of a request: its text, or the parts of its content."""

    role: Literal["system", "user", "assistant"]
    content: str | list[dict[str, Any]]


@dataclass(frozen=True)
class ChatRequest:
    """The messages to send, and the model that is to answer.

    `instructions` are the system prompt. `fallbacks` are tried in order if `model` fails;
    `parameters` are further fields of the body, such as `temperature`; `web_search` lets the model
    search, which costs extra; `pdf_engine` reads the PDFs (`cloudflare-ai` is free, `mistral-ocr`
    costs extra, `native` is the model itself). Without `stream` the answer comes in one piece.
    """

    model: str
    messages: Sequence[ChatMessage] = ()
    instructions: str = ""
    fallbacks: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    web_search: bool = False
    pdf_engine: str | None = None
    stream: bool = True

    def body(self) -> dict[str, Any]:
        """Return the JSON of the request: what is not set is not in it."""
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
        return {**body, "stream": self.stream}


def _has_file(message: ChatMessage) -> bool:
    parts = message["content"]
    return not isinstance(parts, str) and any(part["type"] == "file" for part in parts)


WEB_SEARCH = {"type": "openrouter:web_search", "parameters": {"max_results": 3}}
"""https://openrouter.ai/docs/guides/features/server-tools/web-search."""


MAX_SECONDS_WITHOUT_CONTENT = 600.0
"""Seconds in which an answer may bring no token: models that think are silent for minutes."""
STREAM_TIMEOUT: Timeout = (10, 60)
WHOLE_TIMEOUT: Timeout = (10, MAX_SECONDS_WITHOUT_CONTENT)
"""A stream has comments while the model thinks; an answer in one piece is silent until it is there."""


class Completion:
    """An answer, streamed or in one piece: the events are the same.

    Each iteration sends the request anew. `close` it from any thread, at any moment, or leave its `with` block:
    that ends the request at OpenRouter's end too, and with most providers the costs.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        request: ChatRequest,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: Timeout | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`headers` are sent as well (attribution); `clock` tells the time in seconds.

        `timeout` is `STREAM_TIMEOUT`, or `WHOLE_TIMEOUT` if the request is not streamed.
        """
        self.is_streamed = request.stream
        self._url = f"{base_url}/api/v1/chat/completions"
        self._auth = Bearer(key)
        self._body = request.body()
        # Compressed bytes would wait for each other in the decompressor.
        self._headers = {"Accept-Encoding": "identity", **(headers or {})}
        self._timeout = timeout or (STREAM_TIMEOUT if request.stream else WHOLE_TIMEOUT)
        self._clock = clock
        self._session = AbortableSession()

    def close(self) -> None:
        """End the request: the iteration raises `StreamInterrupted`, also where it is waiting."""
        self._session.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        """Send the request, and yield the events of the answer, `Finished` as the last.

        Raises `OpenRouterError` or a subclass: for a failing status and an `error` in a 200 alike;
        `StreamInterrupted` if the answer ends without a `finish_reason`; `AnswerTooLong` if one in one
        piece has more than `MAX_BODY_BYTES` bytes.
        """
        with self._session as session:
            try:
                yield from self._events(session)
            except OpenRouterError as error:
                if self._session.is_aborted:
                    raise StreamInterrupted from error
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
            content_at = self._clock()

            def chunks(at_most: int | None = None) -> Iterator[bytes]:
                for chunk in _chunks(response, at_most=at_most):
                    if self._clock() - content_at > MAX_SECONDS_WITHOUT_CONTENT:
                        raise NoContent
                    yield chunk

            if response.status_code != 200:
                body = b"".join(chunks(at_most=65_536))
                raise error_from_response(response.status_code, response.headers, body)
            # What came counts, not what was asked for: a proxy may have made one of the other.
            is_stream = "text/event-stream" in response.headers.get("Content-Type", "")
            for event in read_events((decode_events if is_stream else _whole)(chunks())):
                if isinstance(event, TextDelta | ReasoningDelta):
                    content_at = self._clock()
                yield event


def _whole(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield a body in one piece as the data of one event."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise AnswerTooLong
    yield body.decode(errors="replace")


def _chunks(response: requests.Response, *, at_most: int | None = None) -> Iterator[bytes]:
    """Yield the body as it arrives; stop at `at_most` bytes or in the chunk that passes them."""
    size = 0
    try:
        while chunk := response.raw.read1(65_536):
            yield chunk
            size += len(chunk)
            if at_most is not None and size >= at_most:
                return
    except urllib3.exceptions.ReadTimeoutError as error:
        raise StreamStalled from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StreamInterrupted from error
