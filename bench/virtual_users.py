"""Virtual users, which chat over raw websockets: many at once, without browsers.

They send the protobuf messages that Streamlit's front end sends, and read every message.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Self, TypeVar

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench import workload
from bench.servers import Server, sign_in_cookie
from bench.upstream import Question

Result = TypeVar("Result")
_TAG = re.compile(r"<[^>]*>")
RUN_TIMEOUT_S = 120
"""Seconds that one run of a page may take."""
MAX_CONNECTING = 10
"""Users that connect at the same time."""


class VirtualUser:
    """A user with the chat page of an app open."""

    def __init__(self, connection: ClientConnection, app: Server) -> None:
        self._connection, self._app = connection, app
        self._chat_input_id = ""
        self._texts: dict[tuple[int, ...], str] = {}
        self.asked_at = self.first_token_at = self.complete_at = float("inf")
        """When the last question was sent, and its answer began and was complete."""

    @classmethod
    async def connect(cls, app: Server) -> Self:
        """Open the page, signed in, and wait until its first run has finished."""
        url = f"{app.url.replace('http', 'ws', 1)}_stcore/stream"
        headers = {"Cookie": "=".join(sign_in_cookie(app))}
        connection = await connect(
            url,
            additional_headers=headers,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            compression=None,
            max_size=None,
            ping_interval=None,
        )
        user = cls(connection, app)
        await user._run(BackMsg())
        return user

    async def ask(self, question: Question) -> None:
        """Send a question, and read until the run that shows the answer has finished."""
        message = BackMsg()
        widget = message.rerun_script.widget_states.widgets.add(id=self._chat_input_id)
        widget.chat_input_value.data = str(question)
        self._texts.clear()
        self.asked_at = time.time()
        self.first_token_at = self.complete_at = float("inf")
        with suppress(WebSocketException, TimeoutError):
            await self._run(message)

    async def ask_and_interrupt(
        self, question: Question, interrupt: Callable[[], Awaitable[None]]
    ) -> None:
        """Send a question, and call `interrupt` once the answer has begun."""
        asking = asyncio.create_task(self.ask(question))
        await asyncio.sleep(0)
        while not asking.done() and self.first_token_at == float("inf"):
            await asyncio.sleep(0.01)
        await interrupt()
        await asking

    async def stop(self) -> None:
        """Stop the script."""
        await self._connection.send(BackMsg(stop_script=True).SerializeToString())

    def has_complete_answer(self, question: Question) -> bool:
        """Return whether the complete answer to a question was received."""
        shown = "".join(self._texts[path] for path in sorted(self._texts))
        return workload.is_complete(question.kind, question.size, shown)

    async def disconnect(self) -> None:
        """Close the page."""
        await self._connection.close()

    async def _run(self, message: BackMsg) -> None:
        message.rerun_script.page_name = self._app.page
        message.rerun_script.context_info.url = f"{self._app.url}{self._app.page}"
        await self._connection.send(message.SerializeToString())
        async with asyncio.timeout(RUN_TIMEOUT_S):
            async for received in self._connection:
                assert isinstance(received, bytes)
                forward = ForwardMsg.FromString(received)
                self._read(forward)
                if forward.WhichOneof("type") == "script_finished" and (
                    forward.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
                ):
                    return
        raise WebSocketException("The server closed the connection")

    def _read(self, forward: ForwardMsg) -> None:
        match forward.WhichOneof("type"):
            case "delta":
                element = forward.delta.new_element
                match element.WhichOneof("type"):
                    case "chat_input":
                        self._chat_input_id = element.chat_input.id
                    case "markdown":  # of the baseline
                        self._read_text(forward, element.markdown.body)
                    case "html":
                        self._read_text(forward, _TAG.sub("", element.html.body))

    def _read_text(self, forward: ForwardMsg, text: str) -> None:
        self._texts[tuple(forward.metadata.delta_path)] = text
        now = time.time()
        if workload.FIRST_TOKEN in text:
            self.first_token_at = min(now, self.first_token_at)
        if workload.END_MARK in text:
            self.complete_at = min(now, self.complete_at)


async def connect_users(app: Server, count: int) -> list[VirtualUser]:
    """Connect `count` users, `MAX_CONNECTING` at a time."""
    semaphore = asyncio.Semaphore(MAX_CONNECTING)

    async def connect_one() -> VirtualUser:
        async with semaphore:
            return await VirtualUser.connect(app)

    return list(await asyncio.gather(*(connect_one() for _ in range(count))))


async def disconnect_users(users: list[VirtualUser]) -> None:
    """Disconnect users."""
    await asyncio.gather(*(user.disconnect() for user in users))


def run_in_thread(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a new thread: Playwright's event loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
