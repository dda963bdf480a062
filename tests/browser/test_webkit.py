"""The engine of Safari: sign-in, the history, Stop, and sign-out over two tabs.

WebKitGTK's MiniBrowser on a display of its own. Playwright's WebKit is none of a system's packages,
so this speaks WebDriver.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchFrameException, TimeoutException
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service
from urllib3.exceptions import HTTPError

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore:setting remote_server_addr:DeprecationWarning"
    ),  # selenium's
]

COMMAND_TIMEOUT = 40
PAGE_TIMEOUT = 10
TIMEOUT = 20
"""Seconds that a test waits for something to appear: a deadline, not a measure."""
FIND = """
const [selector, text] = arguments;
const roots = [document];
for (const root of roots) {
  for (const { shadowRoot } of root.querySelectorAll("*")) if (shadowRoot) roots.push(shadowRoot);
}
const found = roots.flatMap((root) => [...root.querySelectorAll(selector)]);
const has = (element) => (element.ariaLabel || element.textContent).includes(text);
return found.findLast((element) => element.checkVisibility() && has(element)) ?? null;
"""
"""The last visible element of a selector that holds a text; WebDriver looks into no shadow root."""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen that nobody sees."""
    if not shutil.which("Xvfb"):
        pytest.fail("There is no Xvfb: install xvfb.")
    readable, writable = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writable), "-nolisten", "tcp"],
        pass_fds=[writable],
        stderr=subprocess.DEVNULL,
    )
    os.close(writable)
    with os.fdopen(readable) as number:
        yield f":{number.readline().strip()}"
    screen.terminate()
    screen.wait()


@pytest.fixture
def webkit(display: str) -> Iterator[WebKitGTK]:
    """Somebody's browser, without cookies."""
    driver = shutil.which("WebKitWebDriver")
    browsers = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    if not driver or not browsers:
        pytest.fail("There is no WebKitWebDriver: install webkit2gtk-driver.")
    options = Options()
    options.binary_location = str(browsers[-1])
    options.add_argument("--automation")

    def start() -> WebKitGTK:
        service = Service(driver, env={**os.environ, "DISPLAY": display})
        return WebKitGTK(options=options, service=service)

    socket.setdefaulttimeout(COMMAND_TIMEOUT)  # the driver waits for ever for a browser that died
    try:
        browser = start()
    except HTTPError:  # at times it dies as it starts
        browser = start()
    finally:
        socket.setdefaulttimeout(None)
    with browser:
        browser.set_page_load_timeout(PAGE_TIMEOUT)
        yield browser


def find(webkit: WebKitGTK, selector: str, text: str = "") -> WebElement:
    """The last visible element of a CSS selector that holds a text, once there is one."""
    # The driver's answer for a page that is just being left.
    wait = WebDriverWait(webkit, TIMEOUT, 0.05, ignored_exceptions=[NoSuchFrameException])
    element: WebElement = wait.until(
        lambda _: webkit.execute_script(FIND, selector, text), f"No {selector} with {text!r}."
    )
    return element


def expect_gone(webkit: WebKitGTK, selector: str, text: str = "") -> None:
    """No such element is visible any more."""
    WebDriverWait(webkit, TIMEOUT, 0.05).until(
        lambda _: webkit.execute_script(FIND, selector, text) is None,
        f"Still {selector} with {text!r}.",
    )


def is_in_view(webkit: WebKitGTK, element: WebElement) -> bool:
    """Whether an element begins in what the window shows of the page."""
    top = webkit.execute_script("return arguments[0].getBoundingClientRect().top", element)
    return bool(0 <= top < webkit.execute_script("return innerHeight"))


def scroll_up(webkit: WebKitGTK) -> None:
    """Scroll to the top, until Streamlit, which follows an answer, leaves it so."""
    title = find(webkit, "h1", "Chat")

    def stays() -> bool:
        was_there = is_in_view(webkit, title)
        webkit.execute_script("arguments[0].scrollIntoView()", title)
        return was_there

    WebDriverWait(webkit, TIMEOUT, 0.5).until(lambda _: stays(), "It scrolls down again.")


def expect_chat(webkit: WebKitGTK) -> WebElement:
    """The chat page stands ready for a question; returns its field."""
    return find(webkit, "[data-testid=stChatInput] textarea:enabled")


def expect_signed_out(webkit: WebKitGTK) -> None:
    """The page offers to sign in, and no chat."""
    find(webkit, "a", "Sign in with OpenRouter")
    expect_gone(webkit, "[data-testid=stChatInput]")


def go(move: Callable[[], None]) -> None:
    """Go back or forward; at times the driver waits for a load that a page from the cache lacks."""
    with suppress(TimeoutException):
        move()


def sign_in(webkit: WebKitGTK, url: str) -> None:
    """Sign in, from nothing to the chat page."""
    webkit.get(url)
    find(webkit, "a", "Sign in with OpenRouter").click()
    find(webkit, "button", "Authorize").click()
    expect_chat(webkit)


def ask(webkit: WebKitGTK, question: str, answer: str) -> None:
    """Send a question, and wait for a text in its answer."""
    expect_chat(webkit).send_keys(question, Keys.ENTER)
    find(webkit, "[data-testid=stChatMessage]", answer)


def test_history(webkit: WebKitGTK, app: App, sandbox: Sandbox) -> None:
    """Reload, Back and Forward keep the sign-in, and bring no other about.

    Also back to the first page, which was signed out when it was left. Safari leaves out the pages
    between, which nobody has clicked on.
    """
    sign_in(webkit, f"{app.url}chat")
    webkit.refresh()
    expect_chat(webkit)
    for move in (webkit.back, webkit.forward):
        go(move)
        find(webkit, "button", "Authorize")
        go(move)
        try:
            expect_chat(webkit)
        except TimeoutException:  # the driver may lose a page that reloads as it is brought back
            webkit.get(f"{app.url}chat")
            expect_chat(webkit)
        assert webkit.current_url == f"{app.url}chat"
    assert steps.statuses(sandbox) == [200]


def test_chat(webkit: WebKitGTK, app: App, sandbox: Sandbox) -> None:
    """Who has scrolled up and asks sees the question; Stop ends its answer."""
    sign_in(webkit, f"{app.url}chat")
    ask(webkit, "sandbox/tour please", "sandbox/tour ·")
    scroll_up(webkit)
    ask(webkit, "sandbox/endless please", "word 5")
    assert is_in_view(webkit, find(webkit, "[data-testid=stChatMessage]", "sandbox/endless please"))
    find(webkit, "button", "Stop").click()
    steps.expect_streams_to_end(sandbox)
    find(webkit, "[data-testid=stChatMessage]", "This answer was stopped here.")


def test_sign_out(webkit: WebKitGTK, app: App, sandbox: Sandbox) -> None:
    """Signing out holds for the other tab too."""
    sign_in(webkit, f"{app.url}chat")
    ask(webkit, "sandbox/echo mine", "sandbox/echo ·")
    first = webkit.current_window_handle
    webkit.switch_to.new_window("tab")
    webkit.get(f"{app.url}chat")
    expect_chat(webkit)
    second = webkit.current_window_handle
    webkit.switch_to.window(first)
    find(webkit, "button", "Sign out").click()
    expect_signed_out(webkit)
    expect_gone(webkit, "[data-testid=stChatMessage]")
    webkit.switch_to.window(second)
    expect_signed_out(webkit)
    expect_gone(webkit, "[data-testid=stChatMessage]")
