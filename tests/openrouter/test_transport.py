"""Requests, and sessions that can be aborted."""

import gzip
import queue
import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import requests

from lib.openrouter.account import get_account
from lib.openrouter.chat import Completion
from lib.openrouter.errors import (
    ConnectionLost,
    InvalidResponse,
    OpenRouterError,
    StreamInterrupted,
    TimedOut,
    Unreachable,
)
from lib.openrouter.events import Event, TextDelta
from lib.openrouter.generation import get_usage
from lib.openrouter.models import get_models
from lib.openrouter.request import ChatRequest
from lib.openrouter.transport import MAX_BODY_BYTES, AbortableSession, Bearer, fetch, get_data, send
from tests.conftest import KEY, NOT_THE_API, RawServer, http
from tests.support.certificates import write_certificate


def ask(base_url: str, model: str = "m") -> Completion:
    """A stream of one question."""
    request = ChatRequest(model, [{"role": "user", "content": "Hello?"}])
    return Completion(base_url, KEY, request, timeout=(5, 5))


# The session


CHUNK = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
CHUNKED = http(b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK), more="Transfer-Encoding: chunked\r\n")


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The context of a server at 127.0.0.1 whose certificate the process trusts."""
    certificate, key = write_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def plainly(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve over http."""
    return server.serve(response, stays=True)


def over_tls(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve over https."""
    return server.serve(response, stays=True, tls=request.getfixturevalue("tls"))


def by_proxy(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve as the proxy to a host that does not exist."""
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv("http_proxy", server.serve(response, stays=True))
    monkeypatch.setenv("no_proxy", "")
    return "http://host.invalid"


def by_tls_proxy(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve over https behind a proxy that is itself reached over TLS."""
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    tls: ssl.SSLContext = request.getfixturevalue("tls")
    listener = socket.create_server(("127.0.0.1", 0))
    request.addfinalizer(listener.close)
    threading.Thread(target=relay, args=(listener, tls), daemon=True).start()
    monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{listener.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "")
    return server.serve(response, stays=True, tls=tls)


def relay(listener: socket.socket, tls: ssl.SSLContext) -> None:
    """Answer one CONNECT over TLS, and relay both directions until one end closes."""
    with tls.wrap_socket(listener.accept()[0], server_side=True) as near:
        request = near.recv(65_536)
        assert request.startswith(b"CONNECT ")
        assert request.endswith(b"\r\n\r\n")
        host, port = request.split()[1].decode().split(":")
        near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with socket.create_connection((host, int(port))) as far, suppress(OSError):
            while True:
                ready = [near] if near.pending() else select.select([near, far], [], [], 5)[0]
                for source, target in ((near, far), (far, near)):
                    if source in ready:
                        data = source.recv(65_536)
                        if not data:
                            return
                        target.sendall(data)


@pytest.mark.parametrize("way", [plainly, over_tls, by_proxy, by_tls_proxy])
@pytest.mark.parametrize(
    ("response", "came"),
    [(b"", ""), (CHUNKED, "a"), (http(CHUNK), "a")],
    ids=["before the headers", "in chunks", "to the end of the connection"],
)
def test_abort(
    raw_server: RawServer,
    request: pytest.FixtureRequest,
    way: Callable[[RawServer, bytes, pytest.FixtureRequest], str],
    response: bytes,
    came: str,
) -> None:
    """Http, https or a proxy: an abort wakes the reader, and the server sees the connection end."""
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    stream = ask(way(raw_server, response, request))

    def read() -> None:
        with suppress(StreamInterrupted):
            for event in stream:
                events.put(event)
        events.put(None)

    threading.Thread(target=read, daemon=True).start()
    assert raw_server.has_asked.wait(5)
    if came:
        assert events.get(timeout=5) == TextDelta(came)
    assert not raw_server.has_left.is_set()
    stream.close()
    assert raw_server.has_left.wait(1)
    assert events.get(timeout=1) is None


def test_request_after_abort(raw_server: RawServer) -> None:
    """An aborted session sends nothing more, and can be aborted again."""
    session = AbortableSession()
    session.abort()
    session.abort()
    with session, pytest.raises(Unreachable):
        send("GET", raw_server.serve(http(b"")), session=session, timeout=(5, 5))
    assert not raw_server.received


def test_abort_after_the_end(raw_server: RawServer) -> None:
    """A session whose response is complete can be aborted."""
    session = AbortableSession()
    with session:
        url = raw_server.serve(http(b"x"))
        assert send("GET", url, session=session, timeout=(5, 5)).content == b"x"
        session.abort()
    assert session.is_aborted


# Requests


HALF = http(b'{"data":', more="Content-Length: 20\r\n")
ENDLESS = http(b'{"data":')


@pytest.mark.parametrize("response", [b"", HALF, ENDLESS])
def test_silent_server(raw_server: RawServer, response: bytes) -> None:
    """A response that does not begin, or stops in the middle, times out after one request."""
    with pytest.raises(TimedOut):
        fetch("GET", raw_server.serve(response, stays=True), timeout=(5, 0.1))
    assert len(raw_server.received) == 1


@pytest.mark.parametrize("response", [b"", b"no http\r\n\r\n", HALF])
def test_broken_server(raw_server: RawServer, response: bytes) -> None:
    """A connection that ends without a whole response is lost, after one request."""
    with pytest.raises(ConnectionLost):
        fetch("GET", raw_server.serve(response), timeout=(5, 5))
    assert len(raw_server.received) == 1


def test_body_beyond_the_limit(raw_server: RawServer) -> None:
    """A body that does not end is read up to the limit, and raises `InvalidResponse`."""
    url = raw_server.serve(http(b" " * (MAX_BODY_BYTES + 1), "application/json"))
    with pytest.raises(InvalidResponse):
        fetch("GET", url, timeout=(5, 5))


def test_compressed(raw_server: RawServer) -> None:
    """A body may come compressed."""
    body = http(gzip.compress(b'{"data": 1}'), more="Content-Encoding: gzip\r\n")
    assert get_data(raw_server.serve(body), timeout=(5, 5)) == 1


def test_body_in_drops(raw_server: RawServer) -> None:
    """A body that trickles in times out too, though it is never silent for long."""
    answer = http(b" " * 200, more="Content-Length: 200\r\n")
    url = raw_server.serve(answer, drops=0.01)
    with pytest.raises(TimedOut):
        fetch("GET", url, timeout=(0.2, 0.2))
    assert raw_server.dropped < len(answer)


@pytest.mark.parametrize("body", NOT_THE_API)
def test_not_the_api(raw_server: RawServer, body: bytes) -> None:
    """A 200 without `data` raises `InvalidResponse`."""
    with pytest.raises(InvalidResponse):
        get_data(raw_server.serve(http(body, "application/json")), timeout=(5, 5))


@pytest.mark.parametrize("data", [b"null", b"[]", b"5"])
@pytest.mark.parametrize(
    "get",
    [
        get_models,
        partial(get_account, key=KEY),
        partial(get_usage, key=KEY, generation="gen-a"),
    ],
    ids=["models", "account", "usage"],
)
def test_other_data(raw_server: RawServer, get: Callable[[str], object], data: bytes) -> None:
    """A 200 whose `data` is not what was requested raises `InvalidResponse`."""
    with pytest.raises(InvalidResponse):
        get(raw_server.serve(http(b'{"data":%b}' % data, "application/json")))


@pytest.mark.parametrize("status", [307, 403, 503])
def test_status(raw_server: RawServer, status: int) -> None:
    """Any other status than 200 is an error that carries it; a redirect is not followed."""
    response = http(b"<html>", status=f"{status} Oh", more="Location: /\r\nRetry-After: 7\r\n")
    with pytest.raises(OpenRouterError) as raised:
        get_data(raw_server.serve(response), timeout=(5, 5))
    assert (raised.value.status, raised.value.retry_after) == (status, 7)
    assert len(raw_server.received) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://openrouter..ai"])
def test_unreachable(url: str) -> None:
    """A refused connection, or a host that is none, raises `Unreachable` itself."""
    with pytest.raises(Unreachable) as raised:
        send("GET", url, timeout=(5, 5))
    assert type(raised.value) is Unreachable


def test_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a file of certificates that is not there."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/corporate-ca.pem")
    with pytest.raises(Unreachable):
        send("GET", "https://127.0.0.1:9", timeout=(5, 5))


@pytest.mark.parametrize(("auth", "header"), [({}, None), ({"auth": Bearer(KEY)}, f"Bearer {KEY}")])
def test_netrc(
    raw_server: RawServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    auth: dict[str, Bearer],
    header: str | None,
) -> None:
    """A password for the host in `.netrc` is not sent, with a key or without one."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    send("GET", raw_server.serve(http(b"")), timeout=(5, 5), **auth)
    (headers,) = raw_server.received
    assert headers["Authorization"] == header


def test_no_key_in_repr() -> None:
    """The key is in no `repr`."""
    bearer = Bearer(KEY)
    request = requests.Request("GET", "http://localhost", auth=bearer).prepare()
    assert KEY not in repr(bearer) + repr(request)
