"""The page that shows how signing in works: each step, with each method, and the attacks."""

import re

import pytest
from playwright.sync_api import Page, expect

from lib.openrouter_sign_in import Method
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App
from tests.browser.test_accessibility import expect_accessible

# RFC 7636, appendix B.
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def open_page(page: Page, app: App) -> None:
    """Open the page, signed out."""
    page.goto(f"{app.url}how_it_works")
    expect(page.get_by_role("link", name="Start this sign-in")).to_be_visible()


def choose(page: Page, server: str, method: Method) -> None:
    """Choose with what to sign in, and how."""
    for name in (server, method):
        button = page.get_by_test_id("stButtonGroup").get_by_role("radio", name=name, exact=True)
        if button.get_attribute("aria-checked") != "true":
            button.click()
        expect(button).to_have_attribute("aria-checked", "true")
    path = "sandbox" if server == "Sandbox" else "auth"
    rest = "(?!.*code_challenge)" if method == "none" else f".*code_challenge_method={method}"
    link = page.get_by_role("link", name="Start this sign-in")
    expect(link).to_have_attribute("href", re.compile(rf"/{path}\?{rest}"))


@pytest.mark.parametrize("server", ["Sandbox", "OpenRouter"])
@pytest.mark.parametrize("method", ["S256", "plain", "none"])
def test_steps(page: Page, app: App, sandbox: Sandbox, server: str, method: Method) -> None:
    """A sign-in from here comes back here, shows each step masked, and outlives a reload."""
    open_page(page, app)
    choose(page, server, method)
    expect(page.get_by_text("makes up a secret")).to_have_count(0 if method == "none" else 1)
    page.get_by_role("link", name="Start this sign-in").click()
    steps.authorize(page)
    expect(page.get_by_text("Who has seen what")).to_be_visible()
    expect(page).to_have_url(f"{app.url}how_it_works")
    expect(page.get_by_text("HTTP/1.1 200")).to_be_visible()
    expect(page.get_by_text("this browser's cookie")).to_be_visible()
    assert len(sandbox.exchanges) == (server == "OpenRouter")
    sent = page.get_by_role("region", name="Code, http").filter(has_text="/api/v1/auth/keys").first
    shown = sent.inner_text()
    assert ("code_challenge_method" in shown) is (method != "none")
    for exchange in sandbox.exchanges:
        assert exchange.code not in page.content()
        assert (exchange.code_challenge_method or "none") == method
    page.get_by_role("button", name="Say hello", exact=True).click()
    expect(page.get_by_text('"object": "chat.completion"')).to_be_visible()
    page.get_by_role("button", name="Say hello, streamed", exact=True).click()
    expect(page.get_by_text("OPENROUTER PROCESSING")).to_be_visible()
    page.wait_for_function("Object.keys(sessionStorage).some((name) => name.endsWith('/sign_in'))")
    page.wait_for_function(
        "Object.values(sessionStorage).some((text) => text.includes('OPENROUTER PROCESSING'))"
    )
    expect(page.get_by_role("radio", name=method, exact=True)).to_be_checked()
    page.reload()
    expect(page.get_by_text("Who has seen what")).to_be_visible()
    expect(page.get_by_text("OPENROUTER PROCESSING")).to_be_visible()


def test_own_verifier(page: Page, app: App) -> None:
    """A verifier that one types is checked and hashed with each key; the RFC's is one click away."""
    open_page(page, app)
    page.get_by_text("Compute one yourself").click()
    field = page.get_by_label("Your own code_verifier")
    field.fill("no spaces allowed")
    expect(page.get_by_text("✗ 17 characters")).to_be_visible()
    page.get_by_role("button", name="Take the example of RFC 7636").click()
    expect(page.get_by_text("✓ 43 to 128")).to_be_visible()
    expect(page.get_by_text(CHALLENGE)).to_be_visible()


def test_show_mine(page: Page, app: App) -> None:
    """The verifier is shown to its owner on demand, and is the one in the link."""
    open_page(page, app)
    choose(page, "Sandbox", "plain")
    page.get_by_text("Show mine").click()
    verifier = page.get_by_role("region", name="Code, text").first
    expect(verifier).not_to_contain_text("•")
    href = page.get_by_role("link", name="Start this sign-in").get_attribute("href") or ""
    assert f"code_challenge={verifier.inner_text().strip()}" in href


def test_attacks(page: Page, app: App) -> None:
    """The attacks run, and their fifteen outcomes are told in words."""
    open_page(page, app)
    page.get_by_role("button", name="Run the attacks").click()
    expect(page.get_by_text("What no method refuses")).to_be_visible()
    expect(page.get_by_text("✓ held")).to_have_count(11)
    expect(page.get_by_text("✗ broke")).to_have_count(4)


def test_attacks_on_openrouter(page: Page, app: App, sandbox: Sandbox) -> None:
    """With the real OpenRouter only one's own code is sent again, and is refused."""
    open_page(page, app)
    choose(page, "OpenRouter", "S256")
    expect(page.get_by_role("button", name="Run the attacks")).to_have_count(0)
    page.get_by_role("button", name="Send my code again").click()
    expect(page.get_by_text("There is no code yet")).to_be_visible()
    page.get_by_role("link", name="Start this sign-in").click()
    steps.authorize(page)
    expect(page.get_by_text("Who has seen what")).to_be_visible()
    for name, sent in (("Send my code again", 2), ("Send a wrong secret", 3)):
        page.get_by_role("button", name=name).click()
        steps.wait_for(lambda count=sent: len(sandbox.exchanges) == count)
        expect(page.get_by_text("Refused, with status 403.")).to_be_visible()
    assert [exchange.status for exchange in sandbox.exchanges] == [200, 403, 403]


def test_presenting(page: Page, app: App) -> None:
    """For a projector the sidebar goes, on the pages that follow, too."""
    page.goto(f"{app.url}how_it_works?present=1")
    expect(page.get_by_role("link", name="Start this sign-in")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    page.get_by_text("Show this page on a screen").click()
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()


def test_accessible(page: Page, app: App) -> None:
    """The page has no faults, in both color schemes and on a phone, with all that it can show."""
    open_page(page, app)
    page.get_by_role("link", name="Start this sign-in").click()
    steps.authorize(page)
    expect(page.get_by_text("Who has seen what")).to_be_visible()
    page.get_by_role("button", name="Run the attacks").click()
    expect(page.get_by_text("What no method refuses")).to_be_visible()
    for text in ("Compute one yourself", "The link, taken apart", "As code", "Why"):
        page.get_by_text(text, exact=True).click()
    expect(page.get_by_label("Your own code_verifier")).to_be_visible()
    expect_accessible(page)
