"""A cache whose values are fetched in the background."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from .errors import OpenRouterError

V = TypeVar("V")


class Cache(Generic[V]):
    """Values by name, each fetched again when it is `lifetime` seconds old.

    Callers wait only for the first fetch; a later one runs in the background, and until it ends
    they get the previous value. After a failure, the next fetch is made `pause` seconds later. Of
    more than `max_size` values the one that was not asked for the longest is dropped.
    """

    def __init__(
        self,
        *,
        max_size: int = 1,
        lifetime: float = 3_600,
        pause: float = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_size, self._lifetime, self._pause = max_size, lifetime, pause
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry[V]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: Hashable, fetch: Callable[[], V], *, timeout: float = 0) -> V | None:
        """Return a value, or None if its first fetch fails or takes more than `timeout` seconds.

        `fetch` raises `OpenRouterError` if it fails.
        """
        with self._lock:
            entry = self._entries.setdefault(name, _Entry())
            self._entries.move_to_end(name)
            if len(self._entries) > self._max_size:
                self._entries.popitem(last=False)
            if not entry.is_fetching and self._clock() >= entry.due_at:
                entry.is_fetching = True
                threading.Thread(target=self._refresh, args=(entry, fetch), daemon=True).start()
        entry.has_tried.wait(timeout)
        return entry.value

    def _refresh(self, entry: "_Entry[V]", fetch: Callable[[], V]) -> None:
        wait = self._pause
        try:
            entry.value = fetch()
            wait = self._lifetime
        except OpenRouterError:
            pass  # the previous value stays
        finally:
            with self._lock:
                entry.due_at = self._clock() + wait
                entry.is_fetching = False
            entry.has_tried.set()


class _Entry(Generic[V]):
    def __init__(self) -> None:
        self.value: V | None = None
        self.due_at = -math.inf
        self.is_fetching = False
        self.has_tried = threading.Event()
