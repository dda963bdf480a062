"""The self-check, which asks the browser itself."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SECRET, App, cookies_named

pytestmark = pytest.mark.browser


def test_self_check(page: Page, app: App) -> None:
    """It is a click away for everyone, finds that the browser keeps cookies, and tells no secret."""
    page.goto(app.url)
    page.get_by_role("link", name="Self-check").click()
    report = page.get_by_test_id("stCode")
    expect(report).to_contain_text("[ok] Cookies: This browser accepts them.")
    expect(report).to_contain_text(f"[ok] Callback URL: {app.url} has a form")
    expect(report).to_contain_text(f"[ok] Address: This browser has the app at {app.url[:-1]}.")
    expect(report).to_contain_text("SIGN_IN_SECRET = set")
    assert not cookies_named(page.context, "check")
    assert SECRET not in page.content()
