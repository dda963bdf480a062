"""The sandbox, with answers whose size and speed the question gives: `python -m bench.upstream`.

It runs in a process of its own, so that the app does not slow it down. It records when a request
arrived and when the first token and the last byte were sent, in seconds since the epoch, which
the browser's clock gives as well.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from bench import workload
from sandbox.completions import last_question
from sandbox.keys import Key
from sandbox.server import Sandbox

KEY = "sk-or-v1-" + "b" * 64
FIRST_TOKEN_DELAY_S = 0.3
"""Seconds before the first token, as of a fast model; by then the page shows the question."""


@dataclass(frozen=True)
class Question:
    """Describes the answer to send: `size` characters, `chunk_size` of them every `interval_ms`."""

    kind: str
    size: int
    chunk_size: int = 4
    interval_ms: float = 5

    def __str__(self) -> str:
        """Return the text of the question."""
        return f"{self.kind} {self.size} {self.chunk_size} {self.interval_ms:g}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text that `str` returns."""
        kind, size, chunk_size, interval_ms = text.split()
        return cls(kind, int(size), int(chunk_size), float(interval_ms))

    @property
    def answer(self) -> str:
        """The text of the answer."""
        return workload.answer(self.kind, self.size)

    @property
    def duration_s(self) -> float:
        """How long the upstream takes to send the answer, in seconds."""
        return len(self.answer) / self.chunk_size * self.interval_ms / 1000


_timings: list[dict[str, float]] = []
_streaming: set[int] = set()


async def _chat(request: Request) -> Response:
    timing = {"arrived_at": time.time()}
    _timings.append(timing)
    question = Question.parse(last_question((await request.json())["messages"]))
    deltas = [
        _event([_choice({"content": c})])
        for c in workload.split(question.answer, question.chunk_size)
    ]
    usage = {"prompt_tokens": 1, "completion_tokens": len(deltas), "cost": 0.0}
    last = _event([_choice({}, "stop")]) + _event([], usage=usage) + b"data: [DONE]\n\n"

    async def events() -> AsyncIterator[bytes]:
        _streaming.add(id(timing))
        try:
            await asyncio.sleep(FIRST_TOKEN_DELAY_S)
            started = time.monotonic()
            timing["first_token_at"] = time.time()
            for number, delta in enumerate(deltas):
                due = started + number * question.interval_ms / 1000
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                yield delta
            timing["ended_at"] = time.time()
            yield last
        finally:
            _streaming.remove(id(timing))

    # Without a charset, as an event stream is always UTF-8.
    return StreamingResponse(events(), headers={"content-type": "text/event-stream"})


def _choice(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}


def _event(choices: list[dict[str, Any]], **more: Any) -> bytes:
    body = {"id": "gen-bench", "object": "chat.completion.chunk", "created": int(time.time())}
    body |= {"model": "bench/model", "provider": "Bench", "choices": choices, **more}
    return f"data: {json.dumps(body)}\n\n".encode()


async def _last_timing(_: Request) -> Response:
    return JSONResponse(_timings[-1])


async def _open_streams(_: Request) -> Response:
    return JSONResponse(len(_streaming))


def app() -> Starlette:
    """Return the sandbox with its chat endpoint replaced."""
    sandbox = Sandbox()
    sandbox.keys[KEY] = Key("bench")
    return Starlette(
        routes=[
            Route("/api/v1/chat/completions", _chat, methods=["POST"]),
            Route("/last-timing", _last_timing),
            Route("/open-streams", _open_streams),
            Mount("/", sandbox.app),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
