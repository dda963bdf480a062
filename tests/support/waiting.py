"""Waiting for another thread."""

import time
from collections.abc import Callable

import pytest


def wait_until(condition: Callable[[], bool], *, seconds: float = 5) -> None:
    """Return as soon as the condition holds; the test fails if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s")
        time.sleep(0.005)
