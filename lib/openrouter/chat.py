"""Chat completions: a request in, typed events out, streamed or in one piece.

Follows https://openrouter.ai/docs/api-reference/chat-completion.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Self

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
from .request import ChatRequest
from .sse import MAX_EVENT, ServerSentEvent, decode_events
from .transport import AbortableSession, Bearer, Timeout, send
from .untrusted import one_line

CONTENT_TIMEOUT_S = 600.0
"""Seconds between two tokens of an answer; reasoning models may send none for minutes."""
ROUTING_HEADER = {"X-OpenRouter-Metadata": "enabled"}
"""Asks for `openrouter_metadata` in the last chunk: which providers were tried."""
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
        self._headers = {"Accept-Encoding": "identity", **ROUTING_HEADER, **(headers or {})}
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
            body_chunks = chunks()
            is_stream = "text/event-stream" in response.headers.get("Content-Type", "").lower()
            if not is_stream:
                first = next(body_chunks, b"")
                is_stream = first.lstrip().startswith((b"data:", b"event:", b":"))
                body_chunks = chain([first], body_chunks)
            decoded = (decode_events if is_stream else _single_event)(body_chunks)
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
    yield ServerSentEvent(body.decode("utf-8-sig", errors="replace"))


def _chunks(response: requests.Response, *, max_bytes: int | None = None) -> Iterator[bytes]:
    """Yield the body as it arrives; stop after the chunk that reaches `max_bytes`."""
    size = 0
    try:
        while chunk := response.raw.read1(65_536, decode_content=True):
            yield chunk
            size += len(chunk)
            if max_bytes is not None and size >= max_bytes:
                return
    except urllib3.exceptions.ReadTimeoutError as error:
        raise StreamStalled from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StreamInterrupted from error
