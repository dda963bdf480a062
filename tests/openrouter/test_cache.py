"""A cache that fetches in the background."""

import threading
from collections.abc import Callable

from lib.openrouter.cache import Cache
from lib.openrouter.errors import OpenRouterError, Unreachable
from tests.support.waiting import wait_until

TIMEOUT_S = 5


class Fetches:
    """Fetches that a test lets end one by one, with a value or an error."""

    def __init__(self) -> None:
        self.now = 0.0
        self.begun = 0
        self.cache = Cache[str](lifetime=3_600, pause=30, clock=lambda: self.now)
        self._may_end = threading.Semaphore(0)
        self._outcomes: list[str | OpenRouterError] = []

    def get(self, timeout: float = 0) -> str | None:
        """Ask the cache for the value."""
        return self.cache.get("name", self._fetch, timeout=timeout)

    def _fetch(self) -> str:
        """Wait for the end of this fetch."""
        self.begun += 1
        assert self._may_end.acquire(timeout=TIMEOUT_S)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, OpenRouterError):
            raise outcome
        return outcome

    def end(self, outcome: str | OpenRouterError) -> None:
        """Let the oldest fetch end so."""
        self._outcomes.append(outcome)
        self._may_end.release()


def test_first_fetch() -> None:
    """All callers wait for the first fetch, and none begins another."""
    fetches = Fetches()
    assert fetches.get() is None
    fetches.end("a")
    for _ in range(3):
        assert fetches.get(TIMEOUT_S) == "a"
    fetches.now = 3_599
    assert fetches.get(TIMEOUT_S) == "a"
    assert fetches.begun == 1


def test_refresh() -> None:
    """After an hour the old value is returned until the new one arrives, also if that fails."""
    fetches = Fetches()
    fetches.end("a")
    fetches.get(TIMEOUT_S)
    fetches.now = 3_600
    assert fetches.get(TIMEOUT_S) == "a"
    fetches.end("b")
    wait_until(lambda: fetches.get() == "b")
    fetches.now = 7_200
    fetches.get()
    fetches.end(Unreachable())
    assert fetches.get(TIMEOUT_S) == "b"


def test_retry() -> None:
    """After a failure there is no value until the next attempt, after a pause, which blocks no caller."""
    fetches = Fetches()
    fetches.end(Unreachable())
    assert fetches.get(TIMEOUT_S) is None
    fetches.now = 30
    fetches.end("a")
    wait_until(lambda: fetches.get() == "a")
    assert fetches.begun == 2


def test_max_size() -> None:
    """The value that was not asked for the longest is dropped, and fetched again."""
    cache = Cache[str](max_size=2)
    fetched: list[str] = []

    def fetch(name: str) -> Callable[[], str]:
        return lambda: (fetched.append(name), name)[1]

    for name in "abacab":
        assert cache.get(name, fetch(name), timeout=TIMEOUT_S) == name
    assert fetched == ["a", "b", "c", "b"]
