"""A sign-in that fails, and pasting a code instead."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, cookies_named

pytestmark = pytest.mark.browser


def test_failed_exchange(page: Page, app: App, sandbox: Sandbox) -> None:
    """An exchange that fails has its error message, is not repeated, and a new sign-in works."""
    steps.start(page, app.url)
    steps.rehearse(page, exchange="expired")
    steps.authorize(page)
    expect(steps.alert(page)).to_contain_text("has expired")
    expect(page).to_have_url(app.url)
    steps.expect_signed_out(page)
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    assert steps.statuses(sandbox) == [403, 200]


def test_reload_during_the_exchange(page: Page, app: App, sandbox: Sandbox) -> None:
    """A reload while the exchange runs makes no second one."""
    steps.start(page, app.url)
    steps.rehearse(page, exchange="slow")
    steps.authorize(page)
    expect(page.get_by_text("Finishing your sign-in…")).to_be_visible()
    expect(page).to_have_url(app.url)
    page.reload()
    steps.expect_signed_out(page)
    steps.wait_for(lambda: bool(sandbox.exchanges))
    assert len(sandbox.exchanges) == 1


# Paste a code instead


def test_address_that_cannot_return(
    person: BrowserContext, page: Page, start_app: Callable[..., App]
) -> None:
    """At an address that OpenRouter does not return to, pasting is the way, and it works.

    With REMEMBER_SIGN_IN=false no cookie holds the key, and a reload signs out.
    """
    app = start_app(OPENROUTER_CALLBACK_URL="http://192.168.1.5:8501/", REMEMBER_SIGN_IN="false")
    page.goto(f"{app.url}chat")
    expect(steps.alert(page)).to_contain_text("does not send anyone back to this address")
    expect(steps.sign_in_link(page)).to_have_count(0)
    steps.paste_a_code(person, page)
    steps.expect_chat(page)
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_text("Your account")).to_be_visible()
    assert not cookies_named(person, "key")
    page.reload()
    expect(steps.code_link(page)).to_be_visible()
    expect(page.get_by_text("Your account")).to_have_count(0)


def test_blocked_cookies(person_who_blocks_cookies: BrowserContext, app: App) -> None:
    """Where cookies are blocked the page says so, and a pasted code signs in all the same."""
    page = person_who_blocks_cookies.new_page()
    page.goto(app.url)
    expect(steps.alert(page)).to_contain_text("blocks cookies")
    expect(steps.sign_in_link(page)).to_have_count(0)
    steps.paste_a_code(person_who_blocks_cookies, page)
    steps.expect_chat(page)


def test_frame_of_another_site(
    person: BrowserContext,
    page: Page,
    app: App,
    sandbox: Sandbox,
    serve_page: Callable[[str], str],
) -> None:
    """In a frame of another site, which gets no cookie, a pasted code signs in."""
    page.goto(serve_page(steps.FRAME.format(url=app.url, more="")))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("alert")).to_contain_text("blocks cookies")
    steps.paste_a_code(person, frame)
    expect(frame.get_by_placeholder("Ask anything")).to_be_enabled()
    assert steps.statuses(sandbox) == [200]
