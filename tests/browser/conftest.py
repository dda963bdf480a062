"""The app and the sandbox as they are, and a real Chromium.

With TEST_BROWSER=firefox a Firefox takes its place, for all tests that are not marked `chromium`.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from lib.chat.live_answers import AWAY_TIMEOUT_S
from lib.openrouter_sign_in import storage_prefix
from lib.openrouter_sign_in.sealing import Sealer
from sandbox.server import Key, Sandbox
from tests.browser import steps

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-for-the-tests-of-more-than-32-characters"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FRUGAL = [
    *CHROMIUM,
    # Pages of one site share a process, and it keeps what it has compiled.
    "--process-per-site",
    # Nothing is compiled ahead, since that is done without a look at what is kept; and a page that
    # lives for seconds is rarely worth V8's costlier compilers.
    "--js-flags=--no-script-streaming --no-opt --invocation-count-for-maglev=10000",
]
"""What makes a load cheaper, and a page no different.

No `--disable-features`: it would take the place of Playwright's own, which keeps clicks right after
a navigation from being lost (PaintHolding, https://github.com/microsoft/playwright/pull/28604).
"""
IS_FIREFOX = os.environ.get("TEST_BROWSER") == "firefox"
FIREFOX_PREFERENCES: dict[str, str | float | bool] = {
    # On the way back to a page that was kept alive Playwright hangs.
    "browser.sessionhistory.max_total_viewers": 0,
    "fission.bfcacheInParent": False,
    # The list of downloads takes the focus away from the page.
    "browser.download.alwaysOpenPanel": False,
}
DEBUG_LOGGING = {"STREAMLIT_LOGGER_LEVEL": "debug"}
CLOUD = {
    "STREAMLIT_RUNNER_FAST_RERUNS": "true",
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "false",
    "STREAMLIT_SERVER_RUN_ON_SAVE": "true",
    "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "true",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true",
}
"""What Community Cloud forces, whatever config.toml says:
https://docs.streamlit.io/deploy/streamlit-community-cloud/status.
"""
CONFIG_ALONE: dict[str, str] = {}
NO_CONFIG = {
    "STREAMLIT_RUNNER_FAST_RERUNS": "true",
    "STREAMLIT_RUNNER_POST_SCRIPT_GC": "true",
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
    "STREAMLIT_CLIENT_SHOW_SIDEBAR_NAVIGATION": "true",
    "STREAMLIT_CLIENT_TOOLBAR_MODE": "auto",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true",
}
"""Streamlit's defaults, where config.toml says otherwise."""
EXPECT_TIMEOUT_MS = 20_000
"""Milliseconds that a test waits for something to appear: a deadline, not a measure."""


class App:
    """The app as a process of its own, at `url`; its log and its HOME are in `home`.

    It has the settings of where it is `hosted`, and runs a `script` of `folder`.
    """

    def __init__(
        self,
        home: Path,
        base_path: str = "",
        hosted: Mapping[str, str] = CLOUD,
        folder: Path = ROOT,
        script: str = "streamlit_app.py",
        python: str | Path = sys.executable,
        **settings: str,
    ) -> None:
        self.home, self._hosted, self._folder = home, hosted, folder
        self._command = (str(python), "-m", "streamlit", "run", script)
        self.port = free_port()
        self.base_path = base_path
        self.url = f"http://localhost:{self.port}/{base_path}"
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """All that the app has printed."""
        return (self.home / "app.log").read_text(errors="replace")

    def start(self) -> None:
        """Start, or start again on the same port, and wait until it serves."""
        names = (ROOT / ".env.example").read_text()
        unset = {line.lstrip("# ").split("=")[0]: "" for line in names.splitlines() if "=" in line}
        with (self.home / "app.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._command,
                    *("--server.port", str(self.port), "--server.headless", "true"),
                    *("--server.fileWatcherType", "none"),
                    *("--server.baseUrlPath", self.base_path),
                ],
                cwd=self._folder,
                env={
                    **os.environ,
                    **unset,
                    "HOME": str(self.home),
                    **DEBUG_LOGGING,
                    **self._hosted,
                    **self.settings,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while not self._is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The app did not start:\n{self.log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.url.rstrip('/')}/_stcore/health", timeout=1).ok
        except requests.RequestException:
            return False


def free_port() -> int:
    """Return a port on which nobody listens yet."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def serving() -> Iterator[tuple[Sandbox, str]]:
    """One sandbox for all tests, and its base URL."""
    sandbox = Sandbox(chunk_seconds=0.002)
    with sandbox.serve() as base_url:
        yield sandbox, base_url


@pytest.fixture
def sandbox(serving: tuple[Sandbox, str]) -> Sandbox:
    """The sandbox, with nothing asked of it yet, and nothing left of a test that failed."""
    sandbox, _ = serving
    steps.wait_for(lambda: sandbox.open_streams == 0, seconds=AWAY_TIMEOUT_S + 10)
    sandbox.retry_after = 0
    sandbox.exchanges.clear()
    sandbox.completions.clear()
    return sandbox


@pytest.fixture(scope="session")
def start_app(
    serving: tuple[Sandbox, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., App]]:
    """Start an app of certain settings, once for all tests that want these."""
    sandbox, base_url = serving
    apps: dict[Any, App] = {}

    def start(name: str = "app", **settings: Any) -> App:
        wanted = (name, *sorted((key, str(value)) for key, value in settings.items()))
        if wanted not in apps:
            apps[wanted] = App(
                tmp_path_factory.mktemp(name),
                **{"OPENROUTER_BASE_URL": base_url, "SIGN_IN_SECRET": SECRET, **settings},
            )
            apps[wanted].start()
        return apps[wanted]

    yield start
    for app in apps.values():
        app.stop()
    # Whatever the tests have done, at the level at which Streamlit says most.
    written = [path for app in apps.values() for path in app.home.rglob("*") if path.is_file()]
    texts = {path: path.read_text(errors="replace") for path in written}
    assert not [path for path, text in texts.items() for key in sandbox.keys if key in text]


@pytest.fixture(scope="session")
def app(start_app: Callable[..., App]) -> App:
    """The app with the settings that it has by itself."""
    return start_app()


WHOLE = ("chromium", "google-chrome")
LIGHT = ("chromium-headless-shell", *WHOLE)
"""The same Chromium without windows and tabs, if there is one: it loads pages twice as fast."""


def chromium_path(names: tuple[str, ...] = LIGHT) -> str | None:
    """Return this machine's Chromium, None for Playwright's own: without it the tests fail."""
    paths = filter(None, map(shutil.which, names))
    return next((path for path in paths if not path.startswith("/snap/")), None)  # cannot be driven


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browsers."""
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def launched(playwright: Playwright, names: tuple[str, ...] = LIGHT) -> Iterator[Browser]:
    """The Chromium of these names that keeps left pages alive for Back if it can, or Firefox."""
    if IS_FIREFOX:
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=shutil.which("firefox-esr") or shutil.which("firefox"),
            firefox_user_prefs=FIREFOX_PREFERENCES,
        )
    else:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(names),
            args=FRUGAL,
            ignore_default_args=["--disable-back-forward-cache"],
        )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The lightest browser there is."""
    with launched(playwright) as browser:
        yield browser


@contextmanager
def new_person(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Another browser, with cookies and storage of its own."""
    context = browser.new_context(**options)
    context.set_default_timeout(EXPECT_TIMEOUT_MS)
    context.set_default_navigation_timeout(EXPECT_TIMEOUT_MS)
    yield context
    context.close()


@pytest.fixture
def person_with_tabs(playwright: Playwright) -> Iterator[BrowserContext]:
    """A browser with tabs, which keeps pages alive for Back."""
    with launched(playwright, WHOLE) as browser, new_person(browser) as context:
        yield context


@pytest.fixture(scope="session")
def browser_in_use(browser: Browser, app: App) -> Iterator[BrowserContext]:
    """A browser that has the app's files in its cache already, and a tab that keeps its process."""
    with new_person(browser) as context:
        context.new_page().goto(f"{app.url}_stcore/health")
        yield context


@pytest.fixture
def person(browser_in_use: BrowserContext) -> Iterator[BrowserContext]:
    """A browser without cookies and without stored data."""
    browser_in_use.clear_cookies()
    browser_in_use.pages[0].evaluate("localStorage.clear()")
    yield browser_in_use
    for page in browser_in_use.pages[1:]:
        page.close()


@pytest.fixture
def page(person: BrowserContext) -> Page:
    """A new tab in this browser."""
    return person.new_page()


def arrive_signed_in(
    context: BrowserContext, app: App, sandbox: Sandbox, *, seconds_ago: float = 0, url: str = ""
) -> None:
    """Give a browser the cookie of an earlier sign-in, for a test of what comes after.

    At the app's own address, unless `url` is another one at which it is reached.
    """
    at = time.time() - seconds_ago
    key = f"sk-or-v1-{secrets.token_hex(32)}"
    sandbox.keys[key] = Key("test")
    user = {"key": key, "signed_in_at": at, "base_url": app.settings["OPENROUTER_BASE_URL"]}
    sealed = Sealer(SECRET, "key", clock=lambda: at).seal(user)
    name = f"{storage_prefix(url or app.url)}key"
    context.add_cookies([{"name": name, "value": sealed, "url": url or app.url}])


def open_chat(page: Page, app: App, sandbox: Sandbox, *, seconds_ago: float = 0) -> None:
    """Open the chat page in a browser that signed in earlier."""
    arrive_signed_in(page.context, app, sandbox, seconds_ago=seconds_ago)
    page.goto(f"{app.url}chat")
    steps.expect_chat(page)


def cookies_named(context: BrowserContext, name: str) -> list[Any]:
    """The cookies that the app calls so, whatever stands before it to tell deployments apart."""
    return [cookie for cookie in context.cookies() if f"_{name}" in cookie["name"]]


@pytest.fixture(scope="session")
def browser_signed_in(
    browser: Browser, app: App, serving: tuple[Sandbox, str]
) -> Iterator[BrowserContext]:
    """A browser that is signed in to the app, for all tests that leave it so."""
    sandbox, _ = serving
    with new_person(browser) as context:
        arrive_signed_in(context, app, sandbox)
        page = context.new_page()
        page.goto(f"{app.url}chat")
        yield context


@pytest.fixture
def chat(browser_signed_in: BrowserContext, sandbox: Sandbox) -> Iterator[Page]:
    """The chat page, with nothing asked yet; in one tab for all, since loading takes its time."""
    page = browser_signed_in.pages[0]
    steps.expect_chat(page)
    yield page
    if sandbox.open_streams:  # of a test that failed
        page.reload()
    steps.new_chat(page)


@pytest.fixture
def person_who_blocks_cookies(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser that blocks cookies."""
    profile = tmp_path / "Default"
    profile.mkdir()
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Preferences").write_text(json.dumps(blocked))
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=chromium_path(WHOLE), args=FRUGAL
    )
    context.set_default_timeout(EXPECT_TIMEOUT_MS)
    yield context
    context.close()


@pytest.fixture
def serve_page() -> Iterator[Callable[[str], str]]:
    """Serve a page of HTML at an address of another site, which is returned."""
    served = ""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(served.encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def serve(html: str) -> str:
            nonlocal served
            served = html
            return f"http://127.0.0.1:{server.server_port}/"

        yield serve
        server.shutdown()
