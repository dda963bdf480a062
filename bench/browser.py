"""Turns of a conversation in Chromium: what one sends, costs and takes."""

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, FilePayload, Page, TimeoutError, expect

from bench import texts
from bench.servers import Server, cookie
from bench.upstream import Question
from lib.chat import archive
from lib.chat.conversation import Answer, Conversation, Turn

WATCH = (Path(__file__).parent / "page.js").read_text()
SETTLED = 0.3
"""Seconds after which whatever a turn left to do is done."""
AT_REST = "[data-test-script-state=notRunning]"
HAS_LINK = """() => {
    const ours = document.querySelector(".st-key-openrouter_link [data-testid=stBidiComponentIsolated]");
    return (ours?.shadowRoot ?? document.querySelector("[data-testid=stLinkButton]"))?.querySelector("a[href]");
}"""
"""Whether the link to sign in, or that of the bare app, leads somewhere."""


@dataclass(frozen=True)
class Measured:
    """One turn. Times are in milliseconds, processor times in seconds.

    `sending` runs from Enter to the request at the upstream, `first` from the upstream's first
    token until the page shows it, `whole` and `free` from the upstream's end until the page shows
    the whole answer and the script has come to rest. `busy` is the page's main thread, `stall`
    the longest that a frame was late. They are infinite where the answer is lost.
    """

    is_whole: bool
    bytes: int
    cpu: float
    busy: float
    sending: float
    first: float
    whole: float
    free: float
    stall: float


UNKNOWN = Measured(False, *[math.nan] * 8)
"""Nothing was measured."""


class Chat:
    """A chat in a tab: of this app (`is_ours`), or of the baseline; `messages` are in it already."""

    def __init__(
        self,
        browser: Browser,
        server: Server,
        upstream: Server,
        *,
        is_ours: bool,
        messages: int = 0,
    ) -> None:
        self._server, self._upstream = server, upstream
        self._context = browser.new_context()
        self._context.add_init_script(WATCH)
        if is_ours:
            name, value = cookie(server)
            self._context.add_cookies([{"name": name, "value": value, "url": server.url}])
        self.page = self._context.new_page()
        self._chromium = performance_of(self.page)
        path = "chat" if is_ours else f"?messages={messages}"
        self.page.goto(f"{server.url}{path}")
        self._field = self.page.get_by_placeholder("Ask anything")
        expect(self._field).to_be_enabled(timeout=30_000)
        if is_ours and messages:
            _open_saved(self.page, messages)
        if not is_ours:
            expect(self.page.get_by_test_id("stChatMessage")).to_have_count(messages)
        self.page.locator(AT_REST).wait_for(state="attached", timeout=30_000)
        time.sleep(2 * SETTLED)

    def ask(self, question: Question, *, frames: bool = False) -> Measured:
        """Send a question, wait for the whole answer, and return what it took."""
        self._field.fill(str(question))
        self.page.evaluate(f"bench.watch(); {(frames and 'bench.watchFrames()') or ''}")
        cpu, busy = self._server.cpu, busy_seconds(self._chromium)
        self._field.press("Enter")
        with suppress(TimeoutError):
            self.page.wait_for_function(
                "bench.free || bench.lost",
                timeout=(2 * question.seconds + 10) * 1000,
                polling=200,
            )
        time.sleep(SETTLED)
        cpu, busy = self._server.cpu - cpu, busy_seconds(self._chromium) - busy
        seen: dict[str, Any] = self.page.evaluate("bench")
        shown = self.page.evaluate("bench.answer()")
        note = self._upstream.json("last-note")
        ended = note.get("ended", float("inf"))

        def since(name: str, then: float) -> float:
            return (seen[name] - then) * 1000 if seen.get(name) else float("inf")

        return Measured(
            is_whole=texts.is_whole(question.kind, question.size, shown),
            bytes=seen["bytes"],
            cpu=cpu,
            busy=busy,
            sending=-since("sent", note["arrived"]),
            first=since("first", note["first"]),
            whole=since("whole", ended),
            free=since("free", ended),
            stall=seen["stall"],
        )

    def close(self) -> None:
        """Close the tab, and forget its cookies."""
        self._context.close()


def performance_of(page: Page) -> CDPSession:
    """Return a session that tells Chromium's own figures of a page."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    return session


def busy_seconds(session: CDPSession) -> float:
    """Return how long the page's main thread has been at work so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def _open_saved(page: Page, messages: int) -> None:
    text = texts.answer("prose", 600)
    turns = [Turn("So?", [Answer(text, "complete")]) for _ in range(messages // 2)]
    file: FilePayload = {
        "name": "chat.json",
        "mimeType": "application/json",
        "buffer": archive.encode(Conversation(turns)),
    }
    page.get_by_role("button", name="Open a saved chat").click()
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(file)
    expect(page.get_by_test_id("stChatMessage")).not_to_have_count(0, timeout=30_000)
    page.keyboard.press("Escape")
