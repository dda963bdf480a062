"""One prompt to several models at once."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, arrive_signed_in

pytestmark = pytest.mark.browser


@pytest.fixture
def compare(page: Page, app: App, sandbox: Sandbox) -> Page:
    """The compare page of somebody who is signed in."""
    arrive_signed_in(page.context, app, sandbox)
    page.goto(f"{app.url}compare")
    expect(page.get_by_placeholder("Choose two models or more first")).to_be_disabled()
    return page


def add(page: Page, model: str) -> None:
    """Add a model to those that are compared."""
    page.get_by_role("combobox", name="Models").click()
    page.keyboard.insert_text(model)
    page.get_by_role("option").filter(has_text=re.compile(f"{model}$")).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=model)).to_be_visible()


def column(page: Page, name: str) -> Locator:
    """What stands under the name of a model."""
    heading = page.get_by_role("heading", name=name, exact=True)
    return page.get_by_test_id("stColumn").filter(has=heading)


def expect_columns(page: Page, side: str) -> None:
    """The four columns have one side in common: the top beside each other, the left below."""
    page.wait_for_function(
        """side => {
            const columns = [...document.querySelectorAll("[data-testid=stColumn]")];
            const places = columns.map((column) => column.getBoundingClientRect()[side]);
            return places.length === 4 && new Set(places).size === 1;
        }""",
        arg=side,
    )


def test_compare(compare: Page, sandbox: Sandbox) -> None:
    """Answers stream side by side, each with its own numbers, error and Stop; one is continued.

    The slowest keeps no other one waiting; on a phone they stand below each other.
    """
    asked = ("sandbox/endless", "sandbox/status-402", "sandbox/slow-start")
    for model in asked:
        add(compare, model)
    field = compare.get_by_placeholder("Ask all of them")
    field.fill("sandbox/echo, who are you?")
    field.press("Enter")
    names = ("Auto Router", "Sandbox: endless", "Sandbox: status-402", "Sandbox: slow-start")
    auto, endless, refused, slow = (column(compare, name) for name in names)
    expect(auto).to_contain_text("completion tokens")
    expect(slow).to_contain_text("Waiting for the answer")
    expect(auto).to_contain_text("sandbox/echo, who are you?")
    expect(auto).to_contain_text("first word after")
    expect(steps.alert(refused)).to_contain_text("not enough credit")
    expect(endless).to_contain_text("word 20")
    expect(auto.get_by_role("button", name="Stop")).to_have_count(0)
    endless.get_by_role("button", name="Stop").click()
    expect(endless).to_contain_text("This answer was stopped here.")
    expect(slow).to_contain_text("completion tokens")
    expect(auto).to_contain_text("completion tokens")
    models = {completion["body"]["model"] for completion in sandbox.completions}
    assert models == {"openrouter/auto", *asked}
    assert len(sandbox.completions) == 4
    expect_columns(compare, "top")
    compare.set_viewport_size({"width": 390, "height": 844})
    expect_columns(compare, "left")
    for element in (compare.locator("html"), compare.get_by_role("main")):
        width, room = element.evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert width <= room
    compare.set_viewport_size({"width": 1280, "height": 720})
    auto.get_by_role("button", name="Continue").click()
    expect(compare).to_have_url(re.compile(r"/chat\?model=openrouter"))
    expect(steps.answers(compare)).to_contain_text(["sandbox/echo, who are you?"])
    steps.ask(compare, "sandbox/echo and then?")
    expect(steps.answers(compare)).to_have_count(2)
    expect(steps.answers(compare).last).to_contain_text("completion tokens")
    assert len(sandbox.completions[-1]["body"]["messages"]) == 3
    compare.get_by_role("link", name="Compare").click()
    expect(auto).to_contain_text("sandbox/echo, who are you?")
