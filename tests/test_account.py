"""The account behind a key."""

import hashlib
from pathlib import Path

import pytest

from lib.openrouter.account import Account, get_account, key_logs_url, key_settings_url
from lib.openrouter.errors import KeyRejected, Unreachable
from tests.conftest import Served


@pytest.mark.parametrize(("limit", "left"), [(None, None), (5.0, 3.5), (1.0, 0.0)])
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


def test_unreachable() -> None:
    """Where nobody listens, the account says so."""
    with pytest.raises(Unreachable):
        get_account("http://127.0.0.1:9", "sk-or-x")


def test_netrc_does_not_replace_the_key(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password for the same host in `.netrc` is not sent in the key's place."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert get_account(served.base_url, served.key).usage == 0


def test_links() -> None:
    """The owner's pages are found by the key's SHA-256, not by the key."""
    digest = hashlib.sha256(b"sk-or-x").hexdigest()
    assert key_settings_url("https://o", "sk-or-x") == f"https://o/keys/{digest}"
    assert key_logs_url("https://o", "sk-or-x") == f"https://o/logs?api_key_hash={digest}"
