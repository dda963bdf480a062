"""The account behind a key."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from lib.openrouter.account import (
    MAX_BUDGETS,
    Account,
    Budget,
    FreeRequests,
    get_account,
    key_settings_url,
)
from lib.openrouter.errors import InvalidResponse, KeyRejected
from sandbox.keys import FREE_REQUESTS_A_DAY, new_key
from tests.conftest import RawServer, Served, http


@pytest.mark.parametrize(("limit", "left"), [(None, None), (5.0, 3.5), (1.0, 0.0)])
def test_account(served: Served, limit: float | None, left: float | None) -> None:
    """The account has the label, the limit, what is left of it and what was used."""
    served.keys[served.key].limit = limit
    served.keys[served.key].usage = 1.5
    account = get_account(served.base_url, served.key)
    free = FreeRequests(FREE_REQUESTS_A_DAY, FREE_REQUESTS_A_DAY)
    assert account == Account(account.label, limit, left, 1.5, free_requests=free)
    assert account.label.startswith("sk-or-v1-")
    assert served.key not in account.label


def test_bounds(served: Served) -> None:
    """What else bounds a key: its reset and its expiry, a budget above it, free requests."""
    served.keys[served.key] = new_key("bounded", "A label", 5.0)
    served.keys[served.key].free_requests_used = 2
    account = get_account(served.base_url, served.key)
    assert (account.limit_reset, account.expires_at) == (
        "monthly",
        datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
    )
    budget = Budget(12.5, 50, datetime(2099, 1, 1, tzinfo=UTC), "workspace")
    assert (account.budget, account.budgets) == (budget, (budget,))
    assert account.free_requests == FreeRequests(48, 50)


ABSURD = [
    *[None, 5, "x", [], {}, [[]], [{}], True],
    {"remaining_usd": "5", "limit_usd": {}, "used": None, "limit": "50"},
    {"remaining_usd": float("1e300"), "used": -1, "limit": -1, "remaining": -1},
]


@pytest.mark.parametrize("value", ABSURD, ids=str)
def test_absurd_bounds(raw_server: RawServer, value: object) -> None:
    """A field of another form counts as missing."""
    names = ("limit_reset", "expires_at", "effective_budget", "budgets", "byok_usage")
    data = {"label": "l", "free_model_daily_requests": value, **dict.fromkeys(names, value)}
    body = json.dumps({"data": data}).encode()
    account = get_account(raw_server.serve(http(body, "application/json")), "sk-or-x")
    byok_usage = 5 if value == 5 and value is not True else 0.0
    reset = "x" if value == "x" else ""
    assert account == Account("l", None, None, 0.0, limit_reset=reset, byok_usage=byok_usage)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2027-12-31T23:59:59Z", datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2027-12-31T23:59:59", datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2027-12-31T23:59:59.500+02:00", datetime(2027, 12, 31, 21, 59, 59, 500_000, tzinfo=UTC)),
        ("2027-12-31", datetime(2027, 12, 31, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("tomorrow", None),
    ],
)
def test_time(raw_server: RawServer, text: str, time: datetime | None) -> None:
    """Timestamps are in UTC."""
    body = json.dumps({"data": {"label": "l", "expires_at": text}}).encode()
    account = get_account(raw_server.serve(http(body, "application/json")), "sk-or-x")
    assert account.expires_at == time
    assert time is None or account.expires_at.utcoffset() == timedelta(0)  # type: ignore[union-attr]


def test_bounded(raw_server: RawServer) -> None:
    """The number of budgets, and the length of names, are limited."""
    budget = {"scope": "s" * 9_000, "remaining_usd": -1, "limit_usd": 1}
    data = {"label": "l", "limit_reset": "r" * 9_000, "budgets": [budget] * 900}
    body = json.dumps({"data": data}).encode()
    account = get_account(raw_server.serve(http(body, "application/json")), "sk-or-x")
    assert account.budgets == (Budget(0.0, 1, None, "s" * 40),) * MAX_BUDGETS
    assert account.limit_reset == "r" * 40


def test_deleted_key(served: Served) -> None:
    """A key that was deleted is rejected."""
    served.keys[served.key].revoked = True
    with pytest.raises(KeyRejected):
        get_account(served.base_url, served.key)


def test_no_label(raw_server: RawServer) -> None:
    """An account without a label raises `InvalidResponse`."""
    with pytest.raises(InvalidResponse):
        get_account(raw_server.serve(http(b'{"data":{}}', "application/json")), "sk-or-x")


@pytest.mark.parametrize("amount", [b'"5"', b"true", b"NaN", b"1e999", b"1" + b"0" * 400, b"{}"])
def test_no_amount(raw_server: RawServer, amount: bytes) -> None:
    """A field that is no amount of money counts as missing."""
    body = b'{"data":{"label":"l","limit":%b,"limit_remaining":%b,"usage":%b}}' % ((amount,) * 3)
    account = get_account(raw_server.serve(http(body, "application/json")), "sk-or-x")
    assert account == Account("l", None, None, 0.0)


def test_overdrawn(raw_server: RawServer) -> None:
    """Of a limit that was exceeded nothing is left."""
    body = b'{"data":{"label":"l","limit":5,"limit_remaining":-0.003,"usage":5.003}}'
    account = get_account(raw_server.serve(http(body, "application/json")), "sk-or-x")
    assert account.limit_remaining == 0


def test_half_a_character(raw_server: RawServer) -> None:
    """Half a character, which no page can show, is replaced."""
    body = rb'{"data":{"label":"a\ud83d"}}'
    assert get_account(raw_server.serve(http(body, "application/json")), "k").label == "a\ufffd"


def test_links() -> None:
    """The owner's pages are found by the key's SHA-256, not by the key."""
    digest = hashlib.sha256(b"sk-or-x").hexdigest()
    assert key_settings_url("https://o", "sk-or-x") == f"https://o/keys/{digest}"
