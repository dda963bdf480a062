"""Signed in: the account, what is remembered and for how long, and signing out."""

import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, WebSocketRoute, expect
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from lib.demo_link import MAX_QUERY_LENGTH, DemoLink
from lib.openrouter_sign_in import storage_prefix
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, arrive_signed_in, cookies_named, new_person, open_chat

pytestmark = pytest.mark.browser


def test_model_of_a_link(page: Page, app: App) -> None:
    """A link that names a model opens the app with it, through the sign-in and from the account."""
    steps.start(page, f"{app.url}chat?model=sandbox/tour")
    steps.authorize(page)
    steps.expect_model(page, "tour", "sandbox/tour")
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Open the chat").click()
    steps.expect_model(page, "tour", "sandbox/tour")


def test_longest_link(page: Page, app: App, sandbox: Sandbox) -> None:
    """The longest link for a demo survives the sign-in and a reload, and sends nothing by itself."""
    link = DemoLink("sandbox/tour", "字" * 211, ("sandbox/hello",), "no-training", "Für Anna")
    assert MAX_QUERY_LENGTH - 80 < len(urlencode(link.query())) <= MAX_QUERY_LENGTH
    steps.start(page, f"{app.url}?{urlencode(link.query())}")
    steps.authorize(page)
    for _ in ("signed in", "reloaded"):
        expect(page.get_by_role("button", name=link.prompt)).to_be_visible()
        expect(page.get_by_role("radio", name="Any provider")).to_have_count(0)
        expect(page).to_have_title("Für Anna")
        assert parse_qs(urlsplit(page.url).query) == {k: [v] for k, v in link.query().items()}
        page.reload()
    assert not sandbox.completions


def test_sign_out(person: BrowserContext, page: Page, app: App, sandbox: Sandbox) -> None:
    """Signing out holds for the other tab too, and after a reload; one can sign in again.

    Though a clock was set back an hour since the sign-in before.
    """
    open_chat(page, app, sandbox, seconds_ago=-3600)
    second = person.new_page()
    second.goto(f"{app.url}chat")
    steps.expect_chat(second)
    storage_key = f"{storage_prefix(app.url)}chat/0123456789abcdef/0"
    second.evaluate(f"sessionStorage.setItem('{storage_key}', 'a turn')")
    steps.double_click(page.get_by_role("button", name="Sign out"))
    steps.expect_signed_out(page)
    steps.expect_signed_out(second)
    expect(page.get_by_role("link", name="delete it there")).to_have_attribute(
        "href", re.compile("/keys/[0-9a-f]{64}$")
    )
    expect(second.get_by_text("You signed out in another tab.")).to_be_visible()
    second.wait_for_function("!JSON.stringify({...sessionStorage}).includes('a turn')")
    second.reload()
    steps.expect_signed_out(second)
    assert not cookies_named(person, "key")
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    page.reload()
    steps.expect_chat(page)


def test_sign_out_while_away(
    person: BrowserContext, page: Page, app: App, sandbox: Sandbox
) -> None:
    """A tab that was elsewhere at the sign-out shows the next user nothing that it had stored."""
    arrive_signed_in(person, app, sandbox)
    page.goto(f"{app.url}chat")
    steps.converse(page, "sandbox/echo mine")
    steps.expect_stored(page, "sandbox/echo mine")
    page.goto("about:blank")
    second = person.new_page()
    second.goto(f"{app.url}chat")
    second.get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(second)
    steps.sign_in(page, app.url)
    assert "mine" not in page.evaluate("JSON.stringify({...sessionStorage})")
    steps.converse(page, "sandbox/echo yours")
    expect(page.get_by_text("mine")).to_have_count(0)


# Back to a page that the browser has kept alive.

# What the page's own listener has made of its return: this one is added, and called, after it.
NOTE_ARRIVALS = """
sessionStorage.arrivals = (sessionStorage.arrivals ?? "") + " loaded";
addEventListener("pagehide", () => addEventListener("pageshow", ({ persisted }) => {
    if (persisted) sessionStorage.arrivals += ` ${document.documentElement.style.visibility || "shown"}`;
}));
"""


def go_back(page: Page, count: int = 1) -> str:
    """Go back; return how the page came: `loaded`, or alive and `shown`, or alive and `hidden`."""
    page.evaluate("sessionStorage.arrivals = ''")
    steps.go_back(page, count)
    arrivals: list[str] = []

    def has_arrived() -> bool:
        with suppress(Error):  # between two pages
            arrivals[:] = str(page.evaluate("sessionStorage.arrivals")).split()
        return bool(arrivals)

    steps.wait_for(has_arrived)
    return arrivals[0]


def expect_to_return(person: BrowserContext, way: str, returns: Callable[[Page], str]) -> None:
    """A page comes back in one way: tried again where the browser did not keep it, as it is free to."""
    for _ in range(3):
        page = person.new_page()
        page.add_init_script(NOTE_ARRIVALS)
        if (came := returns(page)) == way:
            return
        assert came == "loaded"
    pytest.fail("The browser keeps no page.")


@pytest.mark.chromium
def test_back_after_sign_in(person_with_tabs: BrowserContext, app: App, sandbox: Sandbox) -> None:
    """The page of before a sign-in does not show itself, but reloads and is signed in."""

    def returns(page: Page) -> str:
        person_with_tabs.clear_cookies()
        steps.sign_in(page, f"{app.url}chat")
        way = go_back(page, 3)
        steps.expect_chat(page)
        return way

    expect_to_return(person_with_tabs, "hidden", returns)


def leave_chat(page: Page, app: App, sandbox: Sandbox) -> None:
    """Ask something, signed in, and go elsewhere."""
    open_chat(page, app, sandbox)
    steps.converse(page, "sandbox/echo mine")
    steps.expect_stored(page, "sandbox/echo mine")
    steps.expect_idle(page)
    page.goto(f"{app.url}_stcore/health")


@pytest.mark.chromium
def test_back_without_cookies(person_with_tabs: BrowserContext, app: App, sandbox: Sandbox) -> None:
    """Where nobody has signed in or out since, a page stays as it was, also without a cookie."""

    def returns(page: Page) -> str:
        leave_chat(page, app, sandbox)
        person_with_tabs.clear_cookies()
        way = go_back(page)
        if way == "shown":
            steps.expect_chat(page)
            expect(steps.answers(page)).to_contain_text(["mine"])
        return way

    expect_to_return(person_with_tabs, "shown", returns)


@pytest.mark.chromium
def test_back_after_sign_out(person_with_tabs: BrowserContext, app: App, sandbox: Sandbox) -> None:
    """A page whose user has signed out in another tab does not show itself, and is signed out."""

    def returns(page: Page) -> str:
        leave_chat(page, app, sandbox)
        second = person_with_tabs.new_page()
        second.goto(f"{app.url}chat")
        second.get_by_role("button", name="Sign out").click()
        steps.expect_signed_out(second)
        way = go_back(page)
        steps.expect_signed_out(page)
        expect(page.get_by_text("mine")).to_have_count(0)
        return way

    expect_to_return(person_with_tabs, "hidden", returns)


def test_unheard_sign_out(person: BrowserContext, page: Page, app: App, sandbox: Sandbox) -> None:
    """A sign-out whose tab is not heard on a bad line undoes no later sign-in of another tab."""

    def relay(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        line.on_message(lambda said: None if b"acknowledged" in bytes(said) else server.send(said))

    page.route_web_socket("**/_stcore/stream", relay)
    open_chat(page, app, sandbox)
    page.get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(page)
    second = person.new_page()
    steps.sign_in(second, app.url)
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_text("Sign in to put one question to several models")).to_be_visible()
    second.reload()
    steps.expect_chat(second)


def test_neighbours(
    person: BrowserContext, app: App, start_app: Callable[..., App], sandbox: Sandbox
) -> None:
    """A sign-out from one deployment signs out of no other on the same host."""
    pages = []
    for one in (app, start_app("restarted"), start_app("below", base_path="below")):
        arrive_signed_in(person, one, sandbox)
        pages.append(person.new_page())
        pages[-1].goto(f"{one.url.rstrip('/')}/chat")
        steps.expect_chat(pages[-1])
    pages[0].get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(pages[0])
    for page in pages[1:]:
        page.reload()
        steps.expect_chat(page)
    pages[0].reload()
    steps.expect_signed_out(pages[0])


def listen(app: App, session_id: str) -> bytes:
    """All that a websocket hears which names a session, says nothing, and waits for a second."""
    heard = b""
    url = f"{app.url.replace('http', 'ws', 1)}_stcore/stream"
    protocols = [Subprotocol(name) for name in ("streamlit", "none", session_id)]
    with connect(url, subprotocols=protocols) as line, suppress(TimeoutError):
        while True:
            heard += bytes(line.recv(timeout=1))
    return heard


PRESENT = """const Real = WebSocket;
window.WebSocket = class extends Real {
  constructor(url, [protocol]) { super(url, [protocol, "none", "SESSION"]); }
};"""
"""Has a page open its websocket with a session id of somebody else's."""


def test_session_id_of_another(
    browser: Browser, person: BrowserContext, page: Page, app: App, sandbox: Sandbox
) -> None:
    """A session id, which stands in the address of an upload, gives another browser nothing.

    It sees neither chat nor key, the running answer ends, and nothing is asked on the key.
    """
    arrive_signed_in(person, app, sandbox)
    page.goto(f"{app.url}chat")
    steps.converse(page, "sandbox/echo mine")
    with page.expect_request("**/_stcore/upload_file/**") as upload:
        steps.attach(page, ("note.txt", "text/plain", b"A note."))
    (session_id,) = re.findall("/upload_file/([^/]+)/", upload.value.url)
    steps.ask(page, "sandbox/freeze please")
    page.wait_for_function("JSON.stringify({...sessionStorage}).includes('that does not')")
    assert sandbox.open_streams == 1
    count = len(sandbox.completions)
    secrets = re.compile(rb"mine|freeze|that does not|stopped|sk-or-")
    assert not secrets.search(listen(app, session_id))
    with new_person(browser) as other:
        other.add_init_script(PRESENT.replace("SESSION", session_id))
        received: list[bytes] = []
        theirs = other.new_page()
        theirs.on(
            "websocket",
            lambda line: line.on("framereceived", lambda frame: received.append(bytes(frame))),
        )
        theirs.goto(f"{app.url}chat")
        expect(theirs.get_by_text("You are signed out here")).to_be_visible()
        steps.expect_signed_out(theirs)
        steps.expect_streams_to_end(sandbox)
    assert session_id.encode() in b"".join(received)
    assert not secrets.search(b"".join(received))
    assert len(sandbox.completions) == count
    page.reload()
    steps.expect_chat(page)


def test_lost_connection(page: Page, start_app: Callable[..., App], sandbox: Sandbox) -> None:
    """After a lost connection the user is still signed in, with the chat, without a stored key."""
    app = start_app(REMEMBER_SIGN_IN="false")
    lines: list[WebSocketRoute] = []

    def relay(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    page.route_web_socket("**/_stcore/stream", relay)
    steps.sign_in(page, app.url)
    steps.converse(page, "sandbox/echo before")
    count = len(lines)
    lines[-1].close()
    steps.wait_for(lambda: page.evaluate("1") == 1 and len(lines) > count)
    steps.converse(page, "sandbox/echo after")
    expect(steps.answers(page).first).to_contain_text("before")
