"""The sandbox's server: consent, exchange, key, models and chat, over real HTTP."""

import asyncio
import base64
import hashlib
import secrets
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox import consent
from sandbox.catalogue import models
from sandbox.completions import Completion, Cut, route

CODE_SECONDS = 600


@dataclass
class Code:
    """An authorization code that was given out, and what is to come of it."""

    challenge: str | None
    method: str | None
    limit: float | None
    label: str
    exchange: str
    issued_at: float


@dataclass
class Key:
    """An API key that was given out; amounts in USD."""

    name: str
    limit: float | None = None
    usage: float = 0.0
    revoked: bool = False


@dataclass
class Exchange:
    """One request to the exchange, and the status it got: 0 until it is answered."""

    body: dict[str, Any]
    status: int = 0


class Sandbox:
    """The state of one sandbox: all that it gave out and all that it was asked."""

    def __init__(
        self, *, chunk_seconds: float = 0.015, clock: Callable[[], float] = time.time
    ) -> None:
        self.codes: dict[str, Code] = {}
        self.keys: dict[str, Key] = {}
        self.exchanges: list[Exchange] = []
        self.completions: list[dict[str, Any]] = []
        self.open_streams = 0
        self._chunk_seconds = chunk_seconds
        self._clock = clock
        self._models = models()
        self._known = {model["id"] for model in self._models}
        self.app = Starlette(
            routes=[
                Route("/auth", self._consent, methods=["GET"]),
                Route("/auth", self._decide, methods=["POST"]),
                Route("/api/v1/auth/keys", self._exchange, methods=["POST"]),
                Route("/api/v1/key", self._key),
                Route("/api/v1/models", self._list_models),
                Route("/api/v1/chat/completions", self._chat, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _error_page},
        )

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serve on 127.0.0.1 in a thread, and yield the base URL."""
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
        listener = config.bind_socket()
        listener.listen()  # from here on a request waits for the server, and is not refused
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(timeout=10)
            listener.close()

    async def _consent(self, request: Request) -> Response:
        query = dict(request.query_params)
        sentence = consent.refusal(query)
        if sentence:
            return _html(consent.refusal_page(sentence), 400)
        return _html(consent.consent_page(query))

    async def _decide(self, request: Request) -> Response:
        async with request.form() as form:
            query = {name: str(value) for name, value in form.items()}
        sentence = consent.refusal(query)
        if sentence:
            return _html(consent.refusal_page(sentence), 400)
        callback_url, state_return = query.get("callback_url"), query.get("state_return", "query")
        if query.get("decision") == "deny":
            if callback_url is None:
                return _html(consent.refusal_page("You denied the request."))
            answer = {"error": "access_denied", "error_description": "The user denied the request"}
            return RedirectResponse(consent.way_back(callback_url, state_return, **answer), 303)
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(
            challenge=query.get("code_challenge"),
            method=query.get("code_challenge_method"),
            limit=_amount(query.get("limit", "")),
            label=query.get("key_label", ""),
            exchange=query.get("exchange", "success"),
            issued_at=self._clock(),
        )
        if callback_url is None:
            return _html(consent.code_page(code))
        return RedirectResponse(consent.way_back(callback_url, state_return, code=code), 303)

    async def _exchange(self, request: Request) -> Response:
        body = await _json(request)
        exchange = Exchange(body)
        self.exchanges.append(exchange)
        response = await self._answer_exchange(body)
        exchange.status = response.status_code
        return response

    async def _answer_exchange(self, body: dict[str, Any]) -> Response:
        method = body.get("code_challenge_method")
        if method not in ("S256", "plain", None):
            return _error(400, "Invalid code_challenge_method")
        code = self.codes.pop(str(body.get("code")), None)
        if code is None or not _proves(code, body.get("code_verifier"), method):
            return _error(403, "Invalid code or code_verifier")
        if self._clock() - code.issued_at > CODE_SECONDS or code.exchange == "expired":
            return _error(403, "Authorization code expired")
        match code.exchange:
            case "invalid":
                return _error(403, "Invalid code or code_verifier")
            case "bad-method":
                return _error(400, "Invalid code_challenge_method")
            case "conflict":
                return _error(409, "Resource conflict. Please try again later.")
            case "server-error":
                return _error(500, "Internal Server Error")
            case "html":
                return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
            case "no-key":
                return JSONResponse({"user_id": "user_sandbox"})
            case "bad-json":
                return Response('{"key": "sk-', media_type="application/json")
            case "slow":
                await asyncio.sleep(12)
        key = f"sk-or-v1-{secrets.token_hex(32)}"
        self.keys[key] = Key(code.label, code.limit)
        return JSONResponse({"key": key, "user_id": "user_sandbox"})

    def _owner(self, request: Request) -> Key | None:
        key = self.keys.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return key if key and not key.revoked else None

    async def _key(self, request: Request) -> Response:
        key = self._owner(request)
        if key is None:
            return _error(401, "User not found.")
        secret = request.headers["authorization"].removeprefix("Bearer ")
        zeros = ("byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly")
        used = ("usage", "usage_daily", "usage_weekly", "usage_monthly")
        data = {
            "label": f"{secret[:12]}...{secret[-3:]}",
            "limit": key.limit,
            "limit_remaining": None if key.limit is None else max(0.0, key.limit - key.usage),
            "limit_reset": None,
            "is_free_tier": False,
            "is_management_key": False,
            "is_provisioning_key": False,
            "include_byok_in_limit": False,
            "creator_user_id": "user_sandbox",
            "expires_at": None,
            "rate_limit": {"requests": -1, "interval": "10s", "note": "Deprecated."},
            **dict.fromkeys(zeros, 0),
            **dict.fromkeys(used, key.usage),
        }
        return JSONResponse({"data": data})

    async def _list_models(self, request: Request) -> Response:
        return JSONResponse({"data": self._models})

    async def _chat(self, request: Request) -> Response:
        key = self._owner(request)
        if key is None:
            return _error(401, "User not found.")
        body = await _json(request)
        headers = {
            name: request.headers.get(name) for name in ("http-referer", "x-openrouter-title")
        }
        self.completions.append({"body": body, "headers": headers})
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            return _error(400, "messages: required")
        if key.limit is not None and key.usage >= key.limit:
            return _error(403, "Key limit exceeded (total limit).")
        question = _question(messages)
        failed: Response | None = None
        for model in [body.get("model"), *(body.get("models") or [])]:
            if model not in self._known:
                failed = _error(400, f"{model} is not a valid model ID")
                continue
            completion = Completion(
                route(model, question, self._known), question, str(messages), self._chunk_seconds
            )
            if completion.failure:
                status, more, error = completion.failure
                page = HTMLResponse(error, status, more) if isinstance(error, str) else None
                failed = page or JSONResponse({"error": error}, status, more)
                continue
            return _Answer(self, key, completion, body.get("stream") is True)
        assert failed is not None
        return failed


class _Answer(Response):
    """Streams a completion, or sends it whole; ends as soon as the client has gone."""

    def __init__(self, sandbox: Sandbox, key: Key, completion: Completion, streams: bool) -> None:
        super().__init__()
        self._sandbox, self._key, self._completion = sandbox, key, completion
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._sandbox.open_streams += 1
        answering = asyncio.create_task(self._answer(scope, receive, send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        except Cut:
            # An application that ends without ending its response: the server closes the socket.
            pass
        finally:
            self._sandbox.open_streams -= 1
            answering.cancel()
            leaving.cancel()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        completion = self._completion
        if completion.never_answers:
            await asyncio.sleep(100_000)
        if not self._streams:
            await JSONResponse(completion.whole())(scope, receive, send)
        else:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    # No charset: a client has to know that an event stream is UTF-8.
                    "headers": [(b"content-type", b"text/event-stream")],
                }
            )
            async with aclosing(completion.stream()) as chunks:
                await _send_all(chunks, send)
        self._key.usage += completion.cost


async def _send_all(chunks: AsyncGenerator[bytes], send: Send) -> None:
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _proves(code: Code, verifier: object, method: object) -> bool:
    """RFC 7636, section 4.6, and OpenRouter's rule that the method is that of the first step."""
    if code.challenge is None:
        return True
    if method != code.method or not isinstance(verifier, str):
        return False
    if method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return secrets.compare_digest(verifier.encode(), code.challenge.encode())


def _question(messages: list[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            return " ".join(part.get("text", "") for part in content or [])
    return ""


def _amount(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"code": status, "message": message}}, status)


async def _error_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail)


def _html(page: str, status: int = 200) -> Response:
    headers = {"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return HTMLResponse(page, status, headers)
