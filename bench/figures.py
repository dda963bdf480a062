"""The figures, in groups that can be asked for by name; each figure has the limit it must keep."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median
from typing import Literal, TypeVar

from playwright.sync_api import Browser, expect

from bench import browser, crowd, texts
from bench.browser import Chat, Measured
from bench.servers import BARE, BASELINE, FORWARDER, OURS, Server, serve, streamlit
from bench.upstream import Question

SHORT, LONG = 16_384, 65_536
WARM_UP = Question("prose", 300, 50, 1)
"""Asked first in each tab: what Streamlit loads for the first answer of all is no answer's cost."""
BRIEF = Question("prose", 800, 4, 20)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """One figure: the median of what was measured here and there, and what it may be at most.

    The limit is `of` our own figure, or of its ratio to the one beside it.
    """

    figure: str
    unit: str
    ours: list[float]
    beside: list[float] = field(default_factory=list)
    limit: float | None = None
    of: Literal["ours", "ratio"] = "ours"

    @property
    def ratio(self) -> float | None:
        """Our figure over the one beside it, if there is one and it is not zero."""
        beside = median(self.beside) if self.beside else 0
        return median(self.ours) / beside if beside else None

    @property
    def holds(self) -> bool | None:
        """Whether the limit is kept, None if there is none."""
        limited = median(self.ours) if self.of == "ours" else self.ratio
        return None if self.limit is None or limited is None else limited <= self.limit


class Bench:
    """What is measured, and what has been measured already: figures share their turns."""

    def __init__(
        self, chromium: Browser, upstream: Server, rounds: int, started: ExitStack
    ) -> None:
        self.chromium, self.upstream, self.rounds = chromium, upstream, rounds
        self._started = started
        self._turns: dict[Question, dict[str, list[Measured]]] = {}

    @cached_property
    def servers(self) -> dict[str, Server]:
        """The app, the baseline and the forwarder, from when they are first needed."""
        url = self.upstream.url.rstrip("/")
        forwarder = serve(FORWARDER, health="", OPENROUTER_BASE_URL=url)
        starting = {app: streamlit(app, url) for app in (OURS, BASELINE)} | {FORWARDER: forwarder}
        return {who: self._started.enter_context(server) for who, server in starting.items()}

    def turns(self, question: Question, *who: str) -> dict[str, list[Measured]]:
        """Return a turn of each for each round, one after the other."""
        known = self._turns.setdefault(question, {})
        missing = [one for one in who if one not in known]
        for _ in range(self.rounds):
            for one in missing:
                known.setdefault(one, []).append(self._turn(one, question))
        return known

    def _turn(self, one: str, question: Question) -> Measured:
        if one == FORWARDER:
            return self._forwarded(question)
        with closing(self.chat(one)) as chat:
            chat.ask(WARM_UP)
            return chat.ask(question)

    def chat(self, one: str, messages: int = 0) -> Chat:
        """Open a new tab."""
        server, is_ours = self.servers[one], one == OURS
        return Chat(self.chromium, server, self.upstream, is_ours=is_ours, messages=messages)

    @cached_property
    def short(self) -> dict[str, list[Measured]]:
        """The turns with 16 KB of prose, a token each 5 ms."""
        return self.turns(Question("prose", SHORT, 4, 5), OURS, BASELINE, FORWARDER)

    @cached_property
    def long(self) -> dict[str, list[Measured]]:
        """The turns with 64 KB of prose, a token each millisecond."""
        return self.turns(Question("prose", LONG, 4, 1), OURS, BASELINE, FORWARDER)

    def alternately(self, measure: Callable[[Server], Result]) -> tuple[list[Result], list[Result]]:
        """Measure the app and the baseline in turn, each round in new processes."""
        found: dict[str, list[Result]] = {OURS: [], BASELINE: []}
        for _ in range(self.rounds):
            for app, results in found.items():
                with streamlit(app, self.upstream.url) as server:
                    crowd.warm_up(server)
                    results.append(measure(server))
        return found[OURS], found[BASELINE]

    def _forwarded(self, question: Question) -> Measured:
        server = self.servers[FORWARDER]
        with closing(self.chromium.new_context()) as context:
            page = context.new_page()
            page.goto(server.url)
            cpu = server.cpu
            page.evaluate(f"ask({str(question)!r})")
            expect(page.locator("pre")).to_contain_text(texts.LAST)
            time.sleep(browser.SETTLED)
            return replace(browser.UNKNOWN, cpu=server.cpu - cpu)


def _each(turns: list[Measured], name: str) -> list[float]:
    return [float(getattr(turn, name)) for turn in turns]


def traffic(bench: Bench) -> Iterator[Row]:
    """Bytes to the browser, as a multiple of the answer."""
    for name, turns, size, limit in (
        ("16 KB", bench.short, SHORT, 10),
        ("64 KB", bench.long, LONG, 5),
    ):
        ours, baseline = ([turn.bytes / size for turn in turns[one]] for one in (OURS, BASELINE))
        yield Row(f"bytes to the browser, {name}", "× answer", ours, baseline, limit)
        lost = ([100.0 * (not turn.is_whole) for turn in turns[one]] for one in (OURS, BASELINE))
        yield Row(f"answers lost, {name}", "%", *lost, limit=0)


def blocks(bench: Bench) -> Iterator[Row]:
    """One block of markdown that grows long: bytes for 64 KB against 16 KB."""
    for kind in ("list", "code", "table"):
        short, long = (bench.turns(Question(kind, s, 4, 1), OURS)[OURS] for s in (SHORT, LONG))
        pairs = zip(short, long, strict=True)
        ratios = [b.bytes / a.bytes if b.is_whole else float("inf") for a, b in pairs]
        yield Row(f"bytes, one {kind}, 64 KB : 16 KB", "×", ratios, limit=5)


def cpu(bench: Bench) -> Iterator[Row]:
    """Processor time of the server."""
    for name, turns in (("16 KB", bench.short), ("64 KB", bench.long)):
        ours, baseline, forwarded = (
            _each(turns[one], "cpu") for one in (OURS, BASELINE, FORWARDER)
        )
        yield Row(f"server CPU, {name}", "s", ours, baseline, 1 / 3, "ratio")
        yield Row(f"server CPU, {name}, beside a forwarder", "s", ours, forwarded, 1 / 2, "ratio")


def latency(bench: Bench) -> Iterator[Row]:
    """How far the page is behind the upstream."""
    for figure, name, limit in (
        ("first token to the page", "first", 30),
        ("upstream's end to all shown", "whole", 150),
        ("upstream's end to input free", "free", 150),
    ):
        ours, baseline = (_each(bench.short[one], name) for one in (OURS, BASELINE))
        yield Row(figure, "ms", ours, baseline, limit)


def busy(bench: Bench) -> Iterator[Row]:
    """How busy the page is."""
    ours, baseline = (_each(bench.short[one], "busy") for one in (OURS, BASELINE))
    yield Row("page's main thread busy, 16 KB", "s", ours, baseline, 1 / 3, "ratio")


def stall(bench: Bench) -> Iterator[Row]:
    """The longest that the page shows no frame while 64 KB stream."""
    stalls: dict[str, list[float]] = {OURS: [], BASELINE: []}
    for _ in range(bench.rounds):
        for one, values in stalls.items():
            with closing(bench.chat(one)) as chat:
                chat.ask(WARM_UP)
                values.append(chat.ask(Question("prose", LONG, 4, 1), frames=True).stall)
    yield Row("longest stall of the page, 64 KB", "ms", *stalls.values(), limit=200)


def history(bench: Bench) -> Iterator[Row]:
    """A turn in a conversation of 400 messages, against one of 2."""
    turns: dict[str, list[tuple[Measured, Measured]]] = {OURS: [], BASELINE: []}
    for _ in range(bench.rounds):
        for one, pairs in turns.items():
            pairs.append((_second_turn(bench, one, 2), _second_turn(bench, one, 400)))
    for figure, name, limit in (
        ("Enter to the request", "sending", 1.5),
        ("bytes to the browser", "bytes", 2),
        ("first token to the page", "first", 2),
    ):
        ours, baseline = (
            [getattr(b, name) / getattr(a, name) for a, b in turns[one]] for one in (OURS, BASELINE)
        )
        yield Row(f"{figure}, 400 : 2 messages", "×", ours, baseline, limit)


def _second_turn(bench: Bench, one: str, messages: int) -> Measured:
    with closing(bench.chat(one, messages)) as chat:
        chat.ask(WARM_UP)
        return chat.ask(BRIEF)


def start(bench: Bench) -> Iterator[Row]:
    """From the start of the process until the sign-in link can be clicked."""
    ours: list[float] = []
    bare: list[float] = []
    with closing(bench.chromium.new_context()) as context:
        page = context.new_page()
        for _ in range(bench.rounds):
            for script, values in ((OURS, ours), (BARE, bare)):
                with streamlit(script, bench.upstream.url) as server:
                    page.goto(server.url)
                    page.wait_for_function(browser.HAS_LINK)  # looks at each frame
                    values.append(time.time() - server.began)
    yield Row("start to the sign-in link, beside a bare app", "s", ours, bare, 1.25, "ratio")


def load(bench: Bench) -> Iterator[Row]:
    """Many people who stream at once from one process."""
    for count, limit in ((60, 5), (100, 10)):
        ours, baseline = bench.alternately(lambda app, n=count: crowd.stream_to(app, n))
        late, lost, first = (
            [[getattr(one, name) for one in crowds] for crowds in (ours, baseline)]
            for name in ("late", "lost", "first_token")
        )
        yield Row(f"{count} people: slowest answer, later by", "%", *late, limit)
        yield Row(f"{count} people: answers lost", "%", *lost, limit=0)
        yield Row(f"{count} people: first token p95", "s", *first, limit=1)


def steady(bench: Bench) -> Iterator[Row]:
    """What answers leave behind, stopped ones and abandoned ones among them."""
    ours, baseline = bench.alternately(lambda app: crowd.kept_by_answers(app, bench.upstream))
    for name, unit, limit in (
        ("open streams", "", 0),
        ("threads", "", 0),
        ("connections", "", 0),
        ("memory", "MB", None),
    ):
        kept = (
            [float(getattr(one, name.split()[-1])) for one in all_] for all_ in (ours, baseline)
        )
        yield Row(f"{name} left by 200 answers", unit, *kept, limit)


def memory(bench: Bench) -> Iterator[Row]:
    """Memory that people take, and leave behind."""
    for figure, measure in (
        ("memory of an idle session", lambda app: crowd.memory(app, 100)),
        ("memory of a conversation of 100 messages", lambda app: crowd.memory(app, 5, turns=50)),
        ("memory left by each of 1,000 closed sessions", lambda app: crowd.left_behind(app, 1000)),
    ):
        yield Row(figure, "KB", *bench.alternately(measure))


GROUPS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "bytes": traffic,
    "blocks": blocks,
    "cpu": cpu,
    "latency": latency,
    "busy": busy,
    "stall": stall,
    "history": history,
    "start": start,
    "load": load,
    "steady": steady,
    "memory": memory,
}
