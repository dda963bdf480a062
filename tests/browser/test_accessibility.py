"""Accessibility, by axe, in both color schemes and on a phone."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, open_chat
from tests.browser.test_compare import choose, hide_models

pytestmark = pytest.mark.browser


STREAMLITS_OWN = {
    # The closed sidebar of a phone lies outside of the screen, its content without focus.
    ("scrollable-region-focusable", 'data-testid="stSidebarContent"'),
}
"""Faults of Streamlit's that no app can mend: the rule, and what its markup holds."""


def _faults(page: Page) -> list[tuple[object, ...]]:
    """What axe finds that is serious or critical, and not Streamlit's own."""
    found = Axe().run(page).response["violations"]
    return [
        (fault["id"], node["target"], node["html"][:200], node.get("failureSummary", "")[:300])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
        if not any(fault["id"] == rule and own in node["html"] for rule, own in STREAMLITS_OWN)
    ]


def expect_no_faults(page: Page) -> None:
    """Axe finds nothing serious or critical, and nothing is wider than the screen."""
    page.wait_for_function(  # what is about to be replaced is pale for a moment
        """() => ["ElementContainer", "LayoutWrapper", "Expander"]
            .flatMap((name) => [...document.querySelectorAll(`[data-testid=st${name}]`)])
            .every((element) => getComputedStyle(element).opacity === "1")"""
    )
    deadline = time.monotonic() + 10
    while (faults := _faults(page)) and time.monotonic() < deadline:
        page.wait_for_timeout(500)  # a text that fades in is pale for a moment, too
    assert faults == []
    page.wait_for_function(  # a turning sign of work may reach beyond for a moment
        """() => [document.documentElement, document.querySelector("#stMain")]
            .every((element) => element.scrollWidth <= element.clientWidth)"""
    )


Look = tuple[Literal["light", "dark"], int]
LOOKS: tuple[Look, ...] = (("light", 1280), ("dark", 390))
ALL_LOOKS: tuple[Look, ...] = (*LOOKS, ("dark", 1280), ("light", 390))


def looks(page: Page, which: tuple[Look, ...] = LOOKS) -> Iterator[None]:
    """The page on a desk by day, then on a phone by night."""
    for scheme, width in which:
        page.emulate_media(color_scheme=scheme)
        # So high that all is in sight: axe judges no colour that is not.
        page.set_viewport_size({"width": width, "height": 4000})
        yield


def expect_accessible(page: Page, which: tuple[Look, ...] = LOOKS) -> None:
    """The page has no faults, however it looks."""
    for _ in looks(page, which):
        expect_no_faults(page)


def test_accessible(page: Page, app: App, sandbox: Sandbox) -> None:
    """No page has a serious fault, in whatever state it is."""
    page.goto(app.url)
    expect(steps.sign_in_link(page)).to_be_visible()
    expect_accessible(page)
    open_chat(page, app, sandbox)
    expect_accessible(page)
    steps.attach(page, ("photo.png", "image/png", picture(40, 20)))
    tour = "sandbox/tour " + "unbreakable" * 30
    for question in (tour, "sandbox/habits", "sandbox/reasoning"):
        steps.converse(page, question)
    expect_accessible(page, ALL_LOOKS)
    steps.ask(page, "sandbox/status-402")
    expect(steps.alert(page)).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("2/2")).to_be_visible()
    expect_accessible(page)
    for _ in looks(page):
        for opens, shows in popovers(page):
            opens()
            expect(page.get_by_label(shows).first).to_be_visible()
            expect_no_faults(page)
            page.keyboard.press("Escape")
    in_sidebar(page, "link", "Compare")
    hide_models(page)
    choose(page, "sandbox/tour", "sandbox/citations")
    steps.compare(page, "Hello?")
    page.get_by_role("button", name="Tie").click()
    expect(page.get_by_text("ask on: they stay hidden")).to_be_visible()
    expect_accessible(page)
    page.get_by_role("button", name="Show the models").click()
    expect(page.get_by_role("heading", name="Sandbox: tour")).to_be_visible()
    page.get_by_text("Let a model judge").click()
    page.get_by_role("button", name="Ask the judge").click()
    expect(page.get_by_text("The judge disagrees with itself")).to_be_visible()
    expect(page.get_by_text("completion tokens")).to_have_count(4)
    expect_accessible(page)
    in_sidebar(page, "link", "Account")
    expect(page.get_by_text("Your account")).to_be_visible()
    expect_accessible(page)
    page.get_by_role("link", name="Make a link for a demo").click()
    expect(page.get_by_alt_text("QR code")).to_be_visible()
    expect_accessible(page)
    page.goto(f"{app.url}self_check")
    expect(page.get_by_text("This browser accepts them").first).to_be_visible()
    expect_accessible(page)


def in_sidebar(page: Page, role: Literal["button", "link"], name: str) -> None:
    """Click something in the sidebar, which is closed on a phone, and closes after a link."""
    expand = page.get_by_test_id("stExpandSidebarButton")
    is_closed = expand.is_visible()
    if is_closed:
        expand.click()
    page.get_by_role(role, name=name, exact=True).click()
    if is_closed and role == "link":
        expect(page.get_by_role("button", name="Collapse sidebar")).to_have_count(0)


def popovers(page: Page) -> list[tuple[Callable[[], None], str]]:
    """What opens each popover, and a label in it."""

    def open_settings() -> None:
        steps.choice(page).click()
        # Not by the mouse: the panel hangs on a button that may be far above the last answer.
        page.get_by_text("More settings").evaluate("summary => summary.click()")

    return [
        (open_settings, "Instructions"),
        (partial(in_sidebar, page, "button", "This chat"), "Name"),
        (partial(in_sidebar, page, "button", "Open a saved chat"), "A chat that was saved as JSON"),
    ]
