"""Waiting for a stream that is read elsewhere, and lines that can be cut."""

import datetime
import ipaddress
import queue
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lib.openrouter.chat import ChatRequest, ChatStream, Event, Finished, TextDelta
from lib.openrouter.errors import Interrupted, OpenRouterError, TimedOut, Unreachable
from lib.openrouter.reader import Reader
from lib.openrouter.transport import Bearer, Line, send
from tests.conftest import KEY, RawServer, Served, http

A, B = TextDelta("a"), TextDelta("b")


class Script:
    """A stream that gives what it is told, raises the exceptions, and ends at `Finished`."""

    def __init__(self, *items: Event | Exception) -> None:
        self.items: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self.is_closed = threading.Event()
        self.has_ended = threading.Event()
        for item in items:
            self.items.put(item)

    def __iter__(self) -> Iterator[Event]:
        """Yield what comes."""
        while True:
            item = self.items.get(timeout=5)
            if isinstance(item, Exception):
                self.has_ended.set()
                raise item
            yield item
            if isinstance(item, Finished):
                self.has_ended.set()
                return

    def close(self) -> None:
        """End as a real stream does."""
        self.is_closed.set()
        self.items.put(Interrupted())


def ask(base_url: str, model: str = "m") -> ChatStream:
    """A stream of one question."""
    request = ChatRequest(model, [{"role": "user", "content": "Hello?"}])
    return ChatStream(base_url, KEY, request, timeout=(5, 5))


def take_all(reader: Reader) -> list[Event]:
    """Take until the end."""
    events: list[Event] = []
    while (batch := reader.take(5)) is not None:
        events += batch
    return events


# The reader


def test_silence() -> None:
    """Silence is an empty batch after the patience, and what comes later is not lost."""
    script = Script()
    with Reader(script) as reader:
        assert reader.take(0.01) == []
        script.items.put(A)
        assert reader.take(5) == [A]
        assert reader.take(0) == []


def test_batch() -> None:
    """All that has arrived comes in one batch, in its order; then None, as often as asked."""
    script = Script(A, B, A, Finished("stop"))
    with Reader(script) as reader:
        assert script.has_ended.wait(5)
        assert take_all(reader) == [A, B, A, Finished("stop")]
        assert reader.take(0) is None
        assert reader.take(0) is None


@pytest.mark.parametrize("error", [Interrupted(), OpenRouterError(status=502), ZeroDivisionError()])
def test_error(error: Exception) -> None:
    """What the stream raised is raised after what came before it, as often as asked."""
    script = Script(A, B, error)
    with Reader(script) as reader:
        assert script.has_ended.wait(5)
        came: list[Event] = []
        while len(came) < 2:
            came += reader.take(5) or []
        assert came == [A, B]
        for _ in range(2):
            with pytest.raises(type(error)) as raised:
                reader.take(5)
            assert raised.value is error


def test_leaving_closes() -> None:
    """Leaving the context closes the stream at once, also when an exception leaves it."""
    script = Script(A)
    with pytest.raises(KeyboardInterrupt), Reader(script):
        raise KeyboardInterrupt
    assert script.is_closed.is_set()
    assert script.has_ended.wait(1)


def test_real_stream(served: Served) -> None:
    """Through the reader a stream gives what it gives without."""
    expected = list(ask(served.base_url, "sandbox/tour"))
    with Reader(ask(served.base_url, "sandbox/tour")) as reader:
        came = take_all(reader)
    assert [event for event in came if isinstance(event, TextDelta)] == [
        event for event in expected if isinstance(event, TextDelta)
    ]
    assert came[-1] == expected[-1] == Finished("stop")


# The line


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


@pytest.mark.parametrize("way", [plainly, over_tls, by_proxy])
@pytest.mark.parametrize(
    ("response", "came"),
    [(b"", []), (CHUNKED, [A]), (http(CHUNK), [A])],
    ids=["before the headers", "in chunks", "to the end of the connection"],
)
def test_cut(
    raw_server: RawServer,
    request: pytest.FixtureRequest,
    way: Callable[[RawServer, bytes, pytest.FixtureRequest], str],
    response: bytes,
    came: list[Event],
) -> None:
    """Http, https or a proxy: a cut wakes the reader, and the other end sees that nobody listens."""
    with Reader(ask(way(raw_server, response, request))) as reader:
        assert raw_server.has_asked.wait(5)
        assert (reader.take(5) if came else []) == came
        assert not raw_server.has_left.is_set()
    assert raw_server.has_left.wait(1)
    with pytest.raises(Interrupted):
        reader.take(1)


def test_cut_line_opens_no_more(raw_server: RawServer) -> None:
    """Over a line that was cut nothing is sent any more, and cutting it again does nothing."""
    line = Line()
    line.cut()
    line.cut()
    with line.session, pytest.raises(Unreachable):
        send("GET", raw_server.serve(http(b"")), session=line.session, timeout=(5, 5))
    assert not raw_server.received


def test_cut_after_the_end(raw_server: RawServer) -> None:
    """A line whose answer has come already can be cut."""
    line = Line()
    with line.session:
        url = raw_server.serve(http(b"x"))
        assert send("GET", url, session=line.session, timeout=(5, 5)).content == b"x"
        line.cut()
    assert line.is_cut


# Requests


def test_silent_server(raw_server: RawServer) -> None:
    """A server that says nothing is asked once, for as long as the time-out says."""
    with pytest.raises(TimedOut):
        send("GET", raw_server.serve(b"", stays=True), timeout=(5, 0.1))
    assert len(raw_server.received) == 1


@pytest.mark.parametrize("response", [b"", b"no http\r\n\r\n"])
def test_broken_server(raw_server: RawServer, response: bytes) -> None:
    """A server that hangs up, or speaks something else, is asked once."""
    with pytest.raises(Unreachable):
        send("GET", raw_server.serve(response), timeout=(5, 5))
    assert len(raw_server.received) == 1


def test_redirect(raw_server: RawServer) -> None:
    """A redirect is an answer, and the key does not go where it leads."""
    url = raw_server.serve(http(b"", status="307 Elsewhere", more="Location: /there\r\n"))
    response = send("GET", url, auth=Bearer(KEY), timeout=(5, 5))
    assert response.status_code == 307
    assert len(raw_server.received) == 1


def test_bearer() -> None:
    """The key is in the header, and in no `repr`."""
    bearer = Bearer(KEY)
    request = requests.Request("GET", "http://localhost", auth=bearer).prepare()
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(bearer) + repr(request)
