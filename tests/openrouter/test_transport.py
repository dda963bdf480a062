"""Requests, and sessions that can be aborted."""

import datetime
import gzip
import ipaddress
import queue
import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lib.openrouter.chat import ChatRequest, Completion
from lib.openrouter.errors import (
    ConnectionLost,
    InvalidResponse,
    OpenRouterError,
    StreamInterrupted,
    TimedOut,
    Unreachable,
)
from lib.openrouter.events import Event, TextDelta
from lib.openrouter.transport import MAX_BODY_BYTES, AbortableSession, Bearer, fetch, get_data, send
from tests.conftest import KEY, NOT_THE_API, RawServer, http


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
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def plainly(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve over http."""
    return server.serve(response, stays=True)


def over_tls(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve over https."""
    return server.serve(response, stays=True, tls=request.getfixturevalue("tls"))


def by_proxy(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve as the proxy to a host that there is not."""
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv("http_proxy", server.serve(response, stays=True))
    monkeypatch.setenv("no_proxy", "")
    return "http://host.invalid"


def by_tls_proxy(server: RawServer, response: bytes, request: pytest.FixtureRequest) -> str:
    """Serve over https behind a proxy that is itself spoken to over TLS."""
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    tls: ssl.SSLContext = request.getfixturevalue("tls")
    listener = socket.create_server(("127.0.0.1", 0))
    request.addfinalizer(listener.close)
    threading.Thread(target=relay, args=(listener, tls), daemon=True).start()
    monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{listener.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "")
    return server.serve(response, stays=True, tls=tls)


def relay(listener: socket.socket, tls: ssl.SSLContext) -> None:
    """Answer one CONNECT over TLS, and pass on what either end sends until one leaves."""
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


def test_silent_server(raw_server: RawServer) -> None:
    """A server that says nothing is asked once, for as long as the time-out says."""
    with pytest.raises(TimedOut):
        send("GET", raw_server.serve(b"", stays=True), timeout=(5, 0.1))
    assert len(raw_server.received) == 1


@pytest.mark.parametrize("response", [b"", b"no http\r\n\r\n"])
def test_broken_server(raw_server: RawServer, response: bytes) -> None:
    """A server that hangs up, or speaks something else, is asked once."""
    with pytest.raises(ConnectionLost):
        send("GET", raw_server.serve(response), timeout=(5, 5))
    assert len(raw_server.received) == 1


def test_body_beyond_the_limit(raw_server: RawServer) -> None:
    """A body that does not end is read up to the limit, and is no answer."""
    url = raw_server.serve(http(b" " * (MAX_BODY_BYTES + 1), "application/json"))
    with pytest.raises(InvalidResponse):
        fetch("GET", url, timeout=(5, 5))


def test_compressed(raw_server: RawServer) -> None:
    """A body may come compressed."""
    body = http(gzip.compress(b'{"data": 1}'), more="Content-Encoding: gzip\r\n")
    assert get_data(raw_server.serve(body), timeout=(5, 5)) == 1


@pytest.mark.parametrize("more", ["", "Content-Length: 20\r\n"])
def test_body_that_does_not_come(raw_server: RawServer, more: str) -> None:
    """A body that stops in the middle is one that took too long."""
    url = raw_server.serve(http(b'{"data":', more=more), stays=True)
    with pytest.raises(TimedOut):
        fetch("GET", url, timeout=(5, 0.1))


def test_body_in_drops(raw_server: RawServer) -> None:
    """A body that is never silent for long, and never whole, takes too long too."""
    answer = http(b" " * 200, more="Content-Length: 200\r\n")
    url = raw_server.serve(answer, drops=0.01)
    with pytest.raises(TimedOut):
        fetch("GET", url, timeout=(0.2, 0.2))
    assert raw_server.dropped < len(answer)


def test_body_that_breaks_off(raw_server: RawServer) -> None:
    """A body that is shorter than it said is no answer."""
    url = raw_server.serve(http(b'{"data":', more="Content-Length: 20\r\n"))
    with pytest.raises(ConnectionLost):
        fetch("GET", url, timeout=(5, 5))


@pytest.mark.parametrize("body", NOT_THE_API)
def test_not_the_api(raw_server: RawServer, body: bytes) -> None:
    """A 200 without `data` is an error of ours."""
    with pytest.raises(InvalidResponse):
        get_data(raw_server.serve(http(body, "application/json")), timeout=(5, 5))


@pytest.mark.parametrize("status", [307, 403, 503])
def test_status(raw_server: RawServer, status: int) -> None:
    """Any other status than 200 is an error that carries it; a redirect is not followed."""
    response = http(b"<html>", status=f"{status} Oh", more="Location: /\r\nRetry-After: 7\r\n")
    with pytest.raises(OpenRouterError) as raised:
        get_data(raw_server.serve(response), timeout=(5, 5))
    assert (raised.value.status, raised.value.retry_after) == (status, 7)
    assert len(raw_server.received) == 1


def test_unreachable() -> None:
    """Where nobody listens, there is no answer."""
    with pytest.raises(Unreachable) as raised:
        send("GET", "http://127.0.0.1:9", timeout=(5, 5))
    assert type(raised.value) is Unreachable


@pytest.mark.parametrize(("auth", "header"), [({}, None), ({"auth": Bearer(KEY)}, f"Bearer {KEY}")])
def test_netrc(
    raw_server: RawServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    auth: dict[str, Bearer],
    header: str | None,
) -> None:
    """A password for the host in `.netrc` is not sent, be it in a key's place or without one."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    send("GET", raw_server.serve(http(b"")), timeout=(5, 5), **auth)
    (headers,) = raw_server.received
    assert headers["Authorization"] == header


def test_no_key_in_repr() -> None:
    """The key stands in no `repr`."""
    bearer = Bearer(KEY)
    request = requests.Request("GET", "http://localhost", auth=bearer).prepare()
    assert KEY not in repr(bearer) + repr(request)
