"""The account behind a key."""

import hashlib

import pytest

from lib.openrouter.account import Account, get_account, key_settings_url
from lib.openrouter.errors import InvalidResponse, KeyRejected
from tests.conftest import RawServer, Served, http


@pytest.mark.parametrize(("limit", "left"), [(None, None), (5.0, 3.5)])
def test_account(served: Served, limit: float | None, left: float | None) -> None:
    """Label, limit, what is left and what was used come as OpenRouter says them."""
    served.keys[served.key].limit = limit
    served.keys[served.key].usage = 1.5
    account = get_account(served.base_url, served.key)
    assert account == Account(account.label, limit, left, 1.5)
    assert account.label.startswith("sk-or-v1-")
    assert served.key not in account.label


def test_deleted_key(served: Served) -> None:
    """A key that was deleted is rejected."""
    served.keys[served.key].revoked = True
    with pytest.raises(KeyRejected):
        get_account(served.base_url, served.key)


@pytest.mark.parametrize("data", [b"null", b"[]", b"{}"])
def test_junk(raw_server: RawServer, data: bytes) -> None:
    """A 200 that is no account is an error of ours."""
    with pytest.raises(InvalidResponse):
        get_account(raw_server.serve(http(b'{"data":%b}' % data, "application/json")), "sk-or-x")


@pytest.mark.parametrize("amount", [b'"5"', b"true", b"NaN", b"1e999", b"1" + b"0" * 400, b"{}"])
def test_no_amount(raw_server: RawServer, amount: bytes) -> None:
    """What is no amount of money counts as not there."""
    body = b'{"data":{"label":"l","limit":%b,"limit_remaining":%b,"usage":%b}}' % ((amount,) * 3)
    account = get_account(raw_server.serve(http(body, "application/json")), "sk-or-x")
    assert account == Account("l", None, None, 0.0)


def test_half_a_character(raw_server: RawServer) -> None:
    """A label that no page could show is mended."""
    body = rb'{"data":{"label":"a\ud83d"}}'
    assert get_account(raw_server.serve(http(body, "application/json")), "k").label == "a\ufffd"


def test_links() -> None:
    """The owner's pages are found by the key's SHA-256, not by the key."""
    digest = hashlib.sha256(b"sk-or-x").hexdigest()
    assert key_settings_url("https://o", "sk-or-x") == f"https://o/keys/{digest}"
