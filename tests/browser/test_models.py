"""The choice of a model: the picker, the address, fallbacks, instructions and parameters."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from sandbox.catalogue import models
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(browser_signed_in: BrowserContext) -> Iterator[Page]:
    """A tab of somebody who is signed in."""
    page = browser_signed_in.new_page()
    yield page
    page.close()


@pytest.fixture
def chat(tab: Page, app: App, sandbox: Sandbox) -> Page:
    """The chat page, with nothing asked and nothing chosen yet."""
    tab.evaluate("location.protocol === 'http:' && sessionStorage.clear()")
    tab.goto(f"{app.url}chat")
    steps.expect_chat(tab)
    return tab


def choice(page: Page) -> Locator:
    """The button with the model's name."""
    return page.get_by_role("main").get_by_test_id("stPopoverButton")


def open_choice(page: Page) -> None:
    """Open what stands behind the button with the model's name."""
    choice(page).click()
    expect(page.get_by_label("Instructions")).to_be_visible()


def picker(page: Page) -> Locator:
    """The field that one types into to find a model."""
    return page.get_by_role("combobox", name="to choose from")


def choose(page: Page, typed: str) -> None:
    """Type into the picker, and take the first that fits."""
    picker(page).click()
    page.keyboard.type(typed)
    page.keyboard.press("Enter")


def expect_model(page: Page, name: str, model: str) -> None:
    """The page has this model, and so has the address."""
    expect(choice(page)).to_contain_text(name)
    expect(page.get_by_text(f"The answer comes from {model}")).to_be_attached()
    expect(page).to_have_url(re.compile(rf"/chat\?model={quote(model, safe='')}$"))


def show_free(page: Page) -> list[dict[str, Any]]:
    """Have the app shorten the list to the models that cost nothing, and return these."""
    free = [model for model in models() if model["pricing"]["prompt"] == "0"]
    page.get_by_role("button", name="Free").click()
    expect(picker(page)).to_have_accessible_name(f"Model ({len(free)} to choose from)")
    return free


def last_body(page: Page, sandbox: Sandbox) -> dict[str, object]:
    """Ask, and return the request that arrived at OpenRouter."""
    steps.ask(page, "sandbox/echo please")
    expect(steps.answers(page).last).to_contain_text("completion tokens")
    body: dict[str, object] = sandbox.completions[-1]["body"]
    return body


def test_pick(chat: Page, sandbox: Sandbox) -> None:
    """A model is found by typing; it answers, stands in the address, and outlives a reload."""
    open_choice(chat)
    expect(picker(chat)).to_have_accessible_name(f"Model ({len(models())} to choose from)")
    choose(chat, "tin-robot/cobble-34b")
    expect_model(chat, "Cobble 34B", "tin-robot/cobble-34b")
    expect(chat.get_by_text("for a million prompt / completion tokens")).to_be_visible()
    chat.reload()
    expect_model(chat, "Cobble 34B", "tin-robot/cobble-34b")
    assert last_body(chat, sandbox)["model"] == "tin-robot/cobble-34b"


def test_back(chat: Page) -> None:
    """Back brings the model of before."""
    open_choice(chat)
    choose(chat, "sandbox/echo")
    expect_model(chat, "echo", "sandbox/echo")
    choose(chat, "sandbox/tour")
    expect_model(chat, "tour", "sandbox/tour")
    steps.go_back(chat)
    expect_model(chat, "echo", "sandbox/echo")


def test_search_by_id_and_filters(chat: Page) -> None:
    """Filters shorten the list, and change no choice by themselves."""
    open_choice(chat)
    free = show_free(chat)
    expect(choice(chat)).to_contain_text("Auto Router")
    chat.get_by_role("button", name="Takes images").click()
    seeing = [model for model in free if "image" in model["architecture"]["input_modalities"]]
    expect(picker(chat)).to_have_accessible_name(f"Model ({len(seeing)} to choose from)")
    choose(chat, "paper-mill/kelp")
    expect(choice(chat)).to_contain_text("Kelp")
    expect(chat.get_by_text("free · ")).to_be_visible()


def test_parameters(chat: Page, app: App, sandbox: Sandbox) -> None:
    """What is set is sent, also after a look at another page; what is not set is not sent."""
    chat.goto(f"{app.url}chat?model=sandbox/request")
    open_choice(chat)
    for name, value in {
        "Instructions": "Answer in Latin.",
        "Temperature": "0.7",
        "top_p": "0.9",
        "Longest answer": "500",
        "Seed": "42",
    }.items():
        chat.get_by_label(name).first.fill(value)
        chat.keyboard.press("Tab")
    chat.get_by_role("combobox", name="Reasoning effort").click()
    chat.get_by_role("option", name="low").click()
    chat.get_by_text("Search the web").click()
    expect(chat.get_by_role("switch", name="Search the web")).to_be_checked()
    # Streamlit drops what it has not yet begun to handle when the page changes: the shorter list
    # is its answer to a message that has all of the above.
    show_free(chat)
    chat.keyboard.press("Escape")
    chat.get_by_role("link", name="Account").click()
    chat.get_by_role("link", name="Open the chat").click()
    expect_model(chat, "request", "sandbox/request")
    body = last_body(chat, sandbox)
    messages = body.pop("messages")
    assert messages[0] == {"role": "system", "content": "Answer in Latin."}
    assert body == {
        "model": "sandbox/request",
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 500,
        "seed": 42,
        "reasoning": {"effort": "low"},
        "tools": [{"type": "openrouter:web_search", "parameters": {"max_results": 3}}],
        "stream": True,
    }
    expect(steps.answers(chat).last.locator("pre code")).to_contain_text('"effort": "low"')
