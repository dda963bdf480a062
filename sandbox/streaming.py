"""The response that sends a completion, until the client disconnects."""

import asyncio
from contextlib import aclosing
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.completions import Completion, ConnectionCut


class StreamCounter(Protocol):
    """Counts the chat requests whose responses are being sent, of a sandbox or of a key."""

    open_streams: int


class CompletionResponse(Response):
    """A completion, in one piece or as a stream, which ends when the client disconnects."""

    def __init__(
        self,
        completion: Completion,
        *counters: StreamCounter,
        streams: bool,
        timeout: float | None = None,
    ) -> None:
        super().__init__()
        self._completion, self._counters, self._streams = completion, counters, streams
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response until it is complete, the client disconnects, or the time is over."""
        for counter in self._counters:
            counter.open_streams += 1
        sending = asyncio.create_task(self._send(send))
        disconnecting = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait(
                (sending, disconnecting),
                timeout=self._timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if sending.done():
                sending.result()
        except ConnectionCut:
            # As the response is not completed, the server closes the socket.
            pass
        finally:
            for counter in self._counters:
                counter.open_streams -= 1
            self._completion.end()
            sending.cancel()
            disconnecting.cancel()

    async def _send(self, send: Send) -> None:
        if self._completion.never_responds:
            await asyncio.Event().wait()
        # Without a charset, as an event stream is always UTF-8.
        content_type = b"text/event-stream" if self._streams else b"application/json"
        generation = (b"x-generation-id", self._completion.id.encode())
        headers = [(b"content-type", content_type), generation]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = self._completion.stream() if self._streams else self._completion.body()
        async with aclosing(body) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
