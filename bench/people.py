"""People who chat over raw websockets, in Streamlit's own messages: many at once, without browsers.

The server cannot tell them from a browser: they send what its front end sends, and read all.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Self, TypeVar

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench import texts
from bench.servers import Server, cookie
from bench.upstream import Question

Result = TypeVar("Result")
PERSON_TIMEOUT_S = 120
"""Seconds for one run of a page, and seconds of silence, after which somebody gives up."""


class Person:
    """Somebody with the chat page of an app open."""

    def __init__(self, connection: ClientConnection, app: Server) -> None:
        self._connection, self._app = connection, app
        self._field = ""
        self._markdown: dict[tuple[int, ...], str] = {}
        self.asked = self.first_token = self.whole = float("inf")
        """When the last question was sent, its answer began, and all of it was there."""

    @classmethod
    async def arrive(cls, app: Server) -> Self:
        """Open the page, signed in, and wait until it stands there."""
        address = f"{app.url.replace('http', 'ws', 1)}_stcore/stream"
        headers = {"Cookie": "=".join(cookie(app))}
        connection = await connect(
            address,
            additional_headers=headers,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            compression=None,
            max_size=None,
            ping_interval=None,
        )
        person = cls(connection, app)
        await person._run(BackMsg())
        return person

    async def ask(self, question: Question) -> None:
        """Send a question, and read until the answer is there and the page at rest."""
        message = BackMsg()
        widget = message.rerun_script.widget_states.widgets.add(id=self._field)
        widget.chat_input_value.data = str(question)
        self._markdown.clear()
        self.asked, self.first_token, self.whole = time.time(), float("inf"), float("inf")
        with suppress(WebSocketException, TimeoutError):
            await self._run(message)

    async def break_off(self, question: Question, how: Callable[[], Awaitable[None]]) -> None:
        """Ask, and once the answer has begun end it so."""
        asking = asyncio.create_task(self.ask(question))
        await asyncio.sleep(0)
        while not asking.done() and self.first_token == float("inf"):
            await asyncio.sleep(0.01)
        await how()
        await asking

    async def stop(self) -> None:
        """Press Stop."""
        await self._connection.send(BackMsg(stop_script=True).SerializeToString())

    def has_whole(self, question: Question) -> bool:
        """Tell whether the answer to a question is whole in what was painted."""
        shown = "".join(self._markdown[path] for path in sorted(self._markdown))
        return texts.is_whole(question.kind, question.size, shown)

    async def leave(self) -> None:
        """Close the page."""
        await self._connection.close()

    async def _run(self, message: BackMsg) -> None:
        message.rerun_script.page_name = self._app.page
        message.rerun_script.context_info.url = f"{self._app.url}{self._app.page}"
        await self._connection.send(message.SerializeToString())
        async with asyncio.timeout(PERSON_TIMEOUT_S):
            async for received in self._connection:
                assert isinstance(received, bytes)
                forward = ForwardMsg.FromString(received)
                self._read(forward)
                if forward.WhichOneof("type") == "script_finished" and (
                    forward.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
                ):
                    return
        raise WebSocketException("The server has gone")

    def _read(self, forward: ForwardMsg) -> None:
        match forward.WhichOneof("type"):
            case "delta":
                element = forward.delta.new_element
                match element.WhichOneof("type"):
                    case "chat_input":
                        self._field = element.chat_input.id
                    case "markdown":
                        path = tuple(forward.metadata.delta_path)
                        self._markdown[path] = element.markdown.body
                        now = time.time()
                        if texts.FIRST in element.markdown.body:
                            self.first_token = min(now, self.first_token)
                        if texts.LAST in element.markdown.body:
                            self.whole = min(now, self.whole)


async def arrive(app: Server, count: int) -> list[Person]:
    """Let so many people open the page, ten at a time."""
    door = asyncio.Semaphore(10)

    async def one() -> Person:
        async with door:
            return await Person.arrive(app)

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def leave(people: list[Person]) -> None:
    """Let them all go."""
    await asyncio.gather(*(person.leave() for person in people))


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it in a thread of its own: Playwright has this thread's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
