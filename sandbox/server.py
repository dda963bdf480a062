"""The sandbox's server: consent, exchange, key, models and chat, over real HTTP."""

import asyncio
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import consent, exchange
from sandbox.attached import INPUTS, Malformed, describe, parts_of
from sandbox.catalogue import models
from sandbox.completions import Completion, question_in, route
from sandbox.exchange import Code, Exchange
from sandbox.keys import Key
from sandbox.replies import error, html, json_body, refuse_path_or_method
from sandbox.streaming import Answer


class Sandbox:
    """The state of one sandbox: all that it gave out and all that it was asked.

    `chunk_seconds` is the pause between two chunks of an answer, `clock` tells the time in
    seconds; `retry_after` is what each failed chat request says, in seconds, if it is not None.
    `completions` holds each chat request as `{"body", "headers"}`; `open_streams` counts
    those that are being answered.
    """

    def __init__(
        self,
        *,
        chunk_seconds: float = 0.015,
        clock: Callable[[], float] = time.time,
        retry_after: int | None = None,
    ) -> None:
        self.codes: dict[str, Code] = {}
        self.keys: dict[str, Key] = {}
        self.exchanges: list[Exchange] = []
        self.completions: list[dict[str, Any]] = []
        self.open_streams = 0
        self._asked: Counter[str] = Counter()
        self._generations: dict[str, Completion] = {}
        self._chunk_seconds = chunk_seconds
        self._clock = clock
        self.retry_after = retry_after
        self._models = models()
        self._known = {m["id"]: m["architecture"]["input_modalities"] for m in self._models}
        self.app = Starlette(
            routes=[
                Route("/auth", self._consent, methods=["GET"]),
                Route("/auth", self._decide, methods=["POST"]),
                Route("/api/v1/auth/keys", self._exchange, methods=["POST"]),
                Route("/api/v1/key", self._key),
                Route("/api/v1/models", self._list_models),
                Route("/api/v1/models/count", self._count_models),
                Route("/api/v1/generation", self._generation),
                Route("/api/v1/chat/completions", self._chat, methods=["POST"]),
            ],
            exception_handlers={HTTPException: refuse_path_or_method},
        )

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serve on 127.0.0.1 in a thread, and yield the base URL; port 0 takes a free one."""
        config = uvicorn.Config(
            self.app,
            host="127.0.0.1",
            port=port,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
            lifespan="off",
        )
        server = uvicorn.Server(config)
        with config.bind_socket() as listener:
            listener.listen()  # whoever comes before the thread is ready waits in the queue
            thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = server.force_exit = True
                thread.join(timeout=10)

    async def _consent(self, request: Request) -> Response:
        query = dict(request.query_params)
        sentence = consent.refusal(query)
        if sentence:
            return html(consent.notice_page("This request is not valid", sentence), 400)
        return html(consent.consent_page(query))

    async def _decide(self, request: Request) -> Response:
        async with request.form() as form:
            query = {name: str(value) for name, value in form.items()}
        sentence = consent.refusal(query)
        if sentence:
            return html(consent.notice_page("This request is not valid", sentence), 400)
        callback_url, state_return = query.get("callback_url"), query.get("state_return", "query")
        if query.get("decision") == "deny":
            if callback_url is None:
                return html(consent.notice_page("Denied", "The app gets no key."))
            answer = {"error": "access_denied", "error_description": "The user denied the request"}
            return RedirectResponse(consent.way_back(callback_url, state_return, **answer), 303)
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(
            challenge=query.get("code_challenge"),
            method=query.get("code_challenge_method"),
            limit=consent.dollars(query.get("limit", "")),
            label=query.get("key_label", ""),
            exchange=query.get("exchange", "success"),
            issued_at=self._clock(),
        )
        if callback_url is None:
            return html(consent.code_page(code))
        return RedirectResponse(consent.way_back(callback_url, state_return, code=code), 303)

    async def _exchange(self, request: Request) -> Response:
        asked = Exchange(await json_body(request))
        self.exchanges.append(asked)
        response = await self._answer_exchange(asked)
        asked.status = response.status_code
        return response

    async def _answer_exchange(self, asked: Exchange) -> Response:
        if asked.code_challenge_method not in ("S256", "plain", None):
            return error(400, "Invalid code_challenge_method")
        code = self.codes.pop(str(asked.code), None)
        if code is None:
            return exchange.invalid()
        refusal = exchange.refusal(code, asked, self._clock())
        if refusal:
            return refusal
        if code.exchange == "slow":
            await asyncio.sleep(12)
        secret = f"sk-or-v1-{secrets.token_hex(32)}"
        self.keys[secret] = Key(code.label, code.limit)
        return JSONResponse({"key": secret, "user_id": "user_sandbox"})

    def _key_of(self, request: Request) -> Key | None:
        key = self.keys.get(_bearer(request))
        return key if key and not key.revoked else None

    async def _key(self, request: Request) -> Response:
        key = self._key_of(request)
        if key is None:
            return error(401, "User not found.")
        return JSONResponse({"data": key.data(_bearer(request))})

    async def _list_models(self, request: Request) -> Response:
        count = len(self._models)
        return JSONResponse({"data": self._models, "total_count": count, "links": {"next": None}})

    async def _count_models(self, request: Request) -> Response:
        wanted = set(request.query_params.get("output_modalities", "text").split(","))
        outputs = [model["architecture"]["output_modalities"] for model in self._models]
        count = sum("all" in wanted or not wanted.isdisjoint(each) for each in outputs)
        return JSONResponse({"data": {"count": count}})

    async def _generation(self, request: Request) -> Response:
        if self._key_of(request) is None:
            return error(401, "User not found.")
        completion = self._generations.get(request.query_params.get("id", ""))
        record = completion.record() if completion else None
        return JSONResponse({"data": record}) if record else error(404, "Resource not found")

    async def _chat(self, request: Request) -> Response:
        key = self._key_of(request)
        if key is None:
            return error(401, "User not found.")
        body = await json_body(request)
        names = ("http-referer", "x-openrouter-title")
        headers = {name: request.headers.get(name) for name in names}
        self.completions.append({"body": body, "headers": headers})
        if key.is_spent:
            return error(403, "Key limit exceeded (total limit).")
        return self._answer_chat(body, key)

    def _answer_chat(self, body: dict[str, Any], key: Key) -> Response:
        """Return the first of the asked-for models' answers that is none of an error status."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            return error(400, "messages: at least one is required")
        try:
            needed = {INPUTS.get(part["type"]) for part in parts_of(messages) if describe(part)}
        except Malformed:
            return error(400, "Invalid input: messages")
        failed = error(400, "No models provided")
        for model in filter(None, (body.get("model"), *(body.get("models") or ()))):
            if str(model) not in self._known:
                failed = error(400, f"{model} is not a valid model ID")
                continue
            missing = needed - {None, *self._known[model]}
            if missing:
                failed = error(404, f"No endpoints found that support {missing.pop()} input")
                continue
            model = route(model, question_in(messages), set(self._known))
            completion = Completion(model, body, key, self._chunk_seconds)
            self._asked[model] += 1
            failure = completion.failure(self._asked[model])
            if failure is None:
                self._generations[completion.id] = completion
                return Answer(completion, self, streams=body.get("stream") is True)
            status, more, refusal = failure
            if self.retry_after is not None:
                more = {**more, "Retry-After": str(self.retry_after)}
            if isinstance(refusal, str):
                failed = HTMLResponse(refusal, status, more)
            else:
                failed = JSONResponse({"error": refusal}, status, more)
        return failed


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")
