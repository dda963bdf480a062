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
    # A run that ends in mid-search shows the whole list once more, with "Select all" in the place
    # of what was found.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_role("combobox", name="Models").fill(model)
    options = page.get_by_role("option")
    expect(options.filter(has_text=re.compile(f"{model}$"))).to_be_visible()
    expect(options.filter(has_text="Select all")).to_have_count(0)
    options.filter(has_text=re.compile(f"{model}$")).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=model)).to_be_visible()


def column(page: Page, name: str) -> Locator:
    """What stands under the name of a model."""
    heading = page.get_by_role("heading", name=name, exact=True)
    return page.get_by_test_id("stColumn").filter(has=heading)


def test_compare(compare: Page, sandbox: Sandbox) -> None:
    """Answers stream side by side, each with its own numbers, error and Stop; one is continued."""
    for model in ("sandbox/endless", "sandbox/status-402"):
        add(compare, model)
    steps.compare(compare, "sandbox/echo, who are you?")
    auto, endless, refused = (
        column(compare, name) for name in ("Auto Router", "Sandbox: endless", "Sandbox: status-402")
    )
    expect(auto).to_contain_text("sandbox/echo, who are you?")
    expect(auto).to_contain_text("completion tokens")
    expect(auto).to_contain_text("first word after")
    expect(steps.alert(refused)).to_contain_text("not enough credit")
    expect(endless).to_contain_text("word 20")
    expect(auto.get_by_role("button", name="Stop")).to_have_count(0)
    endless.get_by_role("button", name="Stop").click()
    expect(endless).to_contain_text("This answer was stopped here.")
    expect(auto).to_contain_text("completion tokens")
    models = {completion["body"]["model"] for completion in sandbox.completions}
    assert models == {"openrouter/auto", "sandbox/endless", "sandbox/status-402"}
    assert len(sandbox.completions) == 3
    auto.get_by_role("button", name="Continue").click()
    expect(compare).to_have_url(re.compile(r"/chat\?model=openrouter"))
    expect(steps.answers(compare)).to_contain_text(["sandbox/echo, who are you?"])
    steps.ask(compare, "sandbox/echo and then?")
    expect(steps.answers(compare)).to_have_count(2)
    expect(steps.answers(compare).last).to_contain_text("completion tokens")
    assert len(sandbox.completions[-1]["body"]["messages"]) == 3
    compare.get_by_role("link", name="Compare").click()
    expect(auto).to_contain_text("sandbox/echo, who are you?")
    # The Auto Router's answer is endless too: Stop all is for two or more.
    steps.compare(compare, "sandbox/endless, once more?")
    for each in (auto, endless):
        expect(each).to_contain_text("word 20")
    expect(
        compare.get_by_test_id("stChatInputTextArea")
    ).to_be_disabled()  # no question takes the place of what is still coming
    compare.get_by_role("button", name="Stop all").click()
    for each in (auto, endless, refused):
        expect(each.get_by_role("button", name="Continue")).to_be_visible()
    steps.expect_streams_to_end(sandbox)


def test_side_by_side(compare: Page, sandbox: Sandbox) -> None:
    """Of four answers none waits for another; on a phone they stand below each other."""
    for model in ("sandbox/silent", "sandbox/tour", "sandbox/echo"):
        add(compare, model)
    steps.compare(compare, "Hello?")
    silent = column(compare, "Sandbox: silent")
    expect(compare.get_by_text("completion tokens")).to_have_count(3)
    expect(silent).to_contain_text("Waiting for the answer")
    assert len(sandbox.completions) == 4
    silent.get_by_role("button", name="Stop").click()
    expect(silent).to_contain_text("This answer was stopped here.")
    steps.expect_streams_to_end(sandbox)
    columns = compare.get_by_test_id("stColumn")
    tops = columns.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    assert len(tops) == 4
    assert len(set(tops)) == 1
    compare.set_viewport_size({"width": 390, "height": 844})
    compare.wait_for_function("document.querySelector('[data-testid=stColumn]').clientWidth > 300")
    edges = columns.evaluate_all("all => all.map((one) => one.getBoundingClientRect().left)")
    assert len(set(edges)) == 1
    for element in (compare.locator("html"), compare.get_by_role("main")):
        width, room = element.evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert width <= room
