"""From a click to its effect on the page, beside a button of a bare Streamlit app."""

from collections.abc import Callable, Iterable, Iterator

from playwright.sync_api import Locator, Page, expect

from bench.browser import SCRIPT_IS_IDLE, ChatTab
from bench.upstream import Question

ANSWER = Question("prose", 800, 4, 5)
ACTIONS = (
    "Edit",
    "the choice of the model",
    "New chat",
    "Enter to one's own message",
    "open a chat",
    "Compare",
    "Account",
    "Chat",
)
_MESSAGE = (
    "[...document.querySelectorAll('[data-testid=stChatMessage]')]"
    ".some((message) => message.textContent.includes({0!r}))"
)


class _Clicks:
    """The pages of one round, and the seconds from each click to its effect."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.seconds: dict[str, float] = {}

    def measure(self, name: str, act: Callable[[], object], effect: str) -> None:
        """Measure until `effect`, an expression of JavaScript, is true; then wait for the script."""
        self.page.evaluate(f"bench.measureEffect(() => {effect})")
        act()
        milliseconds = self.page.evaluate("bench.effect")
        self.seconds[name] = milliseconds / 1000
        self.settle()

    def settle(self) -> None:
        """Wait until the script is idle and the page has drawn what it sent."""
        self.page.locator(SCRIPT_IS_IDLE).wait_for(state="attached")
        self.page.wait_for_timeout(300)


def measure_clicks(tab: ChatTab) -> dict[str, float]:
    """Return the seconds of each of `ACTIONS`, in a chat with two questions beside another chat.

    Of the second time in this tab: at the first Streamlit loads the code of its widgets.
    """
    clicks = _Clicks(tab.page)
    for _ in range(2):
        _click_through(tab, clicks)
    return clicks.seconds


def _click_through(tab: ChatTab, clicks: _Clicks) -> None:
    page = tab.page

    def button(name: str) -> Locator:
        return page.get_by_role("button", name=name, exact=True)

    def link(name: str) -> Locator:
        return page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True)

    for _ in range(2):
        tab.ask(ANSWER)
    clicks.settle()
    text_area = "document.querySelector('textarea[aria-label=\"Your message\"]')"
    clicks.measure("Edit", button("Edit").last.click, text_area)
    button("Cancel").click()
    expect(button("Cancel")).to_have_count(0)
    clicks.settle()
    choice = page.get_by_role("main").get_by_test_id("stPopoverButton").first
    picker = "document.querySelector('[data-testid=stPopoverBody] [data-testid=stSelectbox]')"
    clicks.measure("the choice of the model", choice.click, picker)
    page.keyboard.press("Escape")
    clicks.settle()
    is_empty = "!document.querySelector('[data-testid=stChatMessage]')"
    clicks.measure("New chat", button("New chat").click, is_empty)
    question, field = str(Question("prose", 801, 4, 5)), page.get_by_placeholder("Ask anything")
    field.fill(question)
    own_message = _MESSAGE.format(question)
    clicks.measure("Enter to one's own message", lambda: field.press("Enter"), own_message)
    clicks.settle()
    chat = page.locator(".st-key-chats button").last
    clicks.measure("open a chat", chat.click, _MESSAGE.format(str(ANSWER)))
    models = "document.querySelector('[data-testid=stMultiSelect]')"
    clicks.measure("Compare", link("Compare").click, models)
    account = "document.querySelector('#stMain').textContent.includes('Your account')"
    clicks.measure("Account", link("Account").click, account)
    clicks.measure("Chat", link("Chat").click, _MESSAGE.format(str(ANSWER)))


def measure_bare_clicks(page: Page, clicked: Iterable[int]) -> Iterator[float]:
    """Yield the seconds from a click to its effect in the bare app, which was clicked so often."""
    clicks = _Clicks(page)
    for number in (count + 1 for count in clicked):
        effect = f"document.body.textContent.includes('Pressed {number}.')"
        clicks.measure("bare", page.get_by_role("button", name="Press").click, effect)
        yield clicks.seconds["bare"]
