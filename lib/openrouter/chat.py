"""Chat completions: a request in, typed events out, streamed or in one piece.

Follows https://openrouter.ai/docs/api-reference/chat-completion.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, Self, TypedDict

import requests
import urllib3

from .chunks import read_events
from .error_body import error_from_response
from .errors import (
    AnswerTooLong,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
)
from .events import Event, GeneratedImage, ReasoningDelta, TextDelta
from .sse import MAX_EVENT, ServerSentEvent, decode_events
from .transport import AbortableSession, Bearer, Timeout, send
from .untrusted import one_line


class ChatMessage(TypedDict):
    """One message of a request; its content is text, or a list of parts.

    Those of the assistant may carry the `images` that it generated, and the `annotations` of files
    that OpenRouter has parsed.
    """

    role: Literal["system", "user", "assistant"]
    content: str | list[dict[str, Any]]
    images: NotRequired[list[dict[str, Any]]]
    annotations: NotRequired[list[dict[str, Any]]]


@dataclass(frozen=True)
class ChatRequest:
    """The messages to send, the model, and the options.

    `instructions` are the system prompt. `fallbacks` are tried in order if `model` fails;
    `parameters` are further fields of the body, such as `temperature`; `web_search` lets the model
    search, which costs extra; `pdf_engine` reads PDFs (`cloudflare-ai` is free, `mistral-ocr`
    costs extra, `native` is the model itself). Without `stream`, the answer arrives in one piece.
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
        """Return the JSON body of the request, without the fields that are not set."""
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


CONTENT_TIMEOUT_S = 600.0
"""Seconds between two tokens of an answer; reasoning models may send none for minutes."""
MAX_ERROR_BYTES = 8_000_000
"""Bytes of an error response that are read; it may contain files that were parsed."""
STREAM_TIMEOUT: Timeout = (10, 60)
UNSTREAMED_TIMEOUT: Timeout = (10, CONTENT_TIMEOUT_S)
"""Streams send comments during reasoning; an answer in one piece is silent until it is complete."""


class Completion:
    """A chat completion; its events are the same whether it is streamed or in one piece.

    Each iteration sends the request again. `close`, which may be called from any thread at any
    time, and leaving the `with` block cancel the request at OpenRouter too, which with most
    providers stops the costs.
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
        """`headers` are additional headers (attribution); `clock` returns the time in seconds.

        `timeout` is `STREAM_TIMEOUT`, or `UNSTREAMED_TIMEOUT` if the request is not streamed.
        """
        self.is_streamed = request.stream
        self._url = f"{base_url}/api/v1/chat/completions"
        self._auth = Bearer(key)
        self._body = request.body()
        # A decompressor would delay events until it has a full block.
        self._headers = {"Accept-Encoding": "identity", **(headers or {})}
        self._timeout = timeout or (STREAM_TIMEOUT if request.stream else UNSTREAMED_TIMEOUT)
        self._clock = clock
        self._session = AbortableSession()

    def close(self) -> None:
        """Cancel the request: the iteration, even if blocked, raises `StreamInterrupted`."""
        self._session.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        """Send the request, and yield the events of the answer, `Finished` last.

        Raises `OpenRouterError` or a subclass, both for a status other than 200 and for an `error`
        in a 200; `StreamInterrupted` if the answer ends before it is complete; `AnswerTooLong` if
        an event, or an answer in one piece, exceeds `MAX_EVENT`.
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

            def chunks(max_bytes: int | None = None) -> Iterator[bytes]:
                for chunk in _chunks(response, max_bytes=max_bytes):
                    if self._clock() - content_at > CONTENT_TIMEOUT_S:
                        raise NoContent
                    yield chunk

            if response.status_code != 200:
                body = b"".join(chunks(max_bytes=MAX_ERROR_BYTES))
                raise error_from_response(response.status_code, response.headers, body)
            # Not by `stream` of the request: a proxy may have converted the response.
            is_stream = "text/event-stream" in response.headers.get("Content-Type", "")
            decoded = (decode_events if is_stream else _single_event)(chunks())
            generation = one_line(response.headers.get("X-Generation-Id"))
            for event in read_events(decoded, generation):
                if isinstance(event, TextDelta | ReasoningDelta | GeneratedImage):
                    content_at = self._clock()
                yield event


def _single_event(chunks: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    """Yield a complete body as the data of one event."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_EVENT:
            raise AnswerTooLong
    yield ServerSentEvent(body.decode(errors="replace"))


def _chunks(response: requests.Response, *, max_bytes: int | None = None) -> Iterator[bytes]:
    """Yield the body as it arrives; stop after the chunk that reaches `max_bytes`."""
    size = 0
    try:
        while chunk := response.raw.read1(65_536):
            yield chunk
            size += len(chunk)
            if max_bytes is not None and size >= max_bytes:
                return
    except urllib3.exceptions.ReadTimeoutError as error:
        raise StreamStalled from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StreamInterrupted from error
