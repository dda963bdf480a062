"""Servers on loopback, for the tests that need no browser."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email.message import Message
from http.client import parse_headers

import pytest

from sandbox.server import Key, Sandbox

KEY = "sk-or-v1-" + "0123456789abcdef" * 4


class Served(Sandbox):
    """A sandbox that is being served at `base_url`, with one `key` given out already."""

    base_url: str
    key: str = KEY


@pytest.fixture(scope="session")
def _server() -> Iterator[Served]:
    served = Served(chunk_seconds=0)
    with served.serve() as base_url:
        served.base_url = base_url
        yield served


@pytest.fixture
def served(_server: Served) -> Served:
    """The sandbox, without a request yet."""
    _server.exchanges.clear()
    _server.completions.clear()
    _server.keys.clear()
    _server.keys[KEY] = Key("test")
    return _server


class RawServer:
    """Responds to each request with the bytes that `serve` was given, whatever they are.

    `received` holds the headers of each request, `dropped` the number of bytes sent one by one;
    `has_asked` is set once a client has sent a whole request, `has_left` once it has gone.
    """

    def __init__(self, listener: socket.socket) -> None:
        self.received: list[Message] = []
        self.dropped = 0
        self.has_asked = threading.Event()
        self.has_left = threading.Event()
        self._listener = listener

    def serve(
        self,
        response: bytes,
        *,
        stays: bool = False,
        tls: ssl.SSLContext | None = None,
        drops: float = 0,
    ) -> str:
        """Respond from now on with these bytes, then close or stay; return the base URL.

        They are sent at once, or one by one, `drops` seconds apart.
        """
        arguments = (response, stays, tls, drops)
        threading.Thread(target=self._answer_all, args=arguments, daemon=True).start()
        return f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def _answer_all(
        self, response: bytes, stays: bool, tls: ssl.SSLContext | None, drops: float
    ) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(5)
                with tls.wrap_socket(connection, server_side=True) if tls else connection as line:
                    self._answer(line, response, stays, drops)

    def _answer(self, line: socket.socket, response: bytes, stays: bool, drops: float) -> None:
        with line.makefile("rb") as incoming:
            if not incoming.readline():
                return
            headers = parse_headers(incoming)
            incoming.read(int(headers.get("Content-Length", 0)))
            self.received.append(headers)
            self.has_asked.set()
            if drops:
                for byte in response:
                    line.sendall(bytes([byte]))
                    self.dropped += 1
                    time.sleep(drops)
            else:
                line.sendall(response)
            if stays:
                with contextlib.suppress(OSError):
                    incoming.read()
        self.has_left.set()


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """A server of any bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield RawServer(listener)
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes a blocked `accept`


def http(
    body: bytes, content_type: str = "text/event-stream", status: str = "200 OK", more: str = ""
) -> bytes:
    """A response that ends with its connection; `more` headers end in CR LF each."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{more}\r\n".encode() + body


NOT_THE_API = [
    b"<html>Welcome to the wifi</html>",
    b"",
    b"null",
    b"[1]",
    b'"text"',
    b"\xff",
    b"[" * 60_000,
]
"""Bodies that no endpoint of OpenRouter sends."""
