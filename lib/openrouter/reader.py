"""Read a stream in a thread of its own, so that whoever waits for it can do something else too."""

import queue
import threading
from types import TracebackType
from typing import Self

from lib.openrouter.chat import ChatStream, Event


class Reader:
    """Reads a `ChatStream` as a context manager; leaving it closes the stream at once."""

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream
        self._queue: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
        self._outcome: tuple[Exception | None] | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()

    def take(self, patience: float) -> list[Event] | None:
        """Return what has arrived: nothing after `patience` seconds of silence, None at the end.

        Raises what the stream raised, after what came before it has been taken.
        """
        events: list[Event] = []
        try:
            while self._outcome is None:
                item = self._queue.get_nowait() if events else self._queue.get(timeout=patience)
                if item is None or isinstance(item, Exception):
                    self._outcome = (item,)
                else:
                    events.append(item)
        except queue.Empty:
            return events
        if events:
            return events
        (error,) = self._outcome
        if error is not None:
            raise error
        return None

    def _read(self) -> None:
        try:
            for event in self._stream:
                self._queue.put(event)
        except Exception as error:  # noqa: BLE001 - whatever it was, who waits must hear of it
            self._queue.put(error)
        else:
            self._queue.put(None)
