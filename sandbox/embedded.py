"""The sandbox inside the process of an app, for visitors without an account.

Its HTTP server listens on a loopback port in a thread, until the process ends.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import requests

from sandbox.limits import PUBLIC
from sandbox.server import Sandbox

_server = ExitStack()
_lock, _separate_lock = threading.Lock(), threading.Lock()
_url = ""


def base_url() -> str:
    """Return the base URL of the process's sandbox, which the first call starts."""
    global _url
    with _lock:
        if not _url:
            _url = _server.enter_context(Sandbox(limits=PUBLIC).serve())
    return _url


@contextmanager
def separate() -> Iterator[str]:
    """Serve a sandbox that nobody else uses, one at a time in the process; yield its base URL."""
    with _separate_lock, Sandbox().serve() as url:
        yield url


def decide(form: dict[str, str], visitor: str) -> str | None:
    """Press a button of the consent page, and return where it leads; None if it is refused.

    `form` has the authorization request and the fields of sandbox/consent.py, `visitor` is an IP
    address. None for a request that is not valid, or if too many sign-ins were begun.
    """
    response = requests.post(
        f"{base_url()}/auth",
        data=form,
        headers={"X-Forwarded-For": visitor},
        allow_redirects=False,
        timeout=10,
    )
    return response.headers.get("Location") if response.status_code == 303 else None
