"""One prompt to several models at once."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, arrive_signed_in

pytestmark = pytest.mark.browser


@pytest.fixture
def compare(page: Page, app: App, sandbox: Sandbox) -> Page:
    """The compare page of somebody who is signed in."""
    arrive_signed_in(page.context, app, sandbox)
    page.goto(f"{app.url}compare")
    expect(page.get_by_placeholder("Ask all of them")).to_be_enabled()
    return page


def choose(page: Page, *models: str) -> None:
    """Compare these models, and no others."""
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_placeholder("Choose two models or more first")).to_be_disabled()
    for model in models:
        add(page, model)


def hide_models(page: Page) -> None:
    """Compare blind."""
    page.get_by_text("Blind", exact=True).click()
    expect(page.get_by_test_id("stCheckbox").locator("input")).to_be_checked()


def add(page: Page, model: str) -> None:
    """Add a model to those that are compared."""
    chosen = page.get_by_role("button", name=model)

    def pick() -> bool:  # until it is: a run that ends in mid-search shows the whole list once more
        if not chosen.is_visible():
            page.get_by_role("combobox", name="Models").fill(model)
            with suppress(TimeoutError):
                options = page.get_by_role("option").filter(has_text=re.compile(f"{model}$"))
                options.click(timeout=3_000)
            page.keyboard.press("Escape")
            page.wait_for_timeout(300)
        return chosen.is_visible()

    steps.wait_for(pick, seconds=40)


def column(page: Page, name: str) -> Locator:
    """What stands under the name of a model."""
    heading = page.get_by_role("heading", name=name, exact=True)
    return page.get_by_test_id("stColumn").filter(has=heading)


def test_compare(compare: Page, sandbox: Sandbox) -> None:
    """Answers stream side by side, each with its own numbers, error and Stop; one is continued."""
    choose(compare, "openrouter/auto", "sandbox/endless", "sandbox/status-402")
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
    # The Auto Router's answer is endless too: Stop all is for two or more. What is asked next comes
    # below what was asked before.
    auto, endless, refused = auto.last, endless.last, refused.last
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
    choose(compare, "openrouter/auto", "sandbox/silent", "sandbox/tour", "sandbox/echo")
    steps.compare(compare, "Hello?")
    silent = column(compare, "Sandbox: silent")
    expect(compare.get_by_text("completion tokens")).to_have_count(3)
    expect(silent).to_contain_text("Waiting for the answer")
    assert len(sandbox.completions) == 4
    silent.get_by_role("button", name="Stop").click()
    expect(silent).to_contain_text("This answer was stopped here.")
    steps.expect_streams_to_end(sandbox)
    columns = compare.get_by_test_id("stColumn")

    def in_each_row() -> list[int]:
        tops = columns.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
        return [tops.count(top) for top in sorted(set(tops))]

    assert in_each_row() == [2, 2]
    compare.set_viewport_size({"width": 1920, "height": 844})
    steps.wait_for(lambda: in_each_row() == [4])
    compare.set_viewport_size({"width": 390, "height": 844})
    compare.wait_for_function("document.querySelector('[data-testid=stColumn]').clientWidth > 300")
    edges = columns.evaluate_all("all => all.map((one) => one.getBoundingClientRect().left)")
    assert len(set(edges)) == 1
    for element in (compare.locator("html"), compare.get_by_role("main")):
        width, room = element.evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert width <= room
    summary = compare.get_by_role("region", name="Summary of the answers")
    summary.focus()
    compare.keyboard.press("ArrowRight")
    compare.wait_for_function("document.activeElement.scrollLeft > 0")


def test_several(compare: Page) -> None:
    """Comparisons are listed; on a phone the list makes room for what is chosen in it."""
    compare.set_viewport_size({"width": 390, "height": 844})
    steps.compare(compare, "Hello?")
    summary = compare.get_by_role("region", name="Summary of the answers")
    expect(summary).to_contain_text("fastest")
    prompt = compare.get_by_text("Ask, and each model answers")
    for chosen, shown in (("New comparison", prompt), ("Hello?", summary)):
        compare.get_by_role("button", name="Expand sidebar").click()
        steps.sidebar(compare).get_by_role("button", name=chosen).click()
        expect(shown).to_be_visible()
        expect(compare.get_by_role("button", name="Collapse sidebar")).to_have_count(0)


def test_decide(compare: Page, sandbox: Sandbox, tmp_path: Path) -> None:
    """Blind, voted for, shown, judged: all is there after a reload, and in a saved page."""
    hide_models(compare)
    choose(compare, "sandbox/tour", "sandbox/citations")
    steps.compare(compare, "Which is better?")
    vote = compare.get_by_role("button", name="Model B")
    vote.click()
    expect(compare.get_by_text("ask on: they stay hidden")).to_be_visible()
    expect(compare.get_by_role("heading", name="Sandbox: tour")).to_have_count(0)
    compare.get_by_role("button", name="Show the models").click()
    expect(compare.get_by_role("region", name="Summary of the answers")).to_be_visible()
    compare.get_by_text("Let a model judge").click()
    compare.get_by_role("button", name="Ask the judge").click()
    expect(compare.get_by_text("The judge disagrees with itself")).to_be_visible()
    steps.wait_for(lambda: len(sandbox.completions) == 4 and sandbox.open_streams == 0)
    expect(compare.get_by_role("region", name="Votes")).to_be_visible()
    compare.reload()
    for shown in ("You voted for B", "The judge disagrees with itself"):
        expect(compare.get_by_text(shown)).to_be_visible()
    expect(compare.get_by_role("img", name="Cost against time")).to_be_visible()
    assert len(sandbox.completions) == 4
    compare.get_by_role("button", name="This comparison").click()
    with compare.expect_download() as download:
        compare.get_by_role("button", name="Save as a page").click()
    download.value.save_as(tmp_path / "saved.html")
    saved = compare.context.new_page()
    saved.goto((tmp_path / "saved.html").as_uri())
    expect(saved.get_by_role("heading", name="Which is better?")).to_be_visible()
    for shown in ("Blind vote", "The judge disagrees with itself", "The sky is blue"):
        expect(saved.get_by_text(shown).first).to_be_visible()
    saved.close()
