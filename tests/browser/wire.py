"""A way to the app that is lost as phones and proxies lose it.

DevTools' offline mode does not cut a websocket that is open.
"""

import socket
import threading
import time
from contextlib import suppress
from typing import Self


class Wire:
    """A TCP front, at `port`, of the server at `to_port`."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self._is_down_until = 0.0
        self._sleeping: set[socket.socket] = set()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._listener)
        self._listener.close()
        self.cut()

    def cut(self, seconds: float = 0) -> None:
        """Break all connections; for so many seconds no new ones can be made."""
        self._is_down_until = time.monotonic() + seconds
        for end in self._ends:
            _shut(end)

    def fall_asleep(self) -> None:
        """Pass on nothing any more; a connection breaks when the browser sends something on it."""
        self._sleeping.update(self._ends)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if time.monotonic() < self._is_down_until:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.to_port))
                self._ends += [near, far]
                for ends, is_upward in (((near, far), True), ((far, near), False)):
                    arguments = (*ends, is_upward)
                    threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_upward: bool) -> None:
        with source, suppress(OSError):
            while data := source.recv(65_536):
                if source not in self._sleeping:
                    target.sendall(data)
                elif is_upward:
                    break
        _shut(target)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
