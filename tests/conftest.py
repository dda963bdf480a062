"""A sandbox over real HTTP, for the tests that need no browser."""

from collections.abc import Iterator

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
    """The sandbox, with nothing asked of it yet."""
    _server.exchanges.clear()
    _server.completions.clear()
    _server.keys.clear()
    _server.keys[KEY] = Key("test")
    return _server
