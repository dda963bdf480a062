"""Sending a completion, for as long as somebody listens."""

import asyncio
from contextlib import aclosing
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.completions import Completion, Cut


class Listened(Protocol):
    """Whatever counts the chat requests that are being answered."""

    open_streams: int


class Answer(Response):
    """A completion, in one piece or as a stream; it ends as soon as the client has gone."""

    def __init__(self, completion: Completion, count: Listened, *, streams: bool) -> None:
        super().__init__()
        self._completion, self._count, self._streams = completion, count, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Race the answer against the client's leaving."""
        self._count.open_streams += 1
        answering = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        except Cut:
            # An application that ends without ending its response: the server closes the socket.
            pass
        finally:
            self._count.open_streams -= 1
            self._completion.left()
            answering.cancel()
            leaving.cancel()

    async def _send(self, send: Send) -> None:
        if self._completion.never_answers:
            await asyncio.Event().wait()
        # No charset: a client has to know that an event stream is UTF-8.
        content_type = b"text/event-stream" if self._streams else b"application/json"
        headers = [(b"content-type", content_type)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        answer = self._completion.stream() if self._streams else self._completion.whole()
        async with aclosing(answer) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
