"""The bounds of a sandbox that anybody may use."""

import gc
import threading
import time
import tracemalloc

import pytest
import requests

from sandbox import embedded
from sandbox.limits import PUBLIC, Limits
from sandbox.server import Sandbox
from tests.support.waiting import wait_until

CALLBACK = "http://localhost:3000/"


def approve(url: str, visitor: str = "192.0.2.1") -> str | None:
    """Approve a sign-in as a visitor; return the code, None if it is refused."""
    response = requests.post(
        f"{url}/auth",
        data={"callback_url": CALLBACK, "decision": "authorize"},
        headers={"X-Forwarded-For": visitor},
        allow_redirects=False,
        timeout=5,
    )
    assert response.status_code in (303, 429)
    return response.headers.get("Location", "").partition("code=")[2] or None


def new_key(url: str, visitor: str = "192.0.2.1") -> str:
    """Sign a visitor in; return the key."""
    code = approve(url, visitor)
    response = requests.post(f"{url}/api/v1/auth/keys", json={"code": code}, timeout=5)
    key: str = response.json()["key"]
    return key


def ask(url: str, key: str, model: str, question: str = "Hello?") -> requests.Response:
    """Ask a model, and return the response as soon as it begins."""
    body = {"model": model, "messages": [{"role": "user", "content": question}], "stream": True}
    return requests.post(
        f"{url}/api/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {key}"},
        stream=True,
        timeout=5,
    )


def test_sign_ins() -> None:
    """A visitor may sign in so many times, and all visitors together so many times more."""
    with Sandbox(limits=Limits(sign_ins=3, sign_ins_per_visitor=2)).serve() as url:
        assert [bool(approve(url, "192.0.2.1")) for _ in range(3)] == [True, True, False]
        assert [bool(approve(url, "192.0.2.2")) for _ in range(2)] == [True, False]


def test_streams() -> None:
    """A key gets so many answers at once, and all keys together so many more."""
    with Sandbox(limits=Limits(streams=3, streams_per_key=2)).serve() as url:
        one, other = new_key(url), new_key(url)
        open_streams = [ask(url, key, "sandbox/endless") for key in (one, one, other)]
        assert [response.status_code for response in open_streams] == [200, 200, 200]
        refused = ask(url, other, "sandbox/hello")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
        open_streams[0].close()
        wait_until(lambda: ask(url, other, "sandbox/hello").status_code == 200)
        assert ask(url, one, "sandbox/endless").status_code == 200
        for response in open_streams:
            response.close()


def test_longest_answer() -> None:
    """An answer without end is cut off."""
    with Sandbox(limits=Limits(stream_s=0.3)).serve() as url:
        response = ask(url, new_key(url), "sandbox/endless")
        began = time.monotonic()
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(response.iter_lines())
        assert time.monotonic() - began < 5


def test_body() -> None:
    """A request that is too large is refused."""
    with Sandbox(limits=Limits(body_bytes=1_000)).serve() as url:
        key = new_key(url)
        assert ask(url, key, "sandbox/hello", "x" * 2_000).status_code == 413
        assert ask(url, key, "sandbox/hello").status_code == 200


def test_lifetime() -> None:
    """After its lifetime nothing is held, also if nobody comes any more; a key is none then."""
    sandbox = Sandbox(limits=Limits(lifetime_s=0.5))
    held = (sandbox.codes, sandbox.keys, sandbox._visitors, sandbox._generations)
    with sandbox.serve() as url:
        approve(url)
        key = new_key(url)
        assert ask(url, key, "sandbox/hello").status_code == 200
        # Not by their length, which leaves out what is too old and still in memory.
        wait_until(lambda: not any(cache._Cache__data for cache in held))
        assert ask(url, key, "sandbox/hello").status_code == 401


def test_records() -> None:
    """A public sandbox does not hold what it was asked."""
    sandbox = Sandbox(limits=PUBLIC)
    with sandbox.serve() as url:
        ask(url, new_key(url), "sandbox/echo")
        assert not sandbox.completions
        assert not sandbox.exchanges


def held_bytes() -> int:
    """The memory that was taken since `tracemalloc` began, and is still in use."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_texts_are_forgotten() -> None:
    """What was asked and answered takes no memory once the answer has ended; its cost stays."""
    sandbox = Sandbox(limits=PUBLIC)
    with sandbox.serve() as url:
        key = new_key(url)
        tracemalloc.start()
        ask(url, key, "sandbox/echo", "x" * 3_000_000).close()
        wait_until(lambda: sandbox.open_streams == 0 and held_bytes() < 1_000_000)
        tracemalloc.stop()
        assert sandbox.keys[key].usage > 0


def test_public() -> None:
    """The sandbox in the app's process is bounded in every way."""
    unlimited = Limits()
    for name, value in vars(PUBLIC).items():
        assert value != getattr(unlimited, name), name
    assert PUBLIC.lifetime_s == 3_600


def test_embedded() -> None:
    """It starts once, and its consent leads to where the request says, or nowhere."""
    assert embedded.base_url() == embedded.base_url()
    form = {"callback_url": CALLBACK, "decision": "authorize", "state_return": "query"}
    location = embedded.decide(form, "192.0.2.1")
    assert location is not None
    assert location.startswith(f"{CALLBACK}?code=")
    assert embedded.decide({**form, "callback_url": "javascript:alert(1)"}, "192.0.2.1") is None


def test_separate() -> None:
    """A sandbox for attacks is another one than the visitors', and one at a time."""
    entered = threading.Event()

    def enter() -> None:
        with embedded.separate():
            entered.set()

    second = threading.Thread(target=enter)
    with embedded.separate() as url:
        assert url != embedded.base_url()
        second.start()
        assert not entered.wait(0.5)
    assert entered.wait(10)
    second.join()
