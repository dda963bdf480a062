"""What the sandbox's models stream: chunks as OpenRouter sends them, and each way to go wrong."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from sandbox import answers
from sandbox.catalogue import STATUSES

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)
PROCESSING = b": OPENROUTER PROCESSING\n\n"
_OUTCOMES = {
    "finish-error": "error",
    "finish-length": "length",
    "finish-content_filter": "content_filter",
}
_ERROR = {"code": 502, "message": "Provider disconnected", "metadata": {"error_type": "provider"}}


class Cut(Exception):
    """The connection is to break off here, without an end."""


def route(model: str, question: str, known: set[str]) -> str:
    """Return the model that answers: `openrouter/auto` takes the one that the message names."""
    if model != "openrouter/auto":
        return model
    named = re.search(r"sandbox/[\w-]+", question)
    return named[0] if named and named[0] in known else "sandbox/hello"


class Completion:
    """One answer: `body` is the request's, `chunk_seconds` the pause between two chunks."""

    def __init__(self, model: str, question: str, prompt: str, chunk_seconds: float) -> None:
        self.model = model
        self._name = model.removeprefix("sandbox/") if model.startswith("sandbox/") else "hello"
        self._question = question
        self._pause = chunk_seconds
        self._id = f"gen-{secrets.token_hex(12)}"
        self.text = self._text()
        prompt_tokens, completion_tokens = len(prompt) // 4 + 1, len(self.text) // 4 + 1
        self.cost = (prompt_tokens + completion_tokens) * 1e-6
        self.usage = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "cost": self.cost,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }

    @property
    def failure(self) -> tuple[int, dict[str, str], dict[str, Any] | str] | None:
        """The status with which this model answers instead, if it does."""
        return STATUSES.get(self._name.removeprefix("status-"))

    @property
    def never_answers(self) -> bool:
        """Whether not even the headers come."""
        return self._name == "no-headers"

    def whole(self) -> dict[str, Any]:
        """Return the answer in one piece, as `stream: false` asks for it."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": self.text},
            "finish_reason": _OUTCOMES.get(self._name, "stop"),
        }
        return self._chunk([choice], object="chat.completion", usage=self.usage)

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the event stream. Raises `Cut` where the connection is to break off."""
        yield PROCESSING
        if self._name in ("slow-start", "silent"):
            waits = 12 if self._name == "slow-start" else 100_000
            for _ in range(waits):
                await asyncio.sleep(0.25)
                yield PROCESSING
        for delta in self._extras():
            yield self._event(delta)
            await asyncio.sleep(self._pause)
        if self._name == "split":
            async for piece in self._in_splinters():
                yield piece
        else:
            for word in self._pieces():
                yield self._event({"content": word})
                await asyncio.sleep(0.05 if self._name == "endless" else self._pause)
        async for end in self._end():
            yield end

    async def _end(self) -> AsyncGenerator[bytes]:
        match self._name:
            case "cut":
                raise Cut
            case "freeze":
                await asyncio.sleep(100_000)
            case "stream-error":
                yield _data(self._chunk([_choice({}, "error")], error=_ERROR))
                return
            case "stream-error-string":
                yield _data(self._chunk([], error={"code": "server_error", "message": "Failed"}))
                return
            case "bad-json":
                yield b'data: {"choices": [{"delta":\n\n'
        yield _data(self._chunk([_choice({}, _OUTCOMES.get(self._name, "stop"))]))
        yield _data(self._chunk([], usage=self.usage))
        if self._name != "no-done":
            yield b"data: [DONE]\n\n"

    async def _in_splinters(self) -> AsyncGenerator[bytes]:
        """Bytes that end in mid-character and mid-line, with the line ends of another system."""
        whole = b"".join(self._event({"content": piece}) for piece in self._pieces())
        whole = whole.replace(b"\n", b"\r\n")
        for start in range(0, len(whole), 7):
            yield whole[start : start + 7]
            await asyncio.sleep(0)

    def _text(self) -> str:
        match self._name:
            case "echo":
                return self._question
            case "tour":
                return answers.TOUR
            case "long":
                return answers.long()
            case "split":
                return answers.SPLIT
            case "empty":
                return ""
            case "cut" | "freeze" | "stream-error" | "stream-error-string" | "bad-json":
                return "The beginning of an answer that does not "
            case "citations":
                return "The sky is blue because of Rayleigh scattering."
            case _:
                return answers.hello(self._question)

    def _pieces(self) -> Iterator[str]:
        if self._name == "endless":
            number = 0
            while True:
                number += 1
                yield f"word {number} "
        elif self._name == "long":
            yield from (self.text[i : i + 4] for i in range(0, len(self.text), 4))
        else:
            yield from re.findall(r"\s*\S+\s?|\s+", self.text)

    def _extras(self) -> Iterator[dict[str, Any]]:
        match self._name:
            case "reasoning":
                for thought in ("First I read the question. ", "Then I weigh it. ", "Now I know."):
                    details = [{"type": "reasoning.text", "text": thought, "index": 0}]
                    yield {"reasoning": thought, "reasoning_details": details}
            case "citations":
                source = {
                    "url": "https://example.org/rayleigh",
                    "title": "Rayleigh scattering",
                    "content": "Blue light scatters more.",
                    "start_index": 0,
                    "end_index": 47,
                }
                yield {"annotations": [{"type": "url_citation", "url_citation": source}]}
            case "image":
                yield {"images": [{"type": "image_url", "image_url": {"url": PIXEL}}]}

    def _event(self, delta: dict[str, Any]) -> bytes:
        return _data(self._chunk([_choice({"role": "assistant", **delta}, None)]))

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": self.model,
            "provider": "Sandbox",
            "choices": choices,
            **more,
        }


def _choice(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _data(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()
