"""The sandbox, with answers of a size and pace that the question names; `python -m bench.upstream`.

A process of its own, so that its pace is its own. It notes when it was asked, when its first token
left and when the last byte did, in seconds since the epoch: the browser has the same clock.
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

from bench import texts
from sandbox.completions import question_in
from sandbox.keys import Key
from sandbox.server import Sandbox

KEY = "sk-or-v1-" + "b" * 64
THOUGHT = 0.3
"""Seconds before the first token, as of a quick model: the page has shown the question by then."""


@dataclass(frozen=True)
class Question:
    """Which answer is wanted: `size` characters, `chunk` at a time, `pause` milliseconds apart."""

    kind: str
    size: int
    chunk: int = 4
    pause: float = 5

    def __str__(self) -> str:
        """Return it as what a person would send."""
        return f"{self.kind} {self.size} {self.chunk} {self.pause:g}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `str` returned."""
        kind, size, chunk, pause = text.split()
        return cls(kind, int(size), int(chunk), float(pause))

    @property
    def text(self) -> str:
        """The answer."""
        return texts.answer(self.kind, self.size)

    @property
    def seconds(self) -> float:
        """How long the answer takes at its pace."""
        return len(self.text) / self.chunk * self.pause / 1000


_notes: list[dict[str, float]] = []
_open: set[int] = set()


async def _chat(request: Request) -> Response:
    note = {"arrived": time.time()}
    _notes.append(note)
    question = Question.read(question_in((await request.json())["messages"]))
    deltas = [
        _event([_choice({"content": c})]) for c in texts.chunks(question.text, question.chunk)
    ]
    usage = {"prompt_tokens": 1, "completion_tokens": len(deltas), "cost": 0.0}
    last = _event([_choice({}, "stop")]) + _event([], usage=usage) + b"data: [DONE]\n\n"

    async def paced() -> AsyncIterator[bytes]:
        _open.add(id(note))
        try:
            await asyncio.sleep(THOUGHT)
            began = time.monotonic()
            note["first"] = time.time()
            for number, delta in enumerate(deltas):
                due = began + number * question.pause / 1000
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                yield delta
            note["ended"] = time.time()
            yield last
        finally:
            _open.remove(id(note))

    # No charset: a client has to know that an event stream is UTF-8.
    return StreamingResponse(paced(), headers={"content-type": "text/event-stream"})


def _choice(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}


def _event(choices: list[dict[str, Any]], **more: Any) -> bytes:
    body = {"id": "gen-bench", "object": "chat.completion.chunk", "created": int(time.time())}
    body |= {"model": "bench/model", "provider": "Bench", "choices": choices, **more}
    return f"data: {json.dumps(body)}\n\n".encode()


async def _last_note(_: Request) -> Response:
    return JSONResponse(_notes[-1])


async def _open_streams(_: Request) -> Response:
    return JSONResponse(len(_open))


def app() -> Starlette:
    """Return the sandbox with this chat in the place of its own."""
    sandbox = Sandbox()
    sandbox.keys[KEY] = Key("bench")
    return Starlette(
        routes=[
            Route("/api/v1/chat/completions", _chat, methods=["POST"]),
            Route("/last-note", _last_note),
            Route("/open-streams", _open_streams),
            Mount("/", sandbox.app),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
