"""A reader who is away for a moment, or for good: what becomes of an answer in progress."""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from sandbox.answers import long
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, arrive_signed_in, open_chat
from tests.browser.test_compare import choose, column
from tests.browser.wire import Wire

pytestmark = pytest.mark.browser


@pytest.fixture
def wire(app: App) -> Iterator[Wire]:
    """The way to the app."""
    with Wire(app.port) as wire:
        yield wire


@pytest.fixture
def tab(person: BrowserContext, page: Page, app: App, wire: Wire, sandbox: Sandbox) -> Page:
    """A tab of somebody who is signed in, and whose way to the app is the wire."""
    arrive_signed_in(person, app, sandbox, url=f"http://localhost:{wire.port}/")
    return page


@pytest.fixture
def chat(tab: Page, wire: Wire) -> Page:
    """The chat page, in which an answer grows that ends only with Stop."""
    tab.goto(f"http://localhost:{wire.port}/chat")
    steps.expect_chat(tab)
    steps.ask(tab, "sandbox/endless please")
    expect(steps.last_answer(tab)).to_contain_text("word 40")
    return tab


def expect_to_go_on(page: Page, sandbox: Sandbox) -> None:
    """The answer grows, whole, on the one request; Stop still ends it."""
    steps.expect_more_words(steps.last_answer(page), 20, within_s=90)
    assert len(sandbox.completions) == 1
    assert sandbox.open_streams == 1
    steps.stop_answer(page, sandbox)


@pytest.mark.parametrize("seconds", [0.3, 5, 30])
def test_connection_lost(chat: Page, wire: Wire, sandbox: Sandbox, seconds: float) -> None:
    """An answer goes on while the connection is lost, and is shown once it is back."""
    wire.cut(seconds)
    expect_to_go_on(chat, sandbox)


def test_asleep(chat: Page, wire: Wire, sandbox: Sandbox) -> None:
    """A phone that slept for 45 s notices its dead connection, and shows the answer."""
    session = chat.context.new_cdp_session(chat)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    wire.fall_asleep()
    time.sleep(45)
    session.send("Page.setWebLifecycleState", {"state": "active"})
    expect_to_go_on(chat, sandbox)


def test_reload(chat: Page, sandbox: Sandbox) -> None:
    """A reload in mid-answer, and a second one, find the answer growing."""
    for _ in range(2):
        chat.reload()
        steps.expect_more_words(steps.last_answer(chat))
    expect_to_go_on(chat, sandbox)


def test_reload_at_once(chat: Page, sandbox: Sandbox) -> None:
    """A question that was sent right before the reload is there, though the tab stored nothing of it."""
    steps.stop_answer(chat, sandbox)
    steps.new_chat(chat)
    chat.evaluate("Storage.prototype.setItem = () => {}")
    steps.ask(chat, "sandbox/endless in a hurry")
    steps.wait_for(lambda: sandbox.open_streams == 1)
    chat.reload()
    steps.expect_more_words(steps.last_answer(chat), 20)
    expect(chat.get_by_test_id("stChatMessage").first).to_contain_text("in a hurry")
    assert len(sandbox.completions) == 2
    steps.stop_answer(chat, sandbox)
    chat.get_by_role("button", name="sandbox/endless please").click()
    expect(steps.last_answer(chat)).to_contain_text("word 40")


def test_ended_meanwhile(chat: Page, sandbox: Sandbox) -> None:
    """An answer that ends while its reader is elsewhere is there, whole, with what it cost."""
    steps.stop_answer(chat, sandbox)
    steps.ask(chat, "sandbox/long please")
    expect(steps.last_answer(chat)).to_contain_text("Part 2")
    url = chat.url
    chat.goto("about:blank")
    steps.wait_for(lambda: sandbox.open_streams == 0)
    chat.goto(url)
    expect(steps.last_answer(chat)).to_contain_text("completion tokens")
    expect(steps.last_answer(chat)).to_contain_text(f"Part {long().count('## Part')}")
    expect(chat.get_by_test_id("stSidebar")).to_contain_text("session less than a cent")
    assert len(sandbox.completions) == 2


@pytest.mark.parametrize("way", ["cut", "reload"])
def test_compare(tab: Page, wire: Wire, sandbox: Sandbox, way: str) -> None:
    """In Compare each answer goes on likewise."""
    tab.goto(f"http://localhost:{wire.port}/compare")
    choose(tab, "openrouter/auto", "sandbox/endless", "sandbox/tour")
    steps.compare(tab, "sandbox/endless please")
    routed, endless = (column(tab, name) for name in ("Auto Router", "Sandbox: endless"))
    expect(endless).to_contain_text("word 40")
    wire.cut(5) if way == "cut" else tab.reload()
    for answer in (routed, endless):
        steps.expect_more_words(answer, 20)
    expect(column(tab, "Sandbox: tour")).to_contain_text("That is all.")
    assert (len(sandbox.completions), sandbox.open_streams) == (3, 2)
    steps.stop(tab.get_by_test_id("stBottom")).click()
    steps.expect_streams_to_end(sandbox)
    expect(tab.get_by_placeholder("Ask all of them")).to_be_enabled()


def test_gone(chat: Page, wire: Wire, sandbox: Sandbox) -> None:
    """An answer whose reader is gone without a word goes on for a minute, and then ends."""
    closed_at = time.monotonic()
    wire.cut(60)
    chat.close()
    steps.wait_for(lambda: sandbox.open_streams == 0, seconds=70)
    assert time.monotonic() - closed_at > 55


def test_goodbye(chat: Page, sandbox: Sandbox) -> None:
    """Where the tab could still say that it closes, the answer ends some seconds later."""
    chat.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    steps.expect_more_words(steps.last_answer(chat), 20)
    closed_at = time.monotonic()
    chat.close()
    steps.wait_for(lambda: sandbox.open_streams == 0, seconds=15)
    assert time.monotonic() - closed_at > 4


def test_other_process(
    chat: Page, wire: Wire, start_app: Callable[..., App], sandbox: Sandbox
) -> None:
    """Without affinity another process shows what the tab stored, and that it broke off.

    Back at the first one, the answer is found again.
    """
    first, wire.to_port = wire.to_port, start_app("restarted").port
    chat.reload()
    expect(steps.last_answer(chat)).to_contain_text("This answer broke off here")
    expect(steps.last_answer(chat)).to_contain_text("word 10")
    seen = steps.words(steps.last_answer(chat).inner_text())
    assert seen == list(range(1, len(seen) + 1))
    wire.to_port = first
    chat.reload()
    expect_to_go_on(chat, sandbox)


def typed(page: Page, text: str) -> Locator:
    """Type into the chat input, and wait until the tab has stored it."""
    field = page.get_by_test_id("stChatInputTextArea")
    expect(field).to_be_enabled()
    field.fill(text)
    page.wait_for_function(
        "text => Object.values(sessionStorage).some((value) => value.includes(text))", arg=text
    )
    return field


@pytest.mark.parametrize("path", ["chat", "compare"])
def test_lost_question(tab: Page, wire: Wire, sandbox: Sandbox, path: str) -> None:
    """A question that a dead connection swallowed is back in the input, and can be sent again."""
    tab.goto(f"http://localhost:{wire.port}/{path}")
    field = typed(tab, "sandbox/hello on the train")
    wire.fall_asleep()
    field.press("Enter")
    expect(steps.alert(tab)).to_contain_text("did not reach the app")
    expect(field).to_have_value("sandbox/hello on the train")
    assert not sandbox.completions
    field.press("Enter")
    expect(tab.get_by_test_id("stChatMessage").first).to_contain_text("on the train")
    expect(steps.alert(tab)).to_have_count(0)
    expect(field).to_have_value("")


def test_draft(page: Page, app: App, sandbox: Sandbox) -> None:
    """What was typed is there after a visit to another page and a reload, until it is sent."""
    steps.sign_in(page, app.url)
    steps.converse(page, "sandbox/echo first")
    field = typed(page, "sandbox/echo half a thought")
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(field).to_have_value("sandbox/echo half a thought")
    page.reload()
    expect(field).to_have_value("sandbox/echo half a thought")
    field.press("Enter")
    expect(steps.last_answer(page)).to_contain_text("half a thought")
    page.wait_for_function("!Object.keys(sessionStorage).some((name) => name.includes('draft'))")
    page.reload()
    expect(steps.last_answer(page)).to_contain_text("half a thought")
    expect(field).to_have_value("")


def test_storage_is_full(
    person: BrowserContext, page: Page, start_app: Callable[..., App], sandbox: Sandbox
) -> None:
    """An answer that a full tab could not store whole is marked as cut."""
    app = start_app("restarted")
    open_chat(page, app, sandbox)
    steps.ask(page, "sandbox/endless please")
    expect(steps.last_answer(page)).to_contain_text("word 40")
    page.wait_for_function("JSON.stringify({...sessionStorage}).includes('word 20')")
    steps.fill_storage(page, 200)
    steps.expect_more_words(steps.last_answer(page), 100)
    page.evaluate(
        "for (const key in {...sessionStorage}) key.startsWith('ballast') && sessionStorage.removeItem(key)"
    )
    steps.expect_more_words(steps.last_answer(page), 60)
    steps.stop_answer(page, sandbox)
    page.wait_for_function("JSON.stringify({...sessionStorage}).includes('stopped')")
    app.stop()
    app.start()
    page.reload()
    answer = steps.last_answer(page)
    expect(answer).to_contain_text("word 20")
    seen = steps.words(answer.inner_text())
    assert seen == list(range(1, len(seen) + 1))
    expect(answer).to_contain_text("The rest of this answer is missing")
