"""The account on the page: what is left of the key's limit, and what else bounds it."""

import pytest

from sandbox.keys import new_key
from sandbox.server import Sandbox
from tests.conftest import KEY
from tests.support.pages import chat_page, main_page, signed_in, visible_text


def test_limit_in_the_sidebar(sandbox: Sandbox) -> None:
    """What is left is said to be of the key's limit, which is not money on the account."""
    sandbox.keys[KEY].limit = 5
    assert r"**\$5.00 left of this key's limit**" in visible_text(chat_page(signed_in()).run())
    sandbox.keys[KEY].limit = None
    text = visible_text(chat_page(signed_in()).run())
    assert "**No limit on this key**" in text
    assert "left" not in text


def test_bounds(sandbox: Sandbox) -> None:
    """Reset, expiry, budgets and free requests are on the page."""
    sandbox.keys[KEY] = new_key("bounded", "A label", None)
    text = visible_text(main_page(signed_in()).run())
    assert "The limit starts again every month." in text
    assert "The key expires on 31 December 2099, 23:59 UTC." in text
    assert r"The budget of your workspace has \$12.50 of \$50.00 left" in text
    assert "50 of 50 requests to free models are left today." in text


@pytest.mark.parametrize("asked", ["5", "2.5", ""])
def test_other_limit(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    """A limit that OpenRouter ignored, or that the user changed, is said."""
    monkeypatch.setenv("OPENROUTER_KEY_LIMIT", asked)
    sandbox.keys[KEY].limit = 5
    warnings = main_page(signed_in()).run().warning
    assert [r"\$2.50" in warning.value for warning in warnings] == (
        [True] if asked == "2.5" else []
    )
