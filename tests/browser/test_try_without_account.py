"""Try it without an account: the sandbox in the app's own process, and the way out of it."""

import re

from playwright.sync_api import Locator, Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App
from tests.browser.test_accessibility import expect_accessible


def link(page: Page) -> Locator:
    """The link into the sandbox."""
    return page.get_by_role("link", name="Try it without an account")


def bar(page: Page) -> Locator:
    """The bar that says that this is the sandbox."""
    return page.get_by_text("This is a sandbox:")


def try_it(page: Page, url: str) -> None:
    """Go the whole way into the sandbox, consent included."""
    page.goto(url)
    link(page).click()
    page.get_by_role("button", name="Authorize").click()
    steps.expect_chat(page)


def test_there_and_back(page: Page, app: App, sandbox: Sandbox) -> None:
    """A visitor chats in the sandbox, also after a reload, then signs in to find nothing of it."""
    try_it(page, app.url)
    expect(bar(page)).to_be_in_viewport()
    page.get_by_role("button", name="Compare three ways").click()
    expect(steps.last_answer(page)).to_contain_text("completion tokens")
    expect(bar(page)).to_be_in_viewport()
    steps.expect_stored(page, "Compare three ways")
    page.reload()
    expect(steps.last_answer(page)).to_contain_text("completion tokens")
    assert not sandbox.completions
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    expect(page.get_by_role("button", name="How does compound interest work?")).to_be_visible()
    expect(bar(page)).to_have_count(0)
    expect(steps.answers(page)).to_have_count(0)
    steps.converse(page, "sandbox/echo really?")
    assert len(sandbox.completions) == 1
    expect(page.get_by_test_id("stSidebar")).not_to_contain_text("Compare three ways")


def test_other_tab(page: Page, app: App, sandbox: Sandbox) -> None:
    """A tab whose browser has gone into the sandbox shows nothing of its old chats after a reload."""
    steps.sign_in(page, app.url)
    steps.converse(page, "sandbox/echo for my own money")
    steps.expect_stored(page, "for my own money")
    other = page.context.new_page()
    other.goto(app.url)
    other.get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(other)
    try_it(other, app.url)
    page.reload()
    expect(bar(page)).to_be_visible()
    expect(steps.answers(page)).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).not_to_contain_text("for my own money")


def test_accessible(page: Page, app: App) -> None:
    """The consent page and the bar have no faults, in both color schemes and on a phone."""
    page.goto(app.url)
    link(page).click()
    page.get_by_text("Rehearse a failure").click()
    expect(page.get_by_role("combobox", name="State in the callback")).to_be_visible()
    expect_accessible(page)
    page.get_by_role("button", name="Authorize").click()
    steps.expect_chat(page)
    expect(bar(page)).to_be_visible()
    expect_accessible(page)


def test_denied(page: Page, app: App) -> None:
    """Deny leads back, signed out, with a sentence."""
    page.goto(app.url)
    link(page).click()
    page.get_by_role("button", name="Deny").click()
    expect(steps.alert(page)).to_contain_text("Nothing was approved")
    expect(page).not_to_have_url(re.compile("error="))
    expect(link(page)).to_be_visible()


def test_rehearsed_failure(page: Page, app: App) -> None:
    """A failure that is rehearsed on the consent page is explained as OpenRouter's would be."""
    page.goto(app.url)
    link(page).click()
    page.get_by_text("Rehearse a failure").click()
    choice = page.get_by_role("combobox", name="Response of the exchange")

    def choose() -> bool:  # until the list follows: it ignores the keys while the expander opens
        choice.fill("a conflict")
        choice.press("ArrowDown")
        choice.press("Enter")
        page.wait_for_timeout(500)
        return choice.input_value() == "a conflict (409)"

    steps.wait_for(choose)
    page.get_by_role("button", name="Authorize").click()
    expect(steps.alert(page)).to_contain_text("busy with another sign-in of yours")


def test_restart(page: Page, app: App) -> None:
    """After a restart in mid-consent the page says to begin again."""
    page.goto(app.url)
    link(page).click()
    authorize = page.get_by_role("button", name="Authorize")
    expect(authorize).to_be_visible()
    app.stop()
    app.start()
    page.reload()
    authorize.click()
    expect(steps.alert(page)).to_contain_text("Please sign in again")
    try_it(page, app.url)
