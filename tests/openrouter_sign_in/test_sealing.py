"""Sealed records: what opens them, and what does not."""

import base64
import re

import pytest

from lib.openrouter_sign_in.sealing import SealBroken, Sealer

SECRET = "s" * 32
RECORD = {"key": "sk-or-v1-secret", "at": 1.5, "state": None}


def sealer(secret: str = SECRET, purpose: str = "a", now: float = 1000) -> Sealer:
    """A sealer with a fixed clock."""
    return Sealer(secret, purpose, clock=lambda: now)


def test_round_trip() -> None:
    """A record opens unchanged, up to its maximum age."""
    sealed = sealer().seal(RECORD)
    assert sealer(now=1060).unseal(sealed, max_age=60) == RECORD


def test_clock_set_back() -> None:
    """What was sealed before a clock was set back an hour still opens."""
    assert sealer(now=4600 - 3600).unseal(sealer(now=4600).seal(RECORD), max_age=60) == RECORD


def test_characters() -> None:
    """A seal has only characters that a cookie may hold, differs each time and reveals nothing."""
    sealed = sealer().seal(RECORD)
    assert re.fullmatch(r"[\w-]+", sealed)
    assert sealed != sealer().seal(RECORD)
    opened = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    assert not any(
        word in text for word in (b"secret", b"key", b"state") for text in (sealed.encode(), opened)
    )


@pytest.mark.parametrize(
    "opener",
    [sealer(secret="t" * 32), sealer(purpose="b"), sealer(now=1061)],
    ids=["another secret", "another purpose", "too old"],
)
def test_wrong_opener(opener: Sealer) -> None:
    """Another secret, another purpose or a later time does not open it."""
    with pytest.raises(SealBroken):
        opener.unseal(sealer().seal(RECORD), max_age=60)


@pytest.mark.parametrize("change", ["", "x", "ä", "gAAAAA", "=", "\0"])
def test_not_a_seal(change: str) -> None:
    """Text that is not a seal does not open."""
    with pytest.raises(SealBroken):
        sealer().unseal(change, max_age=60)


@pytest.mark.parametrize("record", [None, "text", ["list"], 5])
def test_no_record(record: object) -> None:
    """A sealed value that is not a record does not open."""
    with pytest.raises(SealBroken):
        sealer().unseal(sealer().seal(record), max_age=60)


def test_changed_anywhere() -> None:
    """A seal with any character changed, or the end cut off, does not open."""
    sealed = sealer().seal(RECORD)
    for position in range(len(sealed) - 1):
        other = "A" if sealed[position] != "A" else "B"
        with pytest.raises(SealBroken):
            sealer().unseal(sealed[:position] + other + sealed[position + 1 :], max_age=60)
        with pytest.raises(SealBroken):
            sealer().unseal(sealed[:position], max_age=60)
