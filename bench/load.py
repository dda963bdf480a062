"""Load tests: how late answers are with many users, and what their sessions take up."""

import asyncio
from dataclasses import astuple, dataclass
from statistics import quantiles
from typing import Self

from bench.servers import Server
from bench.upstream import FIRST_TOKEN_DELAY_S, Question
from bench.virtual_users import VirtualUser, connect_users, disconnect_users, run_in_thread

LONG_QUESTION = Question("prose", 8_000, 20, 50)
"""Twenty seconds of 20 tokens a second."""
SHORT_QUESTION = Question("prose", 600, 50, 0)
RAMP_UP_S = 2.0
"""Seconds within which all users ask."""
SETTLE_S = 12
"""Seconds until the work that answers leave behind, such as asking for their cost, is done."""


@dataclass(frozen=True)
class LoadResult:
    """Result of a load test.

    `slowdown_percent` is the time of the slowest answer beyond the upstream's own, `lost_percent`
    the share of users without a complete answer, `first_token_p95_s` the delay that the app adds.
    """

    slowdown_percent: float
    lost_percent: float
    first_token_p95_s: float


def stream_to_users(app: Server, count: int) -> LoadResult:
    """Stream an answer to each of `count` users at the same time."""
    return run_in_thread(_stream_to_users(app, count))


async def _stream_to_users(app: Server, count: int) -> LoadResult:
    users = await connect_users(app, count)

    async def ask(number: int) -> None:
        await asyncio.sleep(number / count * RAMP_UP_S)
        await users[number].ask(LONG_QUESTION)

    await asyncio.gather(*map(ask, range(count)))
    slowest_s = max(user.complete_at - user.asked_at for user in users)
    lost = sum(not user.has_complete_answer(LONG_QUESTION) for user in users)
    delays = [user.first_token_at - user.asked_at - FIRST_TOKEN_DELAY_S for user in users]
    await disconnect_users(users)
    return LoadResult(
        slowdown_percent=100 * (slowest_s / (FIRST_TOKEN_DELAY_S + LONG_QUESTION.duration_s) - 1),
        lost_percent=100 * lost / count,
        first_token_p95_s=quantiles(delays, n=20)[-1],
    )


async def _chat(app: Server, count: int, turns: int) -> list[VirtualUser]:
    users = await connect_users(app, count)
    for _ in range(turns):
        await asyncio.gather(*(user.ask(SHORT_QUESTION) for user in users))
    return users


@dataclass(frozen=True)
class Resources:
    """Resources in use: streams at the upstream, threads, connections, and megabytes."""

    streams: int
    threads: int
    connections: int
    memory: float

    @classmethod
    def in_use(cls, app: Server, upstream: Server) -> Self:
        """Return what the two processes use now."""
        streams, memory = upstream.json("open-streams"), app.memory_bytes / 1e6
        return cls(streams, app.threads, app.connections, memory)

    def __sub__(self, other: Self) -> Self:
        return type(self)(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


def leaked_by_answers(app: Server, upstream: Server) -> Resources:
    """Return the resources that 200 answers, 50 of them stopped and 50 abandoned, leave in use.

    What 10 answers leave in use is subtracted. Either is measured when all users have
    disconnected and Streamlit has dropped their sessions.
    """

    async def measure() -> Resources:
        users = await _chat(app, 10, turns=1)
        before = await _in_use_after(users, app, upstream)
        users = await connect_users(app, 10)
        for _ in range(5):
            await asyncio.gather(*(user.ask(SHORT_QUESTION) for user in users))
            await asyncio.gather(*(user.ask(SHORT_QUESTION) for user in users))
            await asyncio.gather(
                *(user.ask_and_interrupt(LONG_QUESTION, user.stop) for user in users)
            )
            leaving = await connect_users(app, 10)
            await asyncio.gather(
                *(user.ask_and_interrupt(LONG_QUESTION, user.disconnect) for user in leaving)
            )
        return await _in_use_after(users, app, upstream) - before

    return run_in_thread(measure())


async def _in_use_after(users: list[VirtualUser], app: Server, upstream: Server) -> Resources:
    await disconnect_users(users)
    await asyncio.sleep(SETTLE_S)
    # A new connection makes Streamlit drop expired sessions.
    await disconnect_users(await connect_users(app, 1))
    return Resources.in_use(app, upstream)


def session_memory_kb(app: Server, count: int, turns: int = 0) -> float:
    """Return the kilobytes for each of `count` sessions with `turns` turns of chat."""

    async def measure() -> float:
        before = app.memory_bytes
        users = await _chat(app, count, turns)
        after = app.memory_bytes
        await disconnect_users(users)
        return (after - before) / count / 1000

    return run_in_thread(measure())


def closed_session_memory_kb(app: Server, count: int) -> float:
    """Return the kilobytes that each of `count` sessions leaves in use once it is closed."""

    async def measure() -> float:
        before = app.memory_bytes
        for _ in range(count // 10):
            await disconnect_users(await connect_users(app, 10))
        return (app.memory_bytes - before) / count / 1000

    return run_in_thread(measure())


def warm_up(app: Server) -> None:
    """Let some users chat, so that what an app loads for its first sessions is not measured."""

    async def chat_and_disconnect() -> None:
        for _ in range(10):
            await disconnect_users(await _chat(app, 10, turns=1))

    run_in_thread(chat_and_disconnect())
