"""Chat completions: chunks as OpenRouter sends them, and each kind of failure."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox import answers, shapes, tokens
from sandbox.content_parts import content_parts, describe
from sandbox.keys import Key
from sandbox.models import MAX_COMPLETION_TOKENS, price
from sandbox.statuses import AFFORDABLE_TOKENS, STATUSES, TEMPORARY, Status

PROCESSING = b": OPENROUTER PROCESSING\n\n"
_OUTCOMES = {
    "finish-error": "error",
    "finish-content_filter": "content_filter",
}
_ERROR = {
    "code": 502,
    "message": "Provider disconnected",
    "metadata": {"error_type": "provider_unavailable"},
}


_NULL_FIELDS = (
    *("upstream_id", "cache_discount", "upstream_inference_cost", "app_id", "cancelled", "latency"),
    *("moderation_latency", "generation_time", "finish_reason", "service_tier", "api_type"),
    *("native_tokens_completion_images", "native_tokens_cached"),
    *("num_media_prompt", "num_input_audio_prompt", "num_media_completion", "num_search_results"),
    *("num_fetches", "web_search_engine", "native_finish_reason", "external_user", "preset_id"),
    *("router", "provider_responses", "user_agent", "http_referer", "workspace_id"),
)
"""Further fields of OpenRouter's record of a generation; null here."""


class ConnectionCut(Exception):
    """The connection has to be closed here, in the middle of the body."""


def select_model(model: str, question: str, known: set[str]) -> str:
    """Return the model that answers: for `openrouter/auto`, the one named in the question."""
    if model != "openrouter/auto":
        return model
    named = re.search(r"sandbox/[\w-]+", question)
    return named[0] if named and named[0] in known else "sandbox/hello"


def last_question(messages: list[Any]) -> str:
    """Return the text of the user's last message that does not only ask to continue."""
    if cut_answer(messages):
        messages = messages[:-2]
    questions = [m for m in messages if isinstance(m, dict) and m.get("role") == "user"]
    return _text_of(questions[-1]) if questions else ""


def cut_answer(messages: list[Any]) -> str:
    """Return the text of the last answer, if the user asks to continue it."""
    last = [_text_of(message) for message in messages[-2:]]
    asks = len(messages) > 2 and re.search(r"\bcontinue\b", last[1], re.IGNORECASE)
    return last[0] if asks and "sandbox/" not in last[1] else ""


def last_files(messages: list[Any]) -> list[str]:
    """Return descriptions of the files attached to the user's last message."""
    questions = [m for m in messages if isinstance(m, dict) and m.get("role") == "user"]
    return [text for part in content_parts(questions[-1:]) if (text := describe(part))]


class Completion:
    """The answer to the request `body`, charged to `key`, with `chunk_seconds` between chunks."""

    def __init__(self, model: str, body: dict[str, Any], key: Key, chunk_seconds: float) -> None:
        messages = body["messages"]
        self._model = model
        self._key = key
        self._name = model.removeprefix("sandbox/") if model.startswith("sandbox/") else "hello"
        pauses = {"long": chunk_seconds / 3, "split": chunk_seconds / 10, "endless": 0.05}
        self._pause = pauses.get(self._name, chunk_seconds)
        self.id = f"gen-{secrets.token_hex(12)}"
        self._sent = ""
        self._usage: dict[str, Any] | None = None
        if self._name == "request":
            self._text = answers.request(body)
        else:
            self._text = answers.text(self._name, last_question(messages), last_files(messages))
        self._continued = cut_answer(messages)
        if self._name == "finish-length":
            half = len(self._text) // 2
            is_second = self._text[:half] == self._continued
            self._text = self._text[half:] if is_second else self._text[:half]
            self._outcome = "stop" if is_second else "length"
        else:
            self._outcome = _OUTCOMES.get(self._name, "stop")
        self._raw_text = (shapes.THINKING if self._name == "think" else "") + self._text
        self._extras = self._extra_deltas(messages)
        self._max_tokens = body.get("max_completion_tokens") or body.get("max_tokens")
        self.routing: dict[str, Any] = {}
        self._streams = body.get("stream") is True
        self._created_at = datetime.now(UTC).isoformat()
        counts = [tokens.count_message(message) for message in messages]
        self._prompt_tokens = sum(counts)
        self._cached_tokens = sum(counts[:-1]) if "cache_control" in body else 0
        self._images = tokens.count_images(messages)

    def failure(self, number: int) -> Status | None:
        """Return the failure with which this model responds to its `number`th request, if any."""
        if self._name in TEMPORARY:
            failure, times = TEMPORARY[self._name]
            return failure if number % (times + 1) else None
        if self._name == "status-402-max-tokens" and self._max_tokens in range(
            1, AFFORDABLE_TOKENS + 1
        ):
            return None
        return STATUSES.get(self._name.removeprefix("status-"))

    @property
    def never_responds(self) -> bool:
        """Whether not even headers are sent."""
        return self._name == "no-headers"

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the event stream. Raises `ConnectionCut` where the connection has to be closed."""
        yield PROCESSING
        if self._name in ("slow-start", "silent"):
            ends_at = time.monotonic() + (3 if self._name == "slow-start" else float("inf"))
            while time.monotonic() < ends_at:
                await asyncio.sleep(0.25)
                yield PROCESSING
        if error := shapes.error_stream(self._name):
            yield error
            return
        if chunk_error := shapes.chunk_error(self._name):
            yield _data(self._chunk([], error=chunk_error))
            return
        for extra in self._extras:
            yield self._event(extra)
            await asyncio.sleep(self._pause)
        events = (
            self._event(shapes.text_delta(self._name, self._record_sent(piece)))
            for piece in self._pieces()
        )
        for chunk in _split_bytes(events) if self._name == "split" else events:
            yield chunk
            await asyncio.sleep(self._pause)
        match self._name:
            case "cut":
                raise ConnectionCut
            case "freeze":
                await asyncio.Event().wait()
            case "stream-error":
                yield _data(self._chunk([_choice({}, "error")], error=_ERROR))
                return
            case "stream-error-string":
                yield _data(self._chunk([], error={"code": "server_error", "message": "Failed"}))
                return
            case "bad-json":
                yield b'data: {"choices": [{"delta":\n\n'
            case "no-empty-line":
                last = self._chunk([_choice({}, "stop")], usage=self._charge(self._text))
                yield _data(last).removesuffix(b"\n")
                return
        finish = _choice({}, self._outcome)
        if self._name == "whole-message":
            finish["message"] = self._message()
        if self._name != "no-finish":
            yield _data(self._chunk([finish]))
        yield _data(self._chunk([], usage=self._charge(self._text), **self.routing))
        if self._name != "no-done":
            yield b"data: [DONE]\n\n"

    async def body(self) -> AsyncGenerator[bytes]:
        """Yield the answer as one JSON body. Raises `ConnectionCut` as `stream` does."""
        if self._name in ("silent", "freeze", "endless"):
            await asyncio.Event().wait()
        if self._name == "cut":
            yield b'{"id": "gen-'
            raise ConnectionCut
        if error := shapes.chunk_error(self._name):
            yield json.dumps({"error": error}).encode()
            return
        choice: dict[str, Any] = {"index": 0, "message": self._message()}
        more: dict[str, Any] = {"object": "chat.completion", "system_fingerprint": None}
        if self._name.startswith("stream-error"):
            choice |= {"finish_reason": "error", "error": _ERROR}
        else:
            choice["finish_reason"] = self._outcome
            more |= {"usage": self._charge(self._text), **self.routing}
        content = json.dumps(self._chunk([choice], **more), ensure_ascii=False).encode()
        yield content[:100] if self._name == "bad-json" else content

    def _message(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant"}
        for delta in (*self._extras, shapes.text_delta(self._name, self._raw_text)):
            for name, value in delta.items():
                message[name] = message[name] + value if message.get(name) else value
        return message

    def _extra_deltas(self, messages: list[Any]) -> list[dict[str, Any]]:
        """Return the deltas without text, which precede the text."""
        extras = [*shapes.reasoning_deltas(self._name), *shapes.image_deltas(self._name)]
        if self._name == "citations":
            extras.append(answers.citation_delta())
        if self._name == "file-annotations":
            files = enumerate(last_files(messages))
            extras.append({"annotations": [shapes.file_annotation(*file) for file in files]})
        return extras

    def end(self) -> None:
        """Charge for the text sent so far, if the answer was not completed; forget all texts."""
        if self._usage is None:
            self._charge(self._sent)
        self._text = self._raw_text = self._sent = self._continued = ""
        self._extras = []

    def record(self) -> dict[str, Any] | None:
        """Return the record of `GET /api/v1/generation`, None until the answer has ended."""
        if self._usage is None:
            return None
        cost = self._usage["cost"]
        return {
            **dict.fromkeys(_NULL_FIELDS),
            "id": self.id,
            "created_at": self._created_at,
            "model": self._model,
            "provider_name": "Sandbox",
            "origin": "",
            "data_region": "global",
            "is_byok": self._name == "byok",
            "streamed": self._streams,
            "tokens_prompt": self._usage["prompt_tokens"],
            "tokens_completion": self._usage["completion_tokens"],
            "native_tokens_prompt": self._usage["prompt_tokens"],
            "native_tokens_completion": self._usage["completion_tokens"],
            "native_tokens_reasoning": self._usage["completion_tokens_details"]["reasoning_tokens"],
            "total_cost": cost,
            "usage": cost,
            "upstream_inference_cost": self._usage.get("cost_details", {}).get(
                "upstream_inference_cost"
            ),
        }

    def _charge(self, text: str) -> dict[str, Any]:
        """Add the cost of a text to the key's usage, and return the `usage` of the answer."""
        reasoning_tokens = len(list(shapes.reasoning_deltas(self._name))) * 8
        most = self._max_tokens or MAX_COMPLETION_TOKENS
        completion_tokens = min(tokens.count_text(text) + 1 + reasoning_tokens, most)
        total_tokens = self._prompt_tokens + completion_tokens
        cost = (
            (self._prompt_tokens - self._cached_tokens) * price(self._model, "prompt")
            + self._cached_tokens * price(self._model, "input_cache_read")
            + completion_tokens * price(self._model, "completion")
            + self._images * price(self._model, "image")
            + price(self._model, "request")
        )
        self._key.usage += 0.0 if self._name == "byok" else cost
        self._usage = {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": total_tokens,
            "cost": cost,
            "prompt_tokens_details": {"cached_tokens": self._cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
            **(shapes.BYOK if self._name == "byok" else {}),
        }
        return self._usage

    def _pieces(self) -> Iterator[str]:
        match self._name:
            case "endless":
                number = self._continued.count("word ")
                while True:
                    number += 1
                    yield f"word {number} "
            case "long":
                yield from (self._text[i : i + 4] for i in range(0, len(self._text), 4))
            case _:
                yield from re.findall(r"\s*\S+\s?|\s+", self._raw_text)

    def _record_sent(self, piece: str) -> str:
        self._sent += piece
        return piece

    def _event(self, delta: dict[str, Any]) -> bytes:
        return _data(self._chunk([_choice({"role": "assistant", **delta}, None)]))

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": self._model,
            "provider": "Sandbox",
            "choices": choices,
            **more,
        }


def _split_bytes(events: Iterator[bytes]) -> Iterator[bytes]:
    """Yield chunks that end inside characters and lines; every other event has CR LF line ends."""
    stream = b"".join(
        event.replace(b"\n", b"\r\n") if number % 2 == 0 else event
        for number, event in enumerate(events)
    )
    return (stream[start : start + 7] for start in range(0, len(stream), 7))


def _text_of(message: Any) -> str:
    """Return the text of a message whose content is a string or a list of parts."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(p["text"]) for p in parts if isinstance(p, dict) and "text" in p)


def _choice(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _data(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()
