"""Signing in: redirects, several tabs, frames and the history."""

import re
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


WATCH = """(function look() {
    const all = (root) => [...root.querySelectorAll("*")].flatMap(
        (one) => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])],
    );
    for (const one of all(document)) {
        if (!one.matches("a.sign-in, .st-key-sign_out button") || !one.textContent) continue;
        ((window.tops ??= {})[one.textContent] ??= []).push(one.getBoundingClientRect().top);
    }
    requestAnimationFrame(look);
})()"""
"""Notes where the links and the button are in each frame."""


def test_still_targets(page: Page, app: App) -> None:
    """On a slow line, what one clicks to sign in and out does not move once it is in sight.

    The mouse button would come up beside it, and the click be lost.
    """

    def relay(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        line.on_message(server.send)

        def to_page(message: str | bytes) -> None:
            time.sleep(0.02)
            line.send(message)

        server.on_message(to_page)

    def tops(page: Page) -> dict[str, set[float]]:
        return {name: set(map(round, seen)) for name, seen in page.evaluate("tops").items()}

    page.route_web_socket("**/_stcore/stream", relay)
    page.add_init_script(WATCH)
    page.goto(app.url)
    expect(page.get_by_role("link", name="How sign-in works")).to_have_count(2)
    for name, seen in tops(page).items():
        assert len(seen) == 1, name
    steps.sign_in(page, app.url)
    steps.converse(page, "sandbox/echo Hello")
    page.reload()
    expect(steps.last_answer(page)).to_contain_text("Hello")
    expect(page.get_by_text("Signed in as")).to_be_visible()
    ((name, seen),) = tops(page).items()
    assert "Sign out" in name
    assert len(seen) == 1


# Survives


def test_late_report(page: Page, app: App, sandbox: Sandbox) -> None:
    """On a slow connection the tab reports twice, and the second report changes no page."""
    reports, held = 0, []

    def relay(line: WebSocketRoute) -> None:
        server = line.connect_to_server()

        def to_server(message: str | bytes) -> None:
            nonlocal reports
            is_report = b"acknowledged" in bytes(message)
            if is_report and reports == 2:
                return  # where the tab takes its time to hear, the line loses a third
            reports += is_report
            server.send(message)
            if reports == 2:
                for answer in held:
                    line.send(answer)
                held.clear()

        def to_page(message: str | bytes) -> None:
            if reports == 1:
                held.append(message)
            else:
                line.send(message)

        line.on_message(to_server)
        server.on_message(to_page)

    steps.start(page, app.url)
    page.route_web_socket("**/_stcore/stream", relay)
    steps.authorize(page)
    steps.expect_chat(page)
    assert reports == 2
    assert steps.statuses(sandbox) == [200]


def test_new_tab(person_with_tabs: BrowserContext, app: App, sandbox: Sandbox) -> None:
    """A middle click or Ctrl-click signs in in a new tab, and the first tab still works."""
    page = person_with_tabs.new_page()
    page.goto(app.url)
    clicks: tuple[dict[str, Any], ...] = ({"button": "middle"}, {"modifiers": ["Control"]})
    for click in clicks:
        with person_with_tabs.expect_page() as opened:
            steps.sign_in_link(page).click(**click)
        steps.authorize(opened.value)
        steps.expect_chat(opened.value)
        steps.expect_signed_out(page)
    assert steps.statuses(sandbox) == [200, 200]


def test_long_press(person_with_tabs: BrowserContext, app: App, sandbox: Sandbox) -> None:
    """A long press opens a new tab on a phone, with no event but `pointerdown`; it signs in."""
    page = person_with_tabs.new_page()
    page.goto(app.url)
    link = steps.sign_in_link(page)
    link.dispatch_event("pointerdown", {"pointerType": "touch"})
    with person_with_tabs.expect_page() as opened:
        page.evaluate("url => window.open(url, '_blank', 'noreferrer')", link.get_attribute("href"))
    steps.authorize(opened.value)
    steps.expect_chat(opened.value)
    assert steps.statuses(sandbox) == [200]


@pytest.mark.parametrize("is_asleep", [False, True])
def test_page_that_stood_open(page: Page, app: App, sandbox: Sandbox, *, is_asleep: bool) -> None:
    """The link has its pending sign-in sealed afresh in time, or, after a sleep, at the click."""
    with page.expect_websocket() as opened:
        page.clock.install()
        page.goto(app.url)
    link = steps.sign_in_link(page)
    expect(link).to_be_visible()
    with opened.value.expect_event("framesent", lambda sent: b'"stale"' in bytes(sent)):
        if is_asleep:
            page.clock.set_system_time(time.time() + 3_600)
            link.click()
        else:
            page.clock.fast_forward(21 * 60 * 1_000)
    if not is_asleep:
        link.click()
    steps.authorize(page)
    steps.expect_chat(page)
    assert steps.statuses(sandbox) == [200]


def test_two_tabs(person: BrowserContext, page: Page, app: App, sandbox: Sandbox) -> None:
    """Sign-ins begun in several tabs all end well, whichever ends first.

    A `state` that comes back glued to the code is read; where it is lost, one click confirms.
    """
    tabs = [page, person.new_page(), person.new_page()]
    for tab in tabs:
        steps.start(tab, app.url)
    for number, state_return in ((2, "lost"), (1, "query"), (0, "glued")):
        steps.rehearse(tabs[number], state_return=state_return)
        steps.authorize(tabs[number])
        if state_return == "lost":
            steps.confirm(tabs[number])
        steps.expect_chat(tabs[number])
    assert steps.statuses(sandbox) == [200, 200, 200]


def test_many_long_links(person: BrowserContext, page: Page, app: App) -> None:
    """However many sign-ins are begun from links that are long, the app loads, and the last returns."""
    query = urlencode({"prompt": "字" * 210})
    for _ in range(4):
        steps.start(page, f"{app.url}?{query}")
    assert sum(len(cookie["value"]) for cookie in person.cookies()) < 5_000
    steps.authorize(page)
    expect(page.get_by_role("button", name="字字字")).to_be_enabled()


def test_loopback_address(person: BrowserContext, page: Page, app: App) -> None:
    """http://127.0.0.1 is a way back as good as http://localhost, from any page.

    Also where other apps there have filled the browser's room for cookies.
    """
    url = app.url.replace("localhost", "127.0.0.1")
    person.add_cookies([{"name": f"c{n}", "value": "x" * 20, "url": url} for n in range(180)])
    steps.sign_in(page, f"{url}compare")
    page.reload()
    steps.expect_chat(page)
    expect(page).to_have_url(f"{url}chat")


@pytest.mark.parametrize("more", ["", "allow-top-navigation-by-user-activation"])
def test_frame(page: Page, app: App, sandbox: Sandbox, more: str) -> None:
    """Inside a frame of its own origin, as on Community Cloud, the link leaves the frame."""
    around = f"{app.url}around"
    page.route(
        around,
        lambda route: route.fulfill(
            body=steps.FRAME.format(url=app.url, more=more), content_type="text/html"
        ),
    )
    page.goto(around)
    page.unroute(around)
    page.frame_locator("iframe").get_by_role("link", name="Sign in with OpenRouter").click()
    steps.authorize(page)
    steps.expect_chat(page)
    assert steps.statuses(sandbox) == [200]


# Safe


def test_nothing_left_in_the_address(page: Page, app: App, sandbox: Sandbox) -> None:
    """A new tab needs no new sign-in, and neither Reload, Back nor a bookmark brings one about."""
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    steps.sign_in(page, app.url)
    bookmark = next(url for url in visited if "code=" in url)
    page.reload()
    steps.expect_chat(page)
    second = page.context.new_page()
    second.goto(f"{app.url}chat")
    steps.expect_chat(second)
    steps.go_back(page)
    expect(page).to_have_url(app.url)
    expect(page.get_by_role("link", name="Open the chat")).to_be_visible()
    steps.go_back(page)
    expect(page.get_by_role("button", name="Authorize")).to_be_visible()
    page.goto(bookmark)
    expect(page.get_by_role("link", name="Open the chat")).to_be_visible()
    expect(page).not_to_have_url(re.compile("code=|state="))
    assert steps.statuses(sandbox) == [200]


def test_back_from_consent(page: Page, app: App, sandbox: Sandbox) -> None:
    """Back from OpenRouter without approving, one can begin again; Deny makes no exchange."""
    steps.start(page, app.url)
    steps.go_back(page)
    steps.sign_in_link(page).click()
    page.get_by_role("button", name="Deny").click()
    expect(steps.alert(page)).to_contain_text("Nothing was approved")
    expect(page).to_have_url(app.url)
    steps.expect_signed_out(page)
    assert steps.statuses(sandbox) == []
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    assert steps.statuses(sandbox) == [200]
