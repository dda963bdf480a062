"""The account behind a key."""

import hashlib

import pytest

from lib.openrouter.account import Account, get_account, key_settings_url
from lib.openrouter.errors import InvalidResponse, KeyRejected
from tests.conftest import RawServer, Served, http


@pytest.mark.parametrize(("limit", "left"), [(None, None), (5.0, 3.5), (1.0, 0.0)])
def test_account(served: Served, limit: float | None, left: float | None) -> None:
    """The account has the label, the limit, what is left of it and what was used."""
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


def test_half_a_character(raw_server: RawServer) -> None:
    """Half a character, which no page can show, is replaced."""
    body = rb'{"data":{"label":"a\ud83d"}}'
    assert get_account(raw_server.serve(http(body, "application/json")), "k").label == "a\ufffd"


def test_links() -> None:
    """The owner's pages are found by the key's SHA-256, not by the key."""
    digest = hashlib.sha256(b"sk-or-x").hexdigest()
    assert key_settings_url("https://o", "sk-or-x") == f"https://o/keys/{digest}"
