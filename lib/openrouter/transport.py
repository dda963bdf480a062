"""HTTP requests whose failures are `OpenRouterError`, and a session that can be aborted."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError
from urllib3.util.ssltransport import SSLTransport

from .error_body import error_from_response
from .errors import (
    ConnectionLost,
    ConnectTimedOut,
    InvalidResponse,
    TimedOut,
    Unreachable,
)
from .untrusted import parse_json

Timeout = tuple[float, float]
"""Seconds to connect, and seconds between two reads."""


class Bearer(requests.auth.AuthBase):
    """`Authorization: Bearer …`, which `.netrc` does not override and `repr` does not show."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def send(
    method: str,
    url: str,
    *,
    timeout: Timeout,
    session: requests.Session | None = None,
    **arguments: Any,
) -> requests.Response:
    """Send one request, without following redirects, and return the response of any status.

    Raises `Unreachable` or a subclass, or `TimedOut`, if there is no response.
    """
    request = session.request if session else requests.request
    arguments.setdefault("auth", _anonymous)
    try:
        return request(method, url, timeout=timeout, allow_redirects=False, **arguments)
    except requests.ConnectTimeout as error:
        raise ConnectTimedOut from error
    except requests.Timeout as error:
        raise TimedOut from error
    except requests.ConnectionError as error:
        # urllib3 raises MaxRetryError if the connection failed, and another error if it was lost.
        could_not_connect = isinstance(error.args[0], MaxRetryError)
        raise (Unreachable if could_not_connect else ConnectionLost) from error
    except requests.RequestException as error:
        raise ConnectionLost from error
    except (HTTPError, OSError) as error:  # a host or a REQUESTS_CA_BUNDLE that is none
        raise Unreachable from error


@dataclass(frozen=True)
class Response:
    """A complete response of any status."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def fetch(method: str, url: str, *, timeout: Timeout, **arguments: Any) -> Response:
    """Send one request, and read the complete response.

    Raises what `send` raises, `InvalidResponse` if it exceeds `MAX_BODY_BYTES`, and `TimedOut` also
    if it takes longer than twice the timeouts in total, as a slow response may.
    """
    ends_at = time.monotonic() + 2 * sum(timeout)
    body = b""
    with send(method, url, timeout=timeout, stream=True, **arguments) as response:
        try:
            # Not `iter_content`: it waits for a full chunk, so a slow response never times out.
            while chunk := response.raw.read1(65_536, decode_content=True):
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise InvalidResponse(status=response.status_code)
                if time.monotonic() > ends_at:
                    raise TimedOut
        except ReadTimeoutError as error:
            raise TimedOut from error
        except (HTTPError, OSError) as error:
            raise ConnectionLost from error
        return Response(response.status_code, response.headers, body)


MAX_BODY_BYTES = 20_000_000
"""Bytes of a response that is not a stream; the catalogue has about 1 MB, an image several."""


def get_data(url: str, *, timeout: Timeout, **arguments: Any) -> Any:
    """Fetch the `data` of a response.

    Raises what `fetch` raises, `InvalidResponse` if there is no `data`, or the error of
    `error_from_response` for any status but 200.
    """
    response = fetch("GET", url, timeout=timeout, **arguments)
    if response.status != 200:
        raise error_from_response(response.status, response.headers, response.body)
    try:
        return parse_json(response.body)["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidResponse(status=200) from error


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials, not even those of `.netrc`."""
    return request


class AbortableSession(requests.Session):
    """A session that another thread can abort at any time, even before a response has begun.

    `requests` gives no access to the connection of a request whose response has not begun, so
    connections are recorded as they open.
    """

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(self._record))
        self.is_aborted = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def _record(self, connection: HTTPConnection) -> None:
        with self._lock:
            if self.is_aborted:
                connection.close()
                raise ConnectionAbortedError
            # The socket: a connection drops it if the response lasts until the connection ends.
            opened: Any = connection.sock
            if isinstance(opened, SSLTransport):  # TLS to the host within TLS to a proxy
                opened = opened.socket
            assert isinstance(opened, socket.socket)
            self._sockets.append(opened)

    def abort(self) -> None:
        """Shut the sockets down, so that a read that blocks another thread raises an error."""
        with self._lock:
            self.is_aborted = True
            for opened in self._sockets:
                # Not ssl's method, which would discard the TLS state that the reader uses.
                # OSError: the socket is closed already.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    def __init__(self, on_open: Callable[[HTTPConnection], None]) -> None:
        self._on_open = on_open
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._set_pool_classes(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._set_pool_classes(manager)
        return manager

    def _set_pool_classes(self, manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = {
            scheme: _notifying_pool(pool, self._on_open)
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def _notifying_pool(
    pool: type[HTTPConnectionPool], on_open: Callable[[HTTPConnection], None]
) -> type[HTTPConnectionPool]:
    class Connection(pool.ConnectionCls):  # type: ignore[name-defined,misc]
        def connect(self) -> None:
            super().connect()
            on_open(self)

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})
