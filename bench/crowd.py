"""Many people at one process: how late they are, and what their sessions take up."""

import asyncio
from dataclasses import astuple, dataclass
from statistics import quantiles
from typing import Self

from bench.people import Person, arrive, leave, run
from bench.servers import Server
from bench.upstream import THOUGHT, Question

STREAM = Question("prose", 8_000, 20, 50)
"""Twenty seconds of 20 tokens a second."""
WITHIN = 2.0
"""Seconds within which all of them ask."""
SETTLED = 12
"""Seconds after which whatever an answer left to do is done: its cost is asked for meanwhile."""
QUICK = Question("prose", 600, 50, 0)


@dataclass(frozen=True)
class Crowd:
    """How a crowd fared: in percent of what the upstream takes, percent of people, and seconds."""

    late: float
    lost: float
    first_token: float


def stream_to(app: Server, count: int) -> Crowd:
    """Let so many people ask, and look who has to wait longest."""
    return run(_stream_to(app, count))


async def _stream_to(app: Server, count: int) -> Crowd:
    people = await arrive(app, count)

    async def ask(number: int) -> None:
        await asyncio.sleep(number / count * WITHIN)
        await people[number].ask(STREAM)

    await asyncio.gather(*map(ask, range(count)))
    seconds = max(person.whole - person.asked for person in people)
    lost = sum(not person.has_whole(STREAM) for person in people)
    waited = [person.first_token - person.asked - THOUGHT for person in people]
    await leave(people)
    return Crowd(
        late=100 * (seconds / (THOUGHT + STREAM.seconds) - 1),
        lost=100 * lost / count,
        first_token=quantiles(waited, n=20)[-1],
    )


async def _talk(app: Server, count: int, turns: int) -> list[Person]:
    people = await arrive(app, count)
    for _ in range(turns):
        await asyncio.gather(*(person.ask(QUICK) for person in people))
    return people


@dataclass(frozen=True)
class Kept:
    """What answers hold on to: streams at the upstream, threads, connections, and megabytes."""

    streams: int
    threads: int
    connections: int
    memory: float

    @classmethod
    def now(cls, app: Server, upstream: Server) -> Self:
        """Look at the two processes."""
        return cls(upstream.json("open-streams"), app.threads, app.connections, app.memory / 1e6)

    def __sub__(self, other: Self) -> Self:
        """Return how much more this is."""
        return type(self)(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


def kept_by_answers(app: Server, upstream: Server) -> Kept:
    """Return what 200 answers leave behind, 50 of them stopped and 50 abandoned, that 10 did not.

    After either lot everybody has gone, and Streamlit has let go of their sessions.
    """

    async def measure() -> Kept:
        people = await _talk(app, 10, turns=1)
        before = await _left(people, app, upstream)
        people = await arrive(app, 10)
        for _ in range(5):
            await asyncio.gather(*(person.ask(QUICK) for person in people))
            await asyncio.gather(*(person.ask(QUICK) for person in people))
            await asyncio.gather(*(person.break_off(STREAM, person.stop) for person in people))
            visitors = await arrive(app, 10)
            await asyncio.gather(*(one.break_off(STREAM, one.leave) for one in visitors))
        return await _left(people, app, upstream) - before

    return run(measure())


async def _left(people: list[Person], app: Server, upstream: Server) -> Kept:
    await leave(people)
    await asyncio.sleep(SETTLED)
    await leave(await arrive(app, 1))  # whoever comes has Streamlit look for old sessions
    return Kept.now(app, upstream)


def memory(app: Server, count: int, turns: int = 0) -> float:
    """Return the kilobytes that each of so many sessions takes, in which so much was asked."""

    async def measure() -> float:
        before = app.memory
        people = await _talk(app, count, turns)
        after = app.memory
        await leave(people)
        return (after - before) / count / 1000

    return run(measure())


def left_behind(app: Server, count: int) -> float:
    """Return the kilobytes that each of so many sessions leaves behind when it is closed."""

    async def measure() -> float:
        before = app.memory
        for _ in range(count // 10):
            await leave(await arrive(app, 10))
        return (app.memory - before) / count / 1000

    return run(measure())


def warm_up(app: Server) -> None:
    """Let some people chat and go: what an app loads for its first sessions is no later one's."""

    async def come_and_go() -> None:
        for _ in range(10):
            await leave(await _talk(app, 10, turns=1))

    run(come_and_go())
