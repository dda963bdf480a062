"""The sandbox's HTTP server: consent, exchange, key, models and chat."""

import asyncio
import math
import secrets
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
from cachetools import TTLCache
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import consent, exchange
from sandbox.completions import Completion, last_question, select_model
from sandbox.content_parts import INPUT_MODALITIES, InvalidPart, content_parts, describe
from sandbox.exchange import Code, Exchange
from sandbox.keys import Key, new_key
from sandbox.limits import UNLIMITED, Limits
from sandbox.models import (
    entry_of,
    is_listed_for_users,
    models,
    providers,
    refusal,
    resolve,
    zdr_endpoints,
)
from sandbox.responses import error, html, json_body, not_found
from sandbox.routing import routing
from sandbox.streaming import CompletionResponse

T = TypeVar("T")


class Sandbox:
    """The state of one sandbox: the codes and keys it has issued, the requests it has received.

    `chunk_seconds` is the pause between two chunks of an answer, `clock` returns the time in
    seconds; `retry_after`, unless None, is the `Retry-After` of each failed chat request in
    seconds; `limits` bound what strangers may use. `completions` has each chat request as `{"body", "headers"}`; `open_streams` is the
    number of those whose responses are being sent.
    """

    def __init__(
        self,
        *,
        chunk_seconds: float = 0.015,
        clock: Callable[[], float] = time.time,
        retry_after: int | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        self._limits = limits
        self.codes: TTLCache[str, Code] = TTLCache(limits.sign_ins, limits.lifetime_s, clock)
        self.keys: TTLCache[str, Key] = TTLCache(limits.sign_ins, limits.lifetime_s, clock)
        self._visitors: TTLCache[str, str] = TTLCache(limits.sign_ins, limits.lifetime_s, clock)
        self._generations: TTLCache[str, Completion] = TTLCache(
            limits.answers, limits.lifetime_s, clock
        )
        self.exchanges: deque[Exchange] = deque(maxlen=limits.recorded)
        self.completions: deque[dict[str, Any]] = deque(maxlen=limits.recorded)
        self.open_streams = 0
        self._request_counts: Counter[str] = Counter()
        self._chunk_seconds = chunk_seconds
        self._clock = clock
        self._reading = asyncio.Semaphore(8)  # bodies that are in memory at once
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
                Route("/api/v1/models/user", self._list_user_models),
                Route("/api/v1/model/{author}/{slug}", self._get_model),
                Route("/api/v1/endpoints/zdr", self._list_zdr_endpoints),
                Route("/api/v1/providers", self._list_providers),
                Route("/api/v1/generation", self._generation),
                Route("/api/v1/chat/completions", self._chat, methods=["POST"]),
            ],
            exception_handlers={HTTPException: not_found},
        )

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serve on 127.0.0.1 in a thread, and yield the base URL; port 0 takes a free one.

        Raises `OSError` if the port is taken, or the machine has none left.
        """
        config = uvicorn.Config(
            self.app,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
            lifespan="off",
        )
        server = uvicorn.Server(config)
        # Connections made before the thread is ready are queued.
        with socket.create_server(("127.0.0.1", port), backlog=config.backlog) as listener:
            thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = server.force_exit = True
                thread.join(timeout=10)

    def _hold(self, held: TTLCache[str, T], name: str, value: T) -> None:
        """Hold a value for the lifetime: a cache by itself drops what is old at its next use."""
        held[name] = value
        if math.isfinite(self._limits.lifetime_s):
            asyncio.get_running_loop().call_later(self._limits.lifetime_s + 0.1, held.expire)

    async def _consent(self, request: Request) -> Response:
        query = dict(request.query_params)
        sentence = consent.validation_error(query)
        if sentence:
            return html(consent.notice_page("This request is not valid", sentence), 400)
        return html(consent.consent_page(query))

    async def _decide(self, request: Request) -> Response:
        async with request.form() as form:
            query = {name: str(value) for name, value in form.items()}
        sentence = consent.validation_error(query)
        if sentence:
            return html(consent.notice_page("This request is not valid", sentence), 400)
        callback_url, state_return = query.get("callback_url"), query.get("state_return", "query")
        if query.get("decision") == "deny":
            if callback_url is None:
                return html(consent.notice_page("Denied", "The app gets no key."))
            denied = {"error": "access_denied", "error_description": "The user denied the request"}
            return RedirectResponse(consent.redirect_url(callback_url, state_return, **denied), 303)
        code = secrets.token_urlsafe(24)
        visitor = request.headers.get("x-forwarded-for", "")
        begun = list(self._visitors.values())
        if (
            len(begun) >= self._limits.sign_ins
            or begun.count(visitor) >= self._limits.sign_ins_per_visitor
        ):
            return html(consent.notice_page("Too many sign-ins", "Please try again later."), 429)
        issued = Code(
            challenge=query.get("code_challenge"),
            method=query.get("code_challenge_method"),
            limit=consent.parse_usd(query.get("limit", "")),
            label=query.get("key_label", ""),
            exchange=query.get("exchange", "success"),
            issued_at=self._clock(),
            key=query.get("key", "asked"),
        )
        self._hold(self._visitors, code, visitor)
        self._hold(self.codes, code, issued)
        if callback_url is None:
            return html(consent.code_page(code))
        return RedirectResponse(consent.redirect_url(callback_url, state_return, code=code), 303)

    async def _exchange(self, request: Request) -> Response:
        received = Exchange(await json_body(request))
        self.exchanges.append(received)
        response = await self._exchange_response(received)
        received.status = response.status_code
        return response

    async def _exchange_response(self, received: Exchange) -> Response:
        if received.code_challenge_method not in ("S256", "plain", None):
            return error(400, "Invalid code_challenge_method")
        code = self.codes.pop(str(received.code), None)
        if code is None:
            return exchange.invalid_code()
        failed = exchange.failure(code, received, self._clock())
        if failed:
            return failed
        if code.exchange == "slow":
            await asyncio.sleep(12)
        secret = f"sk-or-v1-{secrets.token_hex(32)}"
        self._hold(self.keys, secret, new_key(code.key, code.label, code.limit))
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
        return _page(self._with_outputs(request))

    async def _count_models(self, request: Request) -> Response:
        return JSONResponse({"data": {"count": len(self._with_outputs(request))}})

    def _with_outputs(self, request: Request) -> list[dict[str, Any]]:
        """Return the models with one of the requested outputs."""
        wanted = set(request.query_params.get("output_modalities", "text").split(","))
        return [
            model
            for model in self._models
            if "all" in wanted or wanted.intersection(model["architecture"]["output_modalities"])
        ]

    async def _list_user_models(self, request: Request) -> Response:
        if self._key_of(request) is None:
            return error(401, "User not found.")
        return _page(list(filter(is_listed_for_users, self._models)))

    async def _get_model(self, request: Request) -> Response:
        name = "{author}/{slug}".format(**request.path_params)
        entry = entry_of(name, self._models)
        return JSONResponse({"data": entry}) if entry else error(404, "Resource not found")

    async def _list_zdr_endpoints(self, request: Request) -> Response:
        return JSONResponse({"data": zdr_endpoints(self._models)})

    async def _list_providers(self, request: Request) -> Response:
        return JSONResponse({"data": providers()})

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
        if (
            self.open_streams >= self._limits.streams
            or key.open_streams >= self._limits.streams_per_key
        ):
            return error(429, "Rate limit exceeded: too many answers at once", {"Retry-After": "3"})
        async with self._reading:
            body = await json_body(request, self._limits.body_bytes)
        names = ("http-referer", "x-openrouter-title")
        headers = {name: request.headers.get(name) for name in names}
        self.completions.append({"body": body, "headers": headers})
        shows_routing = request.headers.get("x-openrouter-metadata") == "enabled"
        if key.is_spent:
            return error(403, "Key limit exceeded (total limit).")
        return self._chat_response(body, key, shows_routing=shows_routing)

    def _chat_response(self, body: dict[str, Any], key: Key, *, shows_routing: bool) -> Response:
        """Return the response of the first requested model that does not fail."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            return error(400, "messages: at least one is required")
        try:
            needed = {
                INPUT_MODALITIES.get(part["type"])
                for part in content_parts(messages)
                if describe(part)
            }
        except InvalidPart:
            return error(400, "Invalid input: messages")
        failed = error(400, "No models provided")
        failures: list[tuple[str, int]] = []
        for requested in filter(None, (body.get("model"), *(body.get("models") or ()))):
            model = resolve(str(requested))
            if model not in self._known:
                failed = error(400, f"{requested} is not a valid model ID")
                continue
            if sentence := refusal(model, body.get("provider") or {}):
                failed = error(404, sentence)
                continue
            missing = needed - {None, *self._known[model]}
            if missing:
                failed = error(404, f"No endpoints found that support {missing.pop()} input")
                continue
            model = select_model(model, last_question(messages), set(self._known))
            completion = Completion(model, body, key, self._chunk_seconds)
            self._request_counts[model] += 1
            failure = completion.failure(self._request_counts[model])
            if failure is None:
                if shows_routing:
                    completion.routing = routing(str(body.get("model")), model, failures)
                if model.endswith(":free"):
                    key.free_requests_used += 1
                self._hold(self._generations, completion.id, completion)
                streams = body.get("stream") is True
                timeout = self._limits.stream_s
                return CompletionResponse(completion, self, key, streams=streams, timeout=timeout)
            status, headers, error_body = failure
            failures.append((model, status))
            if self.retry_after is not None:
                headers = {**headers, "Retry-After": str(self.retry_after)}
            if isinstance(error_body, str):
                failed = HTMLResponse(error_body, status, headers)
            else:
                failed = JSONResponse({"error": error_body}, status, headers)
        return failed


def _page(listed: list[dict[str, Any]]) -> Response:
    """Return all models on one page."""
    return JSONResponse({"data": listed, "total_count": len(listed), "links": {"next": None}})


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")
