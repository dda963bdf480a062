"""Turns of a conversation in Chromium: traffic, CPU time, latency."""

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, FilePayload, Page, TimeoutError, expect

from bench import workload
from bench.servers import Server, sign_in_cookie
from bench.upstream import Question
from lib.chat import archive
from lib.chat.conversation import Answer, Conversation, Turn

INSTRUMENTATION = (Path(__file__).parent / "page.js").read_text()
SETTLE_S = 0.3
"""Seconds until the work that a turn leaves behind is done."""
PAGE_TIMEOUT_MS = 30_000
SCRIPT_IS_IDLE = "[data-test-script-state=notRunning]"
HAS_LINK = """() => {
    const ours = document.querySelector("[class*=st-key-openrouter_link] [data-testid=stBidiComponentIsolated]");
    return (ours?.shadowRoot ?? document.querySelector("[data-testid=stLinkButton]"))?.querySelector("a[href]");
}"""
"""Whether the page shows the sign-in link, or the link of the bare app."""


@dataclass(frozen=True)
class TurnMetrics:
    """Metrics of one turn.

    `request_ms` is from Enter to the request at the upstream, `first_token_ms` from the upstream's
    first token until the page shows it, `complete_ms` and `input_free_ms` from the upstream's end
    until the page shows the complete answer and the script is idle. They are infinite where the
    answer is lost. `main_thread_s` is the time that the page's main thread was busy, `max_stall_ms`
    the longest time between two frames.
    """

    is_complete: bool
    bytes: int
    cpu_s: float
    main_thread_s: float
    request_ms: float
    first_token_ms: float
    complete_ms: float
    input_free_ms: float
    max_stall_ms: float


NOT_MEASURED = TurnMetrics(False, *[math.nan] * 8)


class ChatTab:
    """A browser tab with the chat of this app (`is_ours`) or of the baseline.

    The chat has a number of `messages` already.
    """

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
        self._context.add_init_script(INSTRUMENTATION)
        if is_ours:
            name, value = sign_in_cookie(server)
            self._context.add_cookies([{"name": name, "value": value, "url": server.url}])
        self.page = self._context.new_page()
        self._cdp_session = performance_session(self.page)
        path = "chat" if is_ours else f"?messages={messages}"
        self.page.goto(f"{server.url}{path}")
        self._input = self.page.get_by_placeholder("Ask anything")
        expect(self._input).to_be_enabled(timeout=PAGE_TIMEOUT_MS)
        if is_ours and messages:
            _open_saved_chat(self.page, messages)
        if not is_ours:
            expect(self.page.get_by_test_id("stChatMessage")).to_have_count(messages)
        self.page.locator(SCRIPT_IS_IDLE).wait_for(state="attached", timeout=PAGE_TIMEOUT_MS)
        time.sleep(2 * SETTLE_S)

    def ask(self, question: Question, *, frames: bool = False) -> TurnMetrics:
        """Send a question, wait for the complete answer, and return the metrics of the turn.

        `max_stall_ms` is measured only with `frames`.
        """
        self._input.fill(str(question))
        self.page.evaluate(f"bench.measureTurn(); {(frames and 'bench.measureFrames()') or ''}")
        cpu_before, main_thread_before = self._server.cpu_seconds, busy_seconds(self._cdp_session)
        self._input.press("Enter")
        with suppress(TimeoutError):
            self.page.wait_for_function(
                "bench.inputFreeAt || bench.isLost",
                timeout=(2 * question.duration_s + 10) * 1000,
                polling=200,
            )
        time.sleep(SETTLE_S)
        cpu_s = self._server.cpu_seconds - cpu_before
        main_thread_s = busy_seconds(self._cdp_session) - main_thread_before
        measured: dict[str, Any] = self.page.evaluate("bench")
        shown = self.page.evaluate("bench.answer()")
        timing = self._upstream.json("last-timing")
        ended_at = timing.get("ended_at", float("inf"))

        def milliseconds(name: str, since: float) -> float:
            return (measured[name] - since) * 1000 if measured.get(name) else float("inf")

        return TurnMetrics(
            is_complete=workload.is_complete(question.kind, question.size, shown),
            bytes=measured["bytes"],
            cpu_s=cpu_s,
            main_thread_s=main_thread_s,
            request_ms=-milliseconds("sentAt", timing["arrived_at"]),
            first_token_ms=milliseconds("firstTokenAt", timing["first_token_at"]),
            complete_ms=milliseconds("completeAt", ended_at),
            input_free_ms=milliseconds("inputFreeAt", ended_at),
            max_stall_ms=measured["maxStallMs"],
        )

    def close(self) -> None:
        """Close the tab, and delete its cookies."""
        self._context.close()


def performance_session(page: Page) -> CDPSession:
    """Return a session of the Chrome DevTools Protocol that has performance metrics of a page."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    return session


def busy_seconds(session: CDPSession) -> float:
    """Return how long the page's main thread has been busy so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def _open_saved_chat(page: Page, messages: int) -> None:
    text = workload.answer("prose", 600)
    turns = [Turn("So?", [Answer(text, "complete")]) for _ in range(messages // 2)]
    file: FilePayload = {
        "name": "chat.json",
        "mimeType": "application/json",
        "buffer": archive.encode(Conversation(turns)),
    }
    page.get_by_role("button", name="Open a saved chat").click()
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(file)
    messages_shown = page.get_by_test_id("stChatMessage")
    expect(messages_shown).not_to_have_count(0, timeout=PAGE_TIMEOUT_MS)
    page.keyboard.press("Escape")
