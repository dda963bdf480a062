"""No key, code or verifier stands anywhere that it should not."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import ROOT, App

pytestmark = pytest.mark.browser


def texts_written(since: float, *folders: Path) -> Iterator[str]:
    """What stands in each file in these folders that was written since a moment."""
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):  # a file that lived for a moment only
                if path.is_file() and path.stat().st_mtime >= since:
                    yield path.read_text(errors="replace")


def process_list() -> Iterator[str]:
    """The command line of each process, which everybody on the machine can read (on Linux)."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield path.read_text(errors="replace")


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_nowhere(
    person: BrowserContext,
    page: Page,
    start_app: Callable[..., App],
    sandbox: Sandbox,
    method: str,
) -> None:
    """Sign-in, chat, a failure, a reload and a sign-out leave no secret value behind."""
    began = time.time()
    app = start_app(**({} if method == "S256" else {"OPENROUTER_CODE_CHALLENGE_METHOD": method}))
    shown: list[str] = []
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))

    def look() -> None:
        storage = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        shown.extend([page.content(), page.url, storage, str(person.cookies(app.url))])

    issued_before = set(sandbox.keys)
    steps.sign_in(page, app.url)
    look()
    for question in ("sandbox/tour", "sandbox/cut"):
        steps.ask(page, question)
        expect(steps.answers(page).last).not_to_be_empty()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    look()
    page.get_by_test_id("stSidebar").get_by_role("link", name="How sign-in works").click()
    expect(page.get_by_text("Who has seen what")).to_be_visible()
    look()
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    look()
    page.get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(page)
    look()

    (exchange,) = sandbox.exchanges
    (key,) = set(sandbox.keys) - issued_before
    secrets = [key, exchange.body["code"], exchange.body["code_verifier"]]
    shown.append(app.log)
    shown += texts_written(began, app.home, ROOT)
    shown += process_list()
    assert not [secret for secret in secrets for text in shown if secret in text]
    assert any(exchange.body["code"] in url for url in visited), "the code did come back"
