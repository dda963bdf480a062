"""The choice of a model, in the picker and in the URL."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import FRUGAL, App, chromium_path, new_person, open_chat

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


@pytest.fixture
def person_with_microphone(playwright: Playwright) -> Iterator[BrowserContext]:
    """A browser with a microphone that beeps."""
    browser = playwright.chromium.launch(
        executable_path=chromium_path(),
        args=[*FRUGAL, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
    )
    with new_person(browser, permissions=["microphone"]) as context:
        yield context
    browser.close()


@pytest.mark.chromium
def test_voice(person_with_microphone: BrowserContext, app: App, sandbox: Sandbox) -> None:
    """Who speaks to a model that takes audio is heard; a change of the model loses nothing typed."""
    page = person_with_microphone.new_page()
    open_chat(page, app, sandbox)
    record = page.get_by_role("button", name="Start recording")
    expect(record).to_be_visible()
    page.get_by_placeholder("Ask anything").fill("sandbox/hello, what do I say?")
    for model, name, count in (
        ("sandbox-labs/breeze-1b:free", "Breeze 1B", 0),
        ("sandbox/hello", "hello", 1),
    ):
        open_choice(page)
        choose(page, model)
        expect(steps.choice(page)).to_contain_text(name)
        expect(record).to_have_count(count)
        page.keyboard.press("Escape")
    expect(page.get_by_placeholder("Ask anything")).to_have_value("sandbox/hello, what do I say?")
    record.click()
    page.wait_for_timeout(500)  # of sound
    page.get_by_role("button", name="Submit recording").click()
    expect(steps.last_answer(page)).to_contain_text("audio (wav")
    question = page.get_by_role("group", name="Chat message from user")
    expect(question).to_contain_text("what do I say?")
    expect(question.get_by_test_id("stAudio")).to_be_visible()
    expect(question).to_contain_text("recording.wav")
