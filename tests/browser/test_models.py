"""The choice of a model, in the picker and in the URL."""

import pytest
from playwright.sync_api import Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, open_chat

pytestmark = pytest.mark.browser


def open_choice(page: Page) -> None:
    """Open what stands behind the button with the model's name."""
    steps.choice(page).click()
    expect(page.get_by_role("combobox", name="to choose from")).to_be_visible()


def choose(page: Page, typed: str) -> None:
    """Type into the picker, and take the first that fits."""
    page.get_by_role("combobox", name="to choose from").click()
    page.keyboard.type(typed)
    page.keyboard.press("Enter")


def test_variant(page: Page, app: App, sandbox: Sandbox) -> None:
    """A variant that no list contains is typed, and is taken without a warning."""
    open_chat(page, app, sandbox)
    open_choice(page)
    page.get_by_text("More settings").click()
    field = page.get_by_role("textbox", name="Another model, by its id")
    field.fill("sandbox/tour:nitro")
    field.press("Enter")
    steps.expect_model(page, "tour (nitro)", "sandbox/tour:nitro")
    expect(page.get_by_text("OpenRouter has no model")).to_have_count(0)
    page.keyboard.press("Escape")
    steps.converse(page, "Hello?")
    assert sandbox.completions[-1]["body"]["model"] == "sandbox/tour:nitro"


def test_pick(page: Page, app: App, sandbox: Sandbox) -> None:
    """A model is found by typing, is in the URL, survives a reload, and Back restores the last one."""
    open_chat(page, app, sandbox)
    open_choice(page)
    choose(page, "tin-robot/cobble-34b")
    steps.expect_model(page, "Cobble 34B", "tin-robot/cobble-34b")
    page.reload()
    steps.expect_model(page, "Cobble 34B", "tin-robot/cobble-34b")
    open_choice(page)
    choose(page, "sandbox/tour")
    steps.expect_model(page, "tour", "sandbox/tour")
    steps.go_back(page)
    steps.expect_model(page, "Cobble 34B", "tin-robot/cobble-34b")
    steps.converse(page, "sandbox/echo please")
    assert sandbox.completions[-1]["body"]["model"] == "tin-robot/cobble-34b"
