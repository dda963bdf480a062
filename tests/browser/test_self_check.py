"""The self-check, which asks the browser itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SECRET, App

pytestmark = pytest.mark.browser


def test_self_check(page: Page, app: App) -> None:
    """It is a click away for everyone, finds that the browser keeps cookies, and tells no secret."""
    page.goto(app.url)
    page.get_by_role("link", name="Self-check").click()
    report = page.get_by_test_id("stCode")
    expect(report).to_contain_text("[ok] Cookies: This browser keeps them.")
    expect(report).to_contain_text(f"[ok] Callback URL: {app.url} has a form")
    expect(report).to_contain_text(f"[ok] Address: This browser has the app at {app.url[:-1]}.")
    expect(report).to_contain_text("SIGN_IN_SECRET = set")
    assert not [c for c in page.context.cookies() if "openrouter_check" in c.get("name", "")]
    assert SECRET not in page.content()


def test_unreachable(page: Page, start_app: Callable[..., App]) -> None:
    """An OpenRouter that cannot be reached has its sentence, and the rest is told all the same."""
    page.goto(f"{start_app(OPENROUTER_BASE_URL='http://127.0.0.1:9').url}self_check")
    sentence = page.get_by_test_id("stMarkdown").filter(has_text="could not be reached")
    expect(sentence).to_contain_text("warning")
    expect(sentence).to_contain_text("Check OPENROUTER_BASE_URL")
    report = page.get_by_test_id("stCode")
    expect(report).to_contain_text("[warning] OpenRouter: http://127.0.0.1:9 could not be reached")
    expect(report).to_contain_text("[ok] Cookies")
    assert SECRET not in page.content()
