"""What a user does and sees: the verbs of the browser tests."""

import re
import time
from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from sandbox.server import Sandbox

expect.set_options(timeout=20_000)


FRAME = """<!doctype html><title>Around</title>
<iframe src="{url}" style="width:100%;height:90vh"
 sandbox="allow-scripts allow-same-origin allow-forms allow-popups {more}"></iframe>"""
"""A page around the app at `url`, in a frame that may do little but what `more` allows."""


def sign_in_link(page: Page) -> Locator:
    """The link that begins a sign-in."""
    return page.get_by_role("link", name="Sign in with OpenRouter")


def start(page: Page, url: str) -> None:
    """Open the app and leave it for OpenRouter's consent page."""
    page.goto(url)
    sign_in_link(page).click()
    expect(page.get_by_role("button", name="Authorize")).to_be_visible()


def rehearse(page: Page, *, exchange: str = "success", state_return: str = "query") -> None:
    """Choose a failure on the consent page."""
    page.get_by_text("Rehearse a failure").click()
    page.get_by_label("Response of the exchange").select_option(exchange)
    page.get_by_label("State in the callback").select_option(state_return)


def authorize(page: Page) -> None:
    """Approve on the consent page."""
    page.get_by_role("button", name="Authorize").click()


def confirm(page: Page) -> None:
    """Confirm an approval that came back without its `state`."""
    expect(alert(page)).to_contain_text("they could read what you ask")
    expect(page).not_to_have_url(re.compile("code=|state="))
    page.get_by_role("button", name="Go on and sign in").click()


def sign_in(page: Page, url: str) -> None:
    """Sign in, from nothing to the chat page."""
    start(page, url)
    authorize(page)
    expect_chat(page)


def code_link(page: Page | FrameLocator) -> Locator:
    """The link that leads to a code for pasting."""
    return page.get_by_role("link", name="Get a code from OpenRouter")


def paste_a_code(person: BrowserContext, page: Page | FrameLocator) -> None:
    """Get a code in a new tab, and paste it in this one."""
    with person.expect_page() as opened:
        code_link(page).click()
    authorize(opened.value)
    code = opened.value.locator("#code").inner_text()
    opened.value.close()
    paste(page, code)


def paste(page: Page | FrameLocator, code: str) -> None:
    """Sign in with a code."""
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in with this code").click()


def expect_chat(page: Page) -> None:
    """The chat page is ready for a question."""
    expect(page.get_by_placeholder("Ask anything")).to_be_enabled()
    expect(page).to_have_url(re.compile(r"/chat$"))


def expect_signed_out(page: Page) -> None:
    """The page offers to sign in, and no chat."""
    expect(sign_in_link(page)).to_be_visible()
    expect(page.get_by_placeholder("Ask anything")).to_have_count(0)


def new_chat(page: Page) -> None:
    """Begin another conversation."""
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_test_id("stChatMessage")).to_have_count(0)


def alert(page: Page) -> Locator:
    """The sentence about what went wrong."""
    return page.get_by_role("alert")


def ask(page: Page, question: str) -> None:
    """Send a question."""
    field = page.get_by_placeholder("Ask anything")
    field.fill(question)
    field.press("Enter")


def answers(page: Page) -> Locator:
    """The answers in the conversation."""
    return page.get_by_test_id("stChatMessage").filter(
        has=page.get_by_test_id("stChatMessageAvatarAssistant")
    )


def last_answer(page: Page) -> Locator:
    """The answer at the end of the conversation."""
    return answers(page).last


def stop(page: Page) -> Locator:
    """The button that ends the answers on the page."""
    return page.get_by_role("button", name=re.compile("^Stop")).locator("visible=true")


def stop_answer(page: Page, sandbox: Sandbox) -> None:
    """Press Stop: the requests end within a second, and the page says so."""
    stop(page).click()
    expect_streams_to_end(sandbox)
    expect(last_answer(page)).to_contain_text("This answer was stopped here.")


def words(text: str) -> list[int]:
    """Return the numbers of the words of `sandbox/endless` in a text."""
    return [int(number) for number in re.findall(r"word (\d+)", text)]


def expect_more_words(answer: Locator, count: int = 5, *, within_s: float = 20) -> None:
    """An answer of `sandbox/endless` grows without a gap."""
    seen = words(answer.inner_text())
    word = f"word {max(seen, default=0) + count}"
    expect(answer).to_contain_text(word, timeout=within_s * 1000)
    seen = words(answer.inner_text())
    assert seen == list(range(1, len(seen) + 1))


def double_click(button: Locator) -> None:
    """Click again before the page has changed: the mouse would miss a button that moves."""
    button.evaluate(
        """button => new Promise((done) => {
            button.click();
            setTimeout(() => done(button.click()), 60);
        })"""
    )


def go_back(page: Page, count: int = 1) -> None:
    """Go back as the button does: Playwright's own waits for a load that a live page has not."""
    page.evaluate(f"setTimeout(() => history.go({-count}))")


def wait_for(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a condition that no page shows holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def expect_streams_to_end(sandbox: Sandbox) -> None:
    """All requests end within a second."""
    wait_for(lambda: sandbox.open_streams == 0, seconds=1)


def statuses(sandbox: Sandbox) -> list[int]:
    """The statuses of the exchanges so far."""
    return [exchange.status for exchange in sandbox.exchanges]


def sidebar(page: Page) -> Locator:
    """What stands beside the chat."""
    return page.get_by_test_id("stSidebar")


def converse(page: Page, question: str) -> None:
    """Ask, and wait for the answer."""
    count = answers(page).count()
    ask(page, question)
    expect(answers(page)).to_have_count(count + 1)
    expect(answers(page).last).to_contain_text("completion tokens")


def expect_idle(page: Page) -> None:
    """The script has ended: the page has nothing left to show or to report."""
    state = ("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stApp")).to_have_attribute(*state)


def expect_stored(page: Page, text: str) -> None:
    """The tab has stored a whole answer."""
    page.wait_for_function(
        """text => Object.values({...sessionStorage}).some(
            (stored) => stored.includes(text) && stored.includes('"complete"'))""",
        arg=text,
    )


def attach(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Choose files for the next message."""
    for name, kind, content in files:
        with page.expect_response(lambda response: "upload_file" in response.url):
            page.locator("[data-testid=stChatInput] input[type=file]").set_input_files(
                {"name": name, "mimeType": kind, "buffer": content}
            )
        expect(page.get_by_test_id("stChatInput").get_by_text(name)).to_be_visible()


def fill_storage(page: Page, room: int) -> None:
    """Leave room in the tab's storage for at most so many characters."""
    page.evaluate(
        """room => {
            for (let size = 1 << 22; size > room; size /= 2)
                try {
                    for (;;) sessionStorage.setItem(`ballast${Math.random()}`, "x".repeat(size));
                } catch {}
        }""",
        room,
    )


def expect_model(page: Page, name: str, model: str) -> None:
    """The page has this model, and so has the address."""
    expect(choice(page)).to_contain_text(name)
    expect(page.get_by_text(f"The answer comes from {model}")).to_be_attached()
    expect(page).to_have_url(re.compile(rf"/chat\?model={quote(model, safe='')}$"))


def choice(page: Page) -> Locator:
    """The button with the model's name."""
    return page.locator(".st-key-choice").get_by_test_id("stPopoverButton")


def compare(page: Page, question: str) -> None:
    """Send a question to all models of the compare page."""
    field = page.get_by_placeholder("Ask all of them")
    field.fill(question)
    field.press("Enter")
