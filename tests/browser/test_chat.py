"""The chat: answers that are whole, changed, stopped, or ended by a failure."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import (
    CLOUD,
    CONFIG_ALONE,
    NO_CONFIG,
    ROOT,
    App,
    cookies_named,
    open_chat,
)

pytestmark = pytest.mark.browser


def try_again(page: Page) -> Locator:
    """The button that sends the last question again."""
    return page.get_by_role("button", name="Try again")


def waiting(page: Page) -> Locator:
    """The text that is shown until the first token."""
    return page.get_by_text("Waiting for the answer…")


def expect_whole(page: Page, count: int) -> None:
    """The page has this number of answers, and the last one is whole."""
    expect(steps.answers(page)).to_have_count(count)
    expect(steps.last_answer(page)).to_contain_text("completion tokens")
    expect(steps.stop(page)).to_have_count(0)


def expect_version(page: Page, number: int, count: int) -> None:
    """The last question has `count` answers, of which this one is shown."""
    expect(steps.last_answer(page)).to_contain_text(f"{number}/{count}")


# Whole


def test_first_chat(page: Page, start_app: Callable[..., App], sandbox: Sandbox) -> None:
    """The first visit to a fresh process, below a path: sign-in, a question, its answer."""
    app = start_app(
        "fresh",
        base_path="demo/chat",  # ends like the URL of a page
        APP_TITLE="Küche & chat",
        APP_URL="https://example.org/chat",
        APP_PROMPTS="Why is the sky blue? | sandbox/endless please",
    )
    page.goto(f"{app.url}/chat")
    steps.expect_signed_out(page)
    assert not sandbox.completions
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    expect(page).to_have_url(f"{app.url}/chat")
    prompts = page.get_by_role("main").get_by_role("button", name="sandbox/endless please")
    expect(prompts).to_be_visible()
    steps.ask(page, "Why is the sky blue?")
    expect_whole(page, 1)
    expect(prompts).to_have_count(0)
    expect(steps.last_answer(page)).to_contain_text("Why is the sky blue?")
    expect(steps.last_answer(page)).to_contain_text(
        re.compile(
            r"sandbox/hello · less than a cent · \d\.\d\ss"
            r"ProviderSandbox, privacy policy, data centers in DE, IERoutingOpenRouter region fra"
            r"Tokens\d+ prompt and \d+ completion tokensCost\$0\.000\d+"
            r"Speedfirst word after \d\.\d\d s, [\d,]+ tokens a second"
        )
    )
    (completion,) = sandbox.completions
    assert re.fullmatch("[0-9a-f]{16}", completion["body"]["session_id"])
    assert completion["body"] == {
        "session_id": completion["body"]["session_id"],
        "model": "openrouter/auto",
        "messages": [{"role": "user", "content": "Why is the sky blue?"}],
        "stream": True,
    }
    assert completion["headers"] == {
        "http-referer": "https://example.org/chat",
        "x-openrouter-title": "Kche & chat",
    }
    expect(steps.alert(page)).to_have_count(0)
    expect(waiting(page)).to_have_count(0)
    page.get_by_role("button", name="New chat").click()
    steps.double_click(prompts)
    expect(steps.last_answer(page)).to_contain_text("word 2")
    expect(prompts).to_have_count(0)
    steps.stop_answer(page, sandbox)
    assert len(sandbox.completions) == 2


def test_image(chat: Page) -> None:
    """An image that the model made is shown, and can be saved unchanged."""
    steps.ask(chat, "sandbox/image please")
    expect_whole(chat, 1)
    image = steps.last_answer(chat).get_by_role("img", name="Image 1, made by the model")
    expect(image).to_be_visible()
    with chat.expect_download() as download:
        steps.last_answer(chat).get_by_role("button", name="Save the image").click()
    assert download.value.suggested_filename == "image-1.png"
    assert download.value.path().read_bytes() == picture()


# Changed afterwards


def questions(page: Page) -> Locator:
    """The user's messages."""
    return page.get_by_role("group", name="Chat message from user")


def test_edit_and_delete(chat: Page, sandbox: Sandbox) -> None:
    """A turn is deleted with its answer; one that is edited replaces itself and all after it.

    A double click acts once.
    """

    def sent() -> list[str]:
        return [message["content"] for message in sandbox.completions[-1]["body"]["messages"]]

    for count in (1, 2):
        steps.ask(chat, f"sandbox/echo number {count}")
        expect_whole(chat, count)
    steps.double_click(questions(chat).first.get_by_role("button", name="Delete"))
    expect(steps.answers(chat)).to_have_count(1)
    expect(questions(chat)).to_contain_text(["number 2"])
    steps.ask(chat, "sandbox/echo number 3")
    expect_whole(chat, 2)
    assert sent() == [f"sandbox/echo number {number}" for number in (2, 2, 3)]
    questions(chat).first.get_by_role("button", name="Edit").click()
    field = chat.get_by_label("Your message")
    expect(field).to_have_value("sandbox/echo number 2")
    chat.get_by_role("button", name="Cancel").click()
    expect(field).to_have_count(0)
    expect(steps.answers(chat)).to_have_count(2)
    questions(chat).first.get_by_role("button", name="Edit").click()
    field.fill("sandbox/echo number 4")
    field.blur()
    steps.double_click(chat.get_by_role("button", name="Send again"))
    expect_whole(chat, 1)
    expect(steps.last_answer(chat)).to_contain_text("sandbox/echo number 4")
    assert sent() == ["sandbox/echo number 4"]
    assert len(sandbox.completions) == 4
    expect(steps.alert(chat)).to_have_count(0)


def test_another_answer(chat: Page, sandbox: Sandbox) -> None:
    """A question can be sent again; both answers can be read. A double click sends once."""
    steps.ask(chat, "sandbox/tour one")
    expect_whole(chat, 1)
    steps.double_click(chat.get_by_role("button", name="Another answer"))
    expect_version(chat, 2, 2)
    expect_whole(chat, 1)
    first, second = sandbox.completions
    assert first["body"] == second["body"]
    steps.last_answer(chat).get_by_role("button", name="Earlier").click()
    expect_version(chat, 1, 2)
    expect(steps.last_answer(chat).get_by_role("button", name="Earlier")).to_be_disabled()
    steps.last_answer(chat).get_by_role("button", name="Later").click()
    expect_version(chat, 2, 2)


def test_answer_of_another_model(page: Page, app: App, sandbox: Sandbox) -> None:
    """The question goes to the model that is chosen under its answer, which the chat then has."""
    open_chat(page, app, sandbox)
    steps.ask(page, "sandbox/tour one")
    expect_whole(page, 1)
    page.get_by_role("button", name="Ask another model").click()
    page.get_by_role("combobox", name="Ask another model").fill("echo")
    page.get_by_role("option").first.click()
    expect_version(page, 2, 2)
    expect_whole(page, 1)
    assert sandbox.completions[-1]["body"]["model"] == "sandbox/echo"
    expect(steps.choice(page)).to_contain_text("echo")
    expect(page.get_by_role("combobox", name="Ask another model")).to_have_count(0)


def test_actions_on_a_phone(page: Page, app: App, sandbox: Sandbox) -> None:
    """The buttons of an answer stand in one line, large enough to touch."""
    page.set_viewport_size({"width": 390, "height": 844})
    open_chat(page, app, sandbox)
    steps.ask(page, "sandbox/tour one")
    expect_whole(page, 1)
    page.get_by_role("button", name="Another answer").click()
    expect_version(page, 2, 2)
    expect_whole(page, 1)
    row = steps.last_answer(page).locator("[class*=st-key-actions_]")
    expect(row.get_by_role("button", name="Ask another model")).to_be_visible()
    boxes = row.evaluate(
        """row => [...row.querySelectorAll("button"), row.querySelector("[class*=st-key-copy_]")]
            .map((button) => button.getBoundingClientRect())
            .map(({ y, width, height }) => [y + height / 2, width, height])"""
    )
    assert len(boxes) == 5
    assert len({round(middle) for middle, _, _ in boxes}) == 1
    assert min(min(width, height) for _, width, height in boxes) >= 32


# Ended by the user


def test_stop(chat: Page, sandbox: Sandbox) -> None:
    """Stop ends the stream within a second; the text stays, also after a reload."""
    steps.ask(chat, "sandbox/endless until I stop it")
    expect(steps.last_answer(chat)).to_contain_text("word 5")
    steps.stop_answer(chat, sandbox)
    text, _, _ = steps.last_answer(chat).inner_text().partition("was stopped")
    assert "word 5" in text
    chat.wait_for_function(
        """Object.values({...sessionStorage}).some(
            (stored) => stored.includes("until I stop it") && stored.includes('"stopped"'))"""
    )
    chat.reload()
    expect(steps.last_answer(chat)).to_contain_text("This answer was stopped here.")
    steps.ask(chat, "sandbox/echo something else")
    expect_whole(chat, 2)
    assert steps.answers(chat).first.inner_text().startswith(text)
    expect(steps.alert(chat)).to_have_count(0)


def test_stop_before_the_first_word(chat: Page, sandbox: Sandbox) -> None:
    """Stop ends a request that has no response yet within a second."""
    steps.ask(chat, "sandbox/no-headers please")
    expect(waiting(chat)).to_be_visible()
    steps.wait_for(lambda: sandbox.open_streams == 1, seconds=5)
    steps.stop_answer(chat, sandbox)
    expect(waiting(chat)).to_have_count(0)


def test_continue(chat: Page, sandbox: Sandbox) -> None:
    """An answer that was stopped goes on where it ended, also through a reload, as one text."""
    steps.ask(chat, "sandbox/endless please")
    expect(steps.last_answer(chat)).to_contain_text("word 5")
    steps.stop_answer(chat, sandbox)
    resume = chat.get_by_role("button", name="Continue")
    expect(resume).to_be_enabled()  # its cost is known
    steps.double_click(resume)
    expect(steps.stop(chat)).to_be_visible()
    answer = steps.last_answer(chat)
    expect(answer.get_by_role("button", name="Copy")).to_have_count(0)
    expect(answer).not_to_contain_text("was stopped")
    steps.expect_more_words(answer, 20)
    chat.reload()
    steps.expect_more_words(answer)
    assert (len(sandbox.completions), sandbox.open_streams) == (2, 1)
    steps.stop_answer(chat, sandbox)
    expect(answer.get_by_role("button", name="Copy")).to_have_count(1)
    expect(steps.answers(chat)).to_have_count(1)


# Not ended


@pytest.mark.parametrize(
    "hosted",
    [CLOUD, CONFIG_ALONE, NO_CONFIG, {**CLOUD, "STREAMLIT_RUNNER_FAST_RERUNS": "false"}],
    ids=["cloud", "config alone", "no config", "no fast reruns"],
)
def test_clicks_in_mid_answer(
    person: BrowserContext,
    page: Page,
    start_app: Callable[..., App],
    sandbox: Sandbox,
    hosted: dict[str, str],
) -> None:
    """Only Stop ends an answer, wherever the app is hosted."""
    app = start_app(hosted=hosted)
    open_chat(page, app, sandbox)
    steps.ask(page, "sandbox/endless please")
    sidebar = page.get_by_test_id("stSidebarUserContent")

    def expect_to_grow() -> None:
        steps.expect_more_words(steps.last_answer(page))
        assert (len(sandbox.completions), sandbox.open_streams) == (1, 1)

    expect_to_grow()
    steps.choice(page).click()
    expect(page.get_by_text("More settings")).to_be_visible()
    page.keyboard.press("Escape")
    expect_to_grow()
    page.get_by_role("button", name="This chat", exact=True).click()
    expect(page.get_by_label("Name")).to_be_visible()
    page.keyboard.press("Escape")
    expect_to_grow()
    steps.double_click(questions(page).get_by_role("button", name="Edit"))
    expect(page.get_by_label("Your message")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect_to_grow()
    for name, seen in (("Account", "Your account"), ("Compare", "Compare")):
        sidebar.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=seen)).to_be_visible()
        expect(page.get_by_test_id("stChatMessage")).to_have_count(0)
        sidebar.get_by_role("link", name="Chat").click()
        expect_to_grow()
    steps.new_chat(page)
    sidebar.get_by_role("button", name="sandbox/endless please").click()
    expect_to_grow()
    steps.stop_answer(page, sandbox)
    expect(steps.last_answer(page).get_by_role("button", name="Copy")).to_be_visible()
    expect(steps.last_answer(page)).to_contain_text("first word after")
    steps.double_click(try_again(page))
    steps.expect_more_words(steps.last_answer(page), 20)
    assert (len(sandbox.completions), sandbox.open_streams) == (2, 1)
    questions(page).get_by_role("button", name="Delete").click()
    steps.expect_streams_to_end(sandbox)
    expect(page.get_by_test_id("stChatMessage")).to_have_count(0)


def test_question_in_mid_answer(chat: Page, sandbox: Sandbox) -> None:
    """A question that is sent during an answer is shown at once, and sent on when that has ended."""
    steps.ask(chat, "sandbox/endless please")
    expect(steps.last_answer(chat)).to_contain_text("word 5")
    steps.ask(chat, "sandbox/echo and then?")
    expect(questions(chat)).to_have_count(2)
    expect(steps.last_answer(chat)).to_contain_text("sent when the answer above has ended")
    steps.expect_more_words(steps.answers(chat).first)
    assert len(sandbox.completions) == 1
    steps.stop(chat).click()
    expect_whole(chat, 2)
    expect(steps.last_answer(chat)).to_contain_text("and then?")


def test_no_traceback(page: Page, start_app: Callable[..., App], tmp_path: Path) -> None:
    """An exception in the app shows no traceback, and no part of one."""
    for name in ("streamlit_app.py", "pages", "lib", "sandbox", ".streamlit"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    broken = tmp_path / "pages" / "chat.py"
    fault = '\n{"the key": 1}["secret"]\nsettings, session ='
    broken.write_text(broken.read_text().replace("\nsettings, session =", fault))
    app = start_app("broken", folder=tmp_path)
    page.goto(f"{app.url}chat")
    expect(page.get_by_test_id("stException")).to_be_visible()
    shown = page.locator("body").inner_text()
    assert not [text for text in ("KeyError", "secret", "Traceback", "chat.py") if text in shown]
    assert "Traceback" in app.log


# Ended by OpenRouter


def test_retry(chat: Page, sandbox: Sandbox) -> None:
    """The seconds until a retry are counted down, and Stop cancels it."""
    sandbox.retry_after = 20
    steps.ask(chat, "sandbox/status-429 please")
    expect(chat.get_by_text("Retrying in 18 s")).to_be_visible()
    steps.stop(chat).click()
    expect(steps.answers(chat)).to_contain_text("This answer was stopped here.")
    expect(chat.get_by_role("button", name="Try again")).to_be_visible()
    assert len(sandbox.completions) == 1


def test_rejected_key(person: BrowserContext, page: Page, app: App, sandbox: Sandbox) -> None:
    """A rejected key leads to a new sign-in, after which the conversation continues."""
    open_chat(page, app, sandbox)
    steps.ask(page, "sandbox/echo the first")
    expect_whole(page, 1)
    list(sandbox.keys.values())[-1].revoked = True
    steps.ask(page, "sandbox/echo the second")
    steps.expect_signed_out(page)
    expect(page).to_have_url(f"{app.url}chat")
    expect(steps.alert(page).first).to_contain_text("no longer accepts your key")
    expect(questions(page)).to_contain_text(["sandbox/echo the first", "sandbox/echo the second"])
    assert not cookies_named(person, "key")
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    expect(steps.answers(page).first).to_contain_text("the first")
    assert len(sandbox.completions) == 1
    try_again(page).click()
    expect(steps.last_answer(page)).to_contain_text("the second")
    assert len(sandbox.completions[-1]["body"]["messages"]) == 3


# Around


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    expect(target).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("e => e.getRootNode().activeElement === e"):
            return
    pytest.fail("Tab does not reach it.")


def test_composition(chat: Page, sandbox: Sandbox) -> None:
    """The Enter that ends a composition, marked by its key code alone in Safari, sends nothing."""
    field = chat.get_by_placeholder("Ask anything")
    field.fill("sandbox/echo 日本")
    field.evaluate(
        """field => field.dispatchEvent(new KeyboardEvent("keydown", {
            key: "Enter", code: "Enter", keyCode: 229, bubbles: true, cancelable: true }))"""
    )
    field.press_sequentially("語")
    field.press("Enter")
    expect_whole(chat, 1)
    (completion,) = sandbox.completions
    assert completion["body"]["messages"][0]["content"] == "sandbox/echo 日本語"


SCROLL_UP = """title => new Promise((resolve) => {
    let looks = 0;
    const look = () => {
        if (title.getBoundingClientRect().top < 0) [looks] = [0, title.scrollIntoView()];
        else if (++looks > 20) return resolve();
        setTimeout(look, 20);
    };
    look();
})"""
"""Scroll to the title, again until Streamlit, which follows an answer, leaves it there."""


def test_scrolled_up(chat: Page, sandbox: Sandbox) -> None:
    """A question that is sent after scrolling up is scrolled into view, with its answer."""
    steps.ask(chat, "sandbox/tour please")
    expect_whole(chat, 1)
    chat.get_by_role("heading", name="Chat", exact=True).evaluate(SCROLL_UP)
    chat.get_by_placeholder("Ask anything").focus()
    chat.keyboard.insert_text("sandbox/endless " + "please " * 500)  # more than the window shows
    chat.keyboard.press("Enter")
    expect(steps.last_answer(chat)).to_contain_text("word 5")
    expect(questions(chat).last.get_by_role("button", name="Edit")).to_be_in_viewport()
    expect(steps.last_answer(chat)).to_be_in_viewport()
    steps.stop_answer(chat, sandbox)


def test_keyboard(page: Page, app: App, sandbox: Sandbox) -> None:
    """Signing in, asking and stopping need no mouse."""
    page.goto(app.url)
    tab_to(page, steps.sign_in_link(page))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Authorize"))
    page.keyboard.press("Enter")
    steps.expect_chat(page)
    tab_to(page, page.get_by_placeholder("Ask anything"))
    page.keyboard.type("sandbox/endless please")
    page.keyboard.press("Enter")
    expect(steps.last_answer(page)).to_contain_text("word 2")
    tab_to(page, steps.stop(page))
    page.keyboard.press("Enter")
    steps.expect_streams_to_end(sandbox)
    expect(steps.last_answer(page)).to_contain_text("This answer was stopped here.")
    assert len(sandbox.completions) == 1
