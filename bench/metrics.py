"""The metrics, in groups that can be selected by name; each metric has its limit."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median
from typing import Literal, TypeVar

from playwright.sync_api import Browser, expect

from bench import browser, clicks, load, workload
from bench.browser import ChatTab, TurnMetrics
from bench.servers import BARE, BASELINE, FORWARDER, OURS, Server, serve, streamlit
from bench.upstream import Question

SHORT, LONG = 16_384, 65_536
"""Sizes of answers, in characters."""
WARM_UP = Question("prose", 300, 50, 1)
"""Asked first in each tab, so that what Streamlit loads for the first answer is not measured."""
HISTORY_QUESTION = Question("prose", 800, 4, 20)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """One metric: the values of each round for this app and the baseline, and the limit.

    The limit applies to the median of `ours`, or to the ratio of the two medians.
    """

    metric: str
    unit: str
    ours: list[float]
    baseline: list[float] = field(default_factory=list)
    limit: float | None = None
    limited: Literal["ours", "ratio"] = "ours"

    @property
    def ratio(self) -> float | None:
        """Median of `ours` divided by that of `baseline`; None if there is none or it is zero."""
        baseline = median(self.baseline) if self.baseline else 0
        return median(self.ours) / baseline if baseline else None

    @property
    def is_within_limit(self) -> bool | None:
        """Whether the metric is within its limit; None if it has none."""
        value = median(self.ours) if self.limited == "ours" else self.ratio
        return None if self.limit is None or value is None else value <= self.limit


class Bench:
    """The servers and the browser, and the turns measured so far, which several metrics share."""

    def __init__(
        self, chromium: Browser, upstream: Server, rounds: int, started: ExitStack
    ) -> None:
        self.chromium, self.upstream, self.rounds = chromium, upstream, rounds
        self._started = started
        self._turns: dict[Question, dict[str, list[TurnMetrics]]] = {}

    @cached_property
    def servers(self) -> dict[str, Server]:
        """The app, the baseline and the forwarder, which are started on first use."""
        url = self.upstream.url.rstrip("/")
        forwarder = serve(FORWARDER, health="", OPENROUTER_BASE_URL=url)
        servers = {app: streamlit(app, url) for app in (OURS, BASELINE)} | {FORWARDER: forwarder}
        return {app: self._started.enter_context(server) for app, server in servers.items()}

    def turns(self, question: Question, *apps: str) -> dict[str, list[TurnMetrics]]:
        """Return a turn of each app for each round; the apps alternate."""
        measured = self._turns.setdefault(question, {})
        missing = [app for app in apps if app not in measured]
        for _ in range(self.rounds):
            for app in missing:
                measured.setdefault(app, []).append(self._turn(app, question))
        return measured

    def _turn(self, app: str, question: Question) -> TurnMetrics:
        if app == FORWARDER:
            return self._forwarder_turn(question)
        with closing(self.open_chat(app)) as chat:
            chat.ask(WARM_UP)
            return chat.ask(question)

    def open_chat(self, app: str, messages: int = 0) -> ChatTab:
        """Open the chat in a new tab."""
        server, is_ours = self.servers[app], app == OURS
        return ChatTab(self.chromium, server, self.upstream, is_ours=is_ours, messages=messages)

    @cached_property
    def short_turns(self) -> dict[str, list[TurnMetrics]]:
        """The turns with 16 KB of prose, a token every 5 ms."""
        return self.turns(Question("prose", SHORT, 4, 5), OURS, BASELINE, FORWARDER)

    @cached_property
    def long_turns(self) -> dict[str, list[TurnMetrics]]:
        """The turns with 64 KB of prose, a token every millisecond."""
        return self.turns(Question("prose", LONG, 4, 1), OURS, BASELINE, FORWARDER)

    def alternate(self, measure: Callable[[Server], Result]) -> tuple[list[Result], list[Result]]:
        """Measure the app and the baseline in turn, in new processes for each round."""
        results: dict[str, list[Result]] = {OURS: [], BASELINE: []}
        for _ in range(self.rounds):
            for app, values in results.items():
                with streamlit(app, self.upstream.url) as server:
                    load.warm_up(server)
                    values.append(measure(server))
        return results[OURS], results[BASELINE]

    def _forwarder_turn(self, question: Question) -> TurnMetrics:
        server = self.servers[FORWARDER]
        with closing(self.chromium.new_context()) as context:
            page = context.new_page()
            page.goto(server.url)
            cpu_before = server.cpu_seconds
            page.evaluate(f"ask({str(question)!r})")
            expect(page.locator("pre")).to_contain_text(workload.END_MARK)
            time.sleep(browser.SETTLE_S)
            return replace(browser.NOT_MEASURED, cpu_s=server.cpu_seconds - cpu_before)


def _values(turns: list[TurnMetrics], name: str) -> list[float]:
    return [float(getattr(turn, name)) for turn in turns]


def measure_bytes(bench: Bench) -> Iterator[Row]:
    """Bytes to the browser, as a multiple of the answer."""
    for name, turns, size, limit in (
        ("16 KB", bench.short_turns, SHORT, 10),
        ("64 KB", bench.long_turns, LONG, 5),
    ):
        ours, baseline = ([turn.bytes / size for turn in turns[app]] for app in (OURS, BASELINE))
        yield Row(f"bytes to the browser, {name}", "× answer", ours, baseline, limit)
        lost = ([100.0 * (not turn.is_complete) for turn in turns[app]] for app in (OURS, BASELINE))
        yield Row(f"answers lost, {name}", "%", *lost, limit=0)


def measure_blocks(bench: Bench) -> Iterator[Row]:
    """Bytes for 64 KB in one block of Markdown, relative to 16 KB."""
    for kind in ("list", "code", "table"):
        short, long = (bench.turns(Question(kind, s, 4, 1), OURS)[OURS] for s in (SHORT, LONG))
        pairs = zip(short, long, strict=True)
        ratios = [b.bytes / a.bytes if b.is_complete else float("inf") for a, b in pairs]
        yield Row(f"bytes, one {kind}, 64 KB : 16 KB", "×", ratios, limit=5)


def measure_cpu(bench: Bench) -> Iterator[Row]:
    """CPU time of the server."""
    for name, turns in (("16 KB", bench.short_turns), ("64 KB", bench.long_turns)):
        ours, baseline, forwarder = (
            _values(turns[app], "cpu_s") for app in (OURS, BASELINE, FORWARDER)
        )
        yield Row(f"server CPU, {name}", "s", ours, baseline, 1 / 3, "ratio")
        yield Row(
            f"server CPU, {name}, relative to forwarder", "s", ours, forwarder, 1 / 2, "ratio"
        )


def measure_latency(bench: Bench) -> Iterator[Row]:
    """How far the page is behind the upstream."""
    for metric, name, limit in (
        ("first token to the page", "first_token_ms", 30),
        ("upstream's end to all shown", "complete_ms", 150),
        ("upstream's end to input free", "input_free_ms", 150),
    ):
        ours, baseline = (_values(bench.short_turns[app], name) for app in (OURS, BASELINE))
        yield Row(metric, "ms", ours, baseline, limit)


def measure_main_thread(bench: Bench) -> Iterator[Row]:
    """How long the page's main thread is busy."""
    ours, baseline = (_values(bench.short_turns[app], "main_thread_s") for app in (OURS, BASELINE))
    yield Row("page's main thread busy, 16 KB", "s", ours, baseline, 1 / 3, "ratio")


def measure_stall(bench: Bench) -> Iterator[Row]:
    """The longest time between two frames of the page while 64 KB stream."""
    stalls: dict[str, list[float]] = {OURS: [], BASELINE: []}
    for _ in range(bench.rounds):
        for app, values in stalls.items():
            with closing(bench.open_chat(app)) as chat:
                chat.ask(WARM_UP)
                values.append(chat.ask(Question("prose", LONG, 4, 1), frames=True).max_stall_ms)
    yield Row("longest stall of the page, 64 KB", "ms", *stalls.values(), limit=200)


def measure_history(bench: Bench) -> Iterator[Row]:
    """A turn in a conversation of 400 messages, relative to one of 2."""
    turns: dict[str, list[tuple[TurnMetrics, TurnMetrics]]] = {OURS: [], BASELINE: []}
    for _ in range(bench.rounds):
        for app, pairs in turns.items():
            pairs.append((_history_turn(bench, app, 2), _history_turn(bench, app, 400)))
    for metric, name, limit in (
        ("Enter to the request", "request_ms", 1.5),
        ("bytes to the browser", "bytes", 2),
        ("first token to the page", "first_token_ms", 2),
    ):
        ours, baseline = (
            [getattr(b, name) / getattr(a, name) for a, b in turns[app]] for app in (OURS, BASELINE)
        )
        yield Row(f"{metric}, 400 : 2 messages", "×", ours, baseline, limit)


def _history_turn(bench: Bench, app: str, messages: int) -> TurnMetrics:
    with closing(bench.open_chat(app, messages)) as chat:
        chat.ask(WARM_UP)
        return chat.ask(HISTORY_QUESTION)


def measure_start(bench: Bench) -> Iterator[Row]:
    """Time from the start of the process until the sign-in link can be clicked."""
    ours: list[float] = []
    bare: list[float] = []
    with closing(bench.chromium.new_context()) as context:
        page = context.new_page()
        for _ in range(bench.rounds):
            for script, values in ((OURS, ours), (BARE, bare)):
                with streamlit(script, bench.upstream.url) as server:
                    page.goto(server.url)
                    page.wait_for_function(browser.HAS_LINK)  # polls on each frame
                    values.append(time.time() - server.started_at)
    yield Row("start to sign-in link, relative to bare app", "s", ours, bare, 1.25, "ratio")


def measure_clicks(bench: Bench) -> Iterator[Row]:
    """From a click to its effect, relative to a button of a bare app."""
    ours: dict[str, list[float]] = {action: [] for action in clicks.ACTIONS}
    bare: list[float] = []
    with (
        streamlit(BARE) as server,
        closing(bench.chromium.new_context()) as context,
    ):
        context.add_init_script(browser.INSTRUMENTATION)
        page = context.new_page()
        page.goto(server.url)
        for number in range(bench.rounds):
            with closing(bench.open_chat(OURS)) as chat:
                for action, seconds in clicks.measure_clicks(chat).items():
                    ours[action].append(seconds)
            bare.extend(clicks.measure_bare_clicks(page, range(5 * number, 5 * number + 5)))
    for action, values in ours.items():
        yield Row(f"{action}, relative to a bare button", "s", values, bare, 3.5, "ratio")


def measure_load(bench: Bench) -> Iterator[Row]:
    """Many users to whom one process streams at the same time."""
    for count, limit in ((60, 5), (100, 10)):
        results = bench.alternate(lambda app, n=count: load.stream_to_users(app, n))
        slowdown, lost, first_token = (
            [[getattr(result, name) for result in rounds] for rounds in results]
            for name in ("slowdown_percent", "lost_percent", "first_token_p95_s")
        )
        yield Row(f"{count} users: slowest answer, later by", "%", *slowdown, limit)
        yield Row(f"{count} users: answers lost", "%", *lost, limit=0)
        yield Row(f"{count} users: first token p95", "s", *first_token, limit=1)


def measure_leaks(bench: Bench) -> Iterator[Row]:
    """Resources that answers leave in use, stopped and abandoned ones among them."""
    results = bench.alternate(lambda app: load.leaked_by_answers(app, bench.upstream))
    for metric, name, unit, limit in (
        ("open streams", "streams", "", 0),
        ("threads", "threads", "", 0),
        ("connections", "connections", "", 0),
        ("memory", "memory", "MB", None),
    ):
        leaked = ([float(getattr(result, name)) for result in rounds] for rounds in results)
        yield Row(f"{metric} left by 200 answers", unit, *leaked, limit)


def measure_memory(bench: Bench) -> Iterator[Row]:
    """Memory of open and of closed sessions."""
    for metric, measure in (
        ("memory of an idle session", lambda app: load.session_memory_kb(app, 100)),
        (
            "memory of a conversation of 100 messages",
            lambda app: load.session_memory_kb(app, 5, turns=50),
        ),
        (
            "memory left by each of 1,000 closed sessions",
            lambda app: load.closed_session_memory_kb(app, 1000),
        ),
    ):
        yield Row(metric, "KB", *bench.alternate(measure))


GROUPS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "bytes": measure_bytes,
    "blocks": measure_blocks,
    "cpu": measure_cpu,
    "latency": measure_latency,
    "main-thread": measure_main_thread,
    "stall": measure_stall,
    "history": measure_history,
    "start": measure_start,
    "clicks": measure_clicks,
    "load": measure_load,
    "leaks": measure_leaks,
    "memory": measure_memory,
}
