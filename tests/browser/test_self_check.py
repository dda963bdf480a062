"""The self-check, which asks the browser itself."""

import tomllib
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from lib.settings import Settings, read_settings
from tests.browser import steps
from tests.browser.conftest import SECRET, App, cookies_named

pytestmark = pytest.mark.browser


def test_self_check(page: Page, app: App) -> None:
    """It finds that the browser keeps cookies, tells no secret, and is not in the sidebar."""
    page.goto(f"{app.url}self_check")
    report = page.get_by_test_id("stCode")
    expect(report).to_contain_text("[ok] Cookies: This browser accepts them.")
    expect(report).to_contain_text(f"[ok] Callback URL: {app.url} has a form")
    expect(report).to_contain_text(f"[ok] Address: This browser has the app at {app.url[:-1]}.")
    expect(report).to_contain_text("SIGN_IN_SECRET = set")
    assert not cookies_named(page.context, "check")
    assert SECRET not in page.content()
    expect(steps.sidebar(page).get_by_role("link", name="Self-check")).to_have_count(0)


def test_set_up(page: Page, start_app: Callable[..., App]) -> None:
    """The secret to paste is made in the browser, stays the same while fields are filled in, and is not sent."""
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(str(data))))
    app = start_app("without_secret", SIGN_IN_SECRET="")
    page.goto(f"{app.url}self_check")
    text = page.locator("pre", has_text='SIGN_IN_SECRET = "')
    secret = tomllib.loads(text.inner_text())["SIGN_IN_SECRET"]
    page.get_by_text("Add a title").click()
    page.get_by_label("App title").fill('The "best" \\ 聊天')
    page.keyboard.press("Tab")
    expect(text).to_contain_text("APP_TITLE")
    assert read_settings(tomllib.loads(text.inner_text())) == Settings(
        sign_in_secret=secret, app_title='The "best" \\ 聊天'
    )
    assert len(secret) == 64
    assert sent
    assert not [data for data in sent if secret in data]
    assert secret not in app.log
    page.reload()
    expect(text).not_to_contain_text(secret)
    expect(text).to_contain_text("SIGN_IN_SECRET = ")
