"""Signing in: what redirects, second tabs, restarts, frames and strangers do to it."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, new_person

pytestmark = pytest.mark.browser


def statuses(sandbox: Sandbox) -> list[int]:
    """What the exchanges so far came to."""
    return [exchange.status for exchange in sandbox.exchanges]


def callback_without_visit(page: Page) -> str:
    """Approve, and return the callback URL without the browser following it."""
    consent = urlsplit(page.url)
    form = {**dict(parse_qsl(consent.query)), "decision": "authorize"}
    response = requests.post(
        f"{consent.scheme}://{consent.netloc}/auth", data=form, allow_redirects=False, timeout=10
    )
    return response.headers["Location"]


# Survives


def test_same_tab(page: Page, app: App, sandbox: Sandbox) -> None:
    """A sign-in in one tab ends on the chat page, after one exchange."""
    steps.sign_in(page, app.url)
    (exchange,) = sandbox.exchanges
    assert exchange.status == 200
    assert exchange.body["code_challenge_method"] == "S256"


@pytest.mark.parametrize("method", ["plain", "none"])
def test_method(page: Page, start_app: Callable[..., App], sandbox: Sandbox, method: str) -> None:
    """The other forms of the flow send what they should, and sign in."""
    steps.start(page, start_app(OPENROUTER_CODE_CHALLENGE_METHOD=method).url)
    sent = None if method == "none" else method
    assert dict(parse_qsl(urlsplit(page.url).query)).get("code_challenge_method") == sent
    steps.authorize(page)
    steps.expect_chat(page)
    (exchange,) = sandbox.exchanges
    assert exchange.body.get("code_challenge_method") == sent
    assert ("code_verifier" in exchange.body) == (sent is not None)


def test_new_tab(person: BrowserContext, page: Page, app: App, sandbox: Sandbox) -> None:
    """A middle click signs in in a new tab, and the first tab still works."""
    page.goto(app.url)
    with person.expect_page() as opened:
        steps.sign_in_link(page).click(button="middle")
    steps.authorize(opened.value)
    steps.expect_chat(opened.value)
    steps.expect_signed_out(page)
    assert statuses(sandbox) == [200]


def test_control_click(person: BrowserContext, page: Page, app: App, sandbox: Sandbox) -> None:
    """Ctrl-click does the same."""
    page.goto(app.url)
    with person.expect_page() as opened:
        steps.sign_in_link(page).click(modifiers=["Control"])
    steps.authorize(opened.value)
    steps.expect_chat(opened.value)
    assert statuses(sandbox) == [200]


def test_keyboard(page: Page, app: App) -> None:
    """Tab reaches the link, Enter follows it."""
    page.goto(app.url)
    expect(steps.sign_in_link(page)).to_be_visible()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.shadowRoot?.activeElement?.tagName") == "A":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Authorize")).to_be_visible()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_tabs(
    person: BrowserContext, app: App, sandbox: Sandbox, order: tuple[int, int]
) -> None:
    """Two sign-ins begun in two tabs both end well, whichever ends first."""
    tabs = [person.new_page(), person.new_page()]
    for tab in tabs:
        steps.start(tab, app.url)
    for number in order:
        steps.authorize(tabs[number])
        steps.expect_chat(tabs[number])
    assert statuses(sandbox) == [200, 200]


def test_restart_in_between(page: Page, start_app: Callable[..., App], sandbox: Sandbox) -> None:
    """The app may be restarted while its user is at OpenRouter."""
    app = start_app("restarted")
    steps.start(page, app.url)
    app.stop()
    app.start()
    steps.authorize(page)
    steps.expect_chat(page)
    assert statuses(sandbox) == [200]


def test_base_path(page: Page, start_app: Callable[..., App]) -> None:
    """An app below a path comes back to that path."""
    app = start_app("below", base_path="demo")
    steps.sign_in(page, app.url)
    expect(page).to_have_url(f"{app.url}/chat")


def test_loopback_address(page: Page, app: App) -> None:
    """http://127.0.0.1 is a way back as good as http://localhost."""
    steps.sign_in(page, app.url.replace("localhost", "127.0.0.1"))
    expect(page).to_have_url(re.compile("^http://127.0.0.1:"))


def test_from_the_chat_page(page: Page, app: App) -> None:
    """Signing in from the chat page comes back over the main page."""
    steps.sign_in(page, f"{app.url}chat")


@pytest.mark.parametrize("state_return", ["glued", "lost"])
def test_state(page: Page, app: App, sandbox: Sandbox, state_return: str) -> None:
    """A `state` that comes back glued to the code, or not at all, stops nobody."""
    steps.start(page, app.url)
    steps.rehearse(page, state_return=state_return)
    steps.authorize(page)
    steps.expect_chat(page)
    assert statuses(sandbox) == [200]


FRAME = """<!doctype html><title>Around</title>
<iframe src="{url}" style="width:100%;height:90vh"
 sandbox="allow-scripts allow-same-origin allow-forms allow-popups {more}"></iframe>"""


@pytest.mark.parametrize("more", ["", "allow-top-navigation-by-user-activation"])
def test_frame(page: Page, app: App, sandbox: Sandbox, more: str) -> None:
    """Inside a frame of its own origin, as on Community Cloud, the link leaves the frame."""
    around = f"{app.url}around"
    page.route(
        around,
        lambda route: route.fulfill(
            body=FRAME.format(url=app.url, more=more), content_type="text/html"
        ),
    )
    page.goto(around)
    page.unroute(around)
    page.frame_locator("iframe").get_by_role("link", name="Sign in with OpenRouter").click()
    steps.authorize(page)
    steps.expect_chat(page)
    assert statuses(sandbox) == [200]


# Safe


def test_stranger(chromium: Browser, page: Page, app: App, sandbox: Sandbox) -> None:
    """A callback URL is worth nothing in another browser, and the first one can still finish."""
    steps.start(page, app.url)
    callback_url = callback_without_visit(page)
    with new_person(chromium) as stranger:
        other = stranger.new_page()
        other.goto(callback_url)
        expect(steps.alert(other)).to_contain_text("not started in this browser")
        steps.expect_signed_out(other)
    assert statuses(sandbox) == []
    page.goto(callback_url)
    steps.expect_chat(page)
    assert statuses(sandbox) == [200]


@pytest.mark.parametrize("with_state", [True, False])
def test_code_from_elsewhere(
    chromium: Browser, page: Page, app: App, sandbox: Sandbox, with_state: bool
) -> None:
    """A code that an attacker made signs nobody in, not even in mid-sign-in."""
    with new_person(chromium) as attacker:
        tab = attacker.new_page()
        steps.start(tab, app.url)
        callback_url = callback_without_visit(tab)
    if not with_state:
        callback_url = re.sub(r"state=[^&]*&", "", callback_url)
    steps.start(page, app.url)
    page.goto(callback_url)
    expect(steps.alert(page)).to_be_visible()
    steps.expect_signed_out(page)
    assert 200 not in statuses(sandbox)


def test_no_challenge_wants_state(
    page: Page, start_app: Callable[..., App], sandbox: Sandbox
) -> None:
    """Without a challenge a return without `state` is not believed."""
    app = start_app(OPENROUTER_CODE_CHALLENGE_METHOD="none")
    steps.start(page, app.url)
    steps.rehearse(page, state_return="lost")
    steps.authorize(page)
    expect(steps.alert(page)).to_contain_text("not started in this browser")
    assert statuses(sandbox) == []


def test_forged_cookie(person: BrowserContext, page: Page, app: App, sandbox: Sandbox) -> None:
    """A pending sign-in that this app did not seal is none."""
    cookie = {"name": "openrouter_pending_forged", "value": "gAAAAAforged", "url": app.url}
    person.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"{app.url}?code=forged&state=forged")
    expect(steps.alert(page)).to_contain_text("not started in this browser")
    assert statuses(sandbox) == []


def test_nothing_left_in_the_address(page: Page, app: App, sandbox: Sandbox) -> None:
    """Neither Reload nor Back nor a bookmark brings the code again."""
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    steps.sign_in(page, app.url)
    bookmark = next(url for url in visited if "code=" in url)
    page.reload()
    steps.expect_chat(page)
    steps.go_back(page)
    expect(page).to_have_url(app.url)
    expect(page.get_by_role("link", name="Open the chat")).to_be_visible()
    steps.go_back(page)
    expect(page.get_by_role("button", name="Authorize")).to_be_visible()
    page.goto(bookmark)
    expect(page.get_by_role("link", name="Open the chat")).to_be_visible()
    expect(page).not_to_have_url(re.compile("code=|state="))
    assert statuses(sandbox) == [200]


def test_back_from_consent(page: Page, app: App, sandbox: Sandbox) -> None:
    """Back from OpenRouter without approving, one can begin again."""
    steps.start(page, app.url)
    steps.go_back(page)
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    assert statuses(sandbox) == [200]


# Failures


@pytest.mark.parametrize(
    ("exchange", "sentence"),
    [
        ("expired", "has expired"),
        ("invalid", "did not accept the approval"),
        ("bad-method", "code_challenge_method"),
        ("conflict", "busy with another sign-in"),
        ("server-error", "error 500"),
        ("html", "error 502"),
        ("no-key", "does not understand"),
        ("bad-json", "does not understand"),
        ("slow", "took too long"),
    ],
)
def test_failed_exchange(
    page: Page, app: App, sandbox: Sandbox, exchange: str, sentence: str
) -> None:
    """Each failure of the exchange has its sentence, is not repeated, and a new try works."""
    steps.start(page, app.url)
    steps.rehearse(page, exchange=exchange)
    steps.authorize(page)
    if exchange == "slow":
        expect(page.get_by_text("Finishing your sign-in…")).to_be_visible()
    expect(steps.alert(page)).to_contain_text(sentence)
    expect(page).to_have_url(app.url)
    steps.expect_signed_out(page)
    assert len(sandbox.exchanges) == 1


def test_again_after_a_failure(page: Page, app: App, sandbox: Sandbox) -> None:
    """After a failure one signs in from the same page."""
    steps.start(page, app.url)
    steps.rehearse(page, exchange="expired")
    steps.authorize(page)
    expect(steps.alert(page)).to_be_visible()
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    assert statuses(sandbox) == [403, 200]


def test_denied(page: Page, app: App, sandbox: Sandbox) -> None:
    """Deny says so, and makes no exchange."""
    steps.start(page, app.url)
    page.get_by_role("button", name="Deny").click()
    expect(steps.alert(page)).to_contain_text("Nothing was approved")
    expect(page).to_have_url(app.url)
    steps.expect_signed_out(page)
    assert statuses(sandbox) == []


def test_unreachable(
    page: Page, serving: tuple[Sandbox, str], start_app: Callable[..., App]
) -> None:
    """An OpenRouter that cannot be reached has its sentence."""
    _, base_url = serving
    app = start_app(OPENROUTER_BASE_URL="http://127.0.0.1:9")
    page.goto(app.url)
    page.route(
        "http://127.0.0.1:9/**",
        lambda route: route.fulfill(
            status=302,
            headers={"Location": route.request.url.replace("http://127.0.0.1:9", base_url)},
        ),
    )
    steps.sign_in_link(page).click()
    steps.authorize(page)
    expect(steps.alert(page)).to_contain_text("could not be reached")
    steps.expect_signed_out(page)


def test_reload_during_the_exchange(page: Page, app: App, sandbox: Sandbox) -> None:
    """A reload while the exchange runs makes no second one."""
    steps.start(page, app.url)
    steps.rehearse(page, exchange="slow")
    steps.authorize(page)
    expect(page.get_by_text("Finishing your sign-in…")).to_be_visible()
    expect(page).to_have_url(app.url)
    page.reload()
    steps.expect_signed_out(page)
    assert len(sandbox.exchanges) <= 1


# Paste a code instead


def paste_a_code(person: BrowserContext, page: Page) -> None:
    """Get a code in a new tab, and paste it in this one."""
    with person.expect_page() as opened:
        page.get_by_role("link", name="Get a code from OpenRouter").click()
    steps.authorize(opened.value)
    code = opened.value.locator("#code").inner_text()
    opened.value.close()
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in with this code").click()


@pytest.mark.parametrize("method", ["plain", "none"])
def test_pasted_code(
    person: BrowserContext,
    page: Page,
    start_app: Callable[..., App],
    sandbox: Sandbox,
    method: str,
) -> None:
    """A code that is pasted signs in, always under a challenge."""
    page.goto(start_app(OPENROUTER_CODE_CHALLENGE_METHOD=method).url)
    page.get_by_text("Paste a code instead").click()
    paste_a_code(person, page)
    steps.expect_chat(page)
    (exchange,) = sandbox.exchanges
    assert exchange.body["code_challenge_method"] == ("plain" if method == "plain" else "S256")


def test_wrong_pasted_code(page: Page, app: App, sandbox: Sandbox) -> None:
    """A code that is not right has its sentence, and leads on."""
    page.goto(app.url)
    page.get_by_text("Paste a code instead").click()
    page.get_by_label("Code", exact=True).fill("not-a-code")
    page.get_by_role("button", name="Sign in with this code").click()
    expect(steps.alert(page)).to_contain_text("did not accept")
    assert statuses(sandbox) == [403]


def test_address_that_cannot_return(
    person: BrowserContext, page: Page, start_app: Callable[..., App]
) -> None:
    """At an address that OpenRouter does not return to, pasting is the way, and it works."""
    app = start_app(OPENROUTER_CALLBACK_URL="http://192.168.1.5:8501/")
    page.goto(f"{app.url}chat")
    expect(steps.alert(page)).to_contain_text("does not send anyone back to this address")
    expect(steps.sign_in_link(page)).to_have_count(0)
    paste_a_code(person, page)
    steps.expect_chat(page)
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_text("Your account")).to_be_visible()


def test_blocked_cookies(person_who_blocks_cookies: BrowserContext, app: App) -> None:
    """Where cookies are blocked the page says so, and a pasted code signs in all the same."""
    page = person_who_blocks_cookies.new_page()
    page.goto(app.url)
    expect(steps.alert(page)).to_contain_text("blocks cookies")
    expect(steps.sign_in_link(page)).to_have_count(0)
    paste_a_code(person_who_blocks_cookies, page)
    steps.expect_chat(page)


def test_frame_of_another_site(
    person: BrowserContext,
    page: Page,
    app: App,
    sandbox: Sandbox,
    serve_page: Callable[[str], str],
) -> None:
    """In a frame of another site, where no cookie of ours is kept, a pasted code signs in."""
    page.goto(serve_page(FRAME.format(url=app.url, more="")))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("alert")).to_contain_text("blocks cookies")
    with person.expect_page() as opened:
        frame.get_by_role("link", name="Get a code from OpenRouter").click()
    steps.authorize(opened.value)
    code = opened.value.locator("#code").inner_text()
    frame.get_by_label("Code", exact=True).fill(code)
    frame.get_by_role("button", name="Sign in with this code").click()
    expect(frame.get_by_placeholder("Ask anything")).to_be_enabled()
    assert statuses(sandbox) == [200]


# Signed in


def test_account(page: Page, app: App) -> None:
    """The account shows the key, its limit and what is left, and links to its owner's pages."""
    steps.start(page, app.url)
    page.get_by_label("Credit limit").fill("5")
    steps.authorize(page)
    steps.expect_chat(page)
    page.get_by_role("link", name="Account").click()
    for label, value in (("Used", "$0.00"), ("Left", "$5.00"), ("Limit", "$5.00")):
        metric = page.get_by_test_id("stMetric").filter(has_text=label)
        expect(metric).to_contain_text(value)
    for link, path in (("Key settings", "/keys/"), ("Activity", "/logs?api_key_hash=")):
        expect(page.get_by_role("link", name=link)).to_have_attribute(
            "href", re.compile(re.escape(path) + "[0-9a-f]{64}$")
        )


def test_flow_panel(page: Page, app: App, sandbox: Sandbox) -> None:
    """The panel shows the steps as they were, and no secret value."""
    steps.sign_in(page, app.url)
    page.get_by_role("link", name="Account").click()
    page.get_by_text("How this sign-in worked").click()
    panel = page.get_by_test_id("stExpander").filter(has_text="How this sign-in worked")
    expect(panel).to_contain_text("S256")
    expect(panel).to_contain_text(re.compile(r"200 in \d+ ms"))
    shown = panel.inner_text()
    (exchange,) = sandbox.exchanges
    assert exchange.body["code"] not in shown
    assert exchange.body["code_verifier"] not in shown


def test_reload_stays_signed_in(page: Page, app: App, sandbox: Sandbox) -> None:
    """The key outlives a reload and a new tab, without another exchange."""
    steps.sign_in(page, app.url)
    page.reload()
    steps.expect_chat(page)
    second = page.context.new_page()
    second.goto(f"{app.url}chat")
    steps.expect_chat(second)
    assert statuses(sandbox) == [200]


def test_restart_stays_signed_in(page: Page, start_app: Callable[..., App]) -> None:
    """With a secret of its own, a restarted app knows its people again."""
    app = start_app("restarted")
    steps.sign_in(page, app.url)
    app.stop()
    app.start()
    page.reload()
    steps.expect_chat(page)


def test_not_remembered(person: BrowserContext, page: Page, start_app: Callable[..., App]) -> None:
    """With REMEMBER_SIGN_IN=false no cookie holds the key, and a reload signs out."""
    app = start_app(REMEMBER_SIGN_IN="false")
    steps.sign_in(page, app.url)
    assert "openrouter_key" not in {cookie["name"] for cookie in person.cookies()}
    page.reload()
    steps.expect_signed_out(page)


def test_sign_out_in_two_tabs(person: BrowserContext, page: Page, app: App) -> None:
    """Signing out holds for the other tab too, and after a reload."""
    steps.sign_in(page, app.url)
    second = person.new_page()
    second.goto(f"{app.url}chat")
    steps.expect_chat(second)
    page.get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(page)
    steps.expect_signed_out(second)
    expect(second.get_by_text("You signed out in another tab.")).to_be_visible()
    second.reload()
    steps.expect_signed_out(second)
    assert "openrouter_key" not in {cookie["name"] for cookie in person.cookies()}


def test_sign_in_again_after_sign_out(page: Page, app: App) -> None:
    """Who signed out can sign in again, and stays so."""
    steps.sign_in(page, app.url)
    page.get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(page)
    steps.sign_in_link(page).click()
    steps.authorize(page)
    steps.expect_chat(page)
    page.reload()
    steps.expect_chat(page)


def test_unusable_setting(page: Page, start_app: Callable[..., App]) -> None:
    """A setting that cannot be used is named in one sentence, without a traceback."""
    page.goto(start_app(OPENROUTER_KEY_LIMIT="much").url)
    expect(steps.alert(page)).to_contain_text("OPENROUTER_KEY_LIMIT must be an amount")
    expect(page.get_by_text("Traceback")).to_have_count(0)
