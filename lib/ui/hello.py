"""The last step of a sign-in: the key is used, to say hello to a model."""

import time
from concurrent.futures import Future

import requests

from lib.openrouter.errors import OpenRouterError
from lib.openrouter.request import ChatMessage, ChatRequest
from lib.openrouter.sse import decode_events
from lib.openrouter.transport import send
from lib.openrouter.untrusted import mapping, parse_json
from lib.openrouter.usage import read_usage
from lib.ui.session import Session
from lib.ui.state import Hello
from lib.ui.widgets import in_thread

MAX_BYTES = 200_000
MAX_SHOWN_LINES = 8
MAX_LINE_LENGTH = 4_000
TIMEOUT_S = (5, 60)
MAX_ANSWER_TOKENS = 64


def say_hello(
    session: Session, api_url: str, key: str, model: str, *, stream: bool
) -> Future[Hello]:
    """Say hello in a thread of its own, and count the cost: a click may end the script meanwhile."""

    def work() -> Hello:
        try:
            return fetch_hello(session, api_url, key, model, stream=stream)
        except (OpenRouterError, requests.RequestException, OSError):
            return Hello(0, "", 0)

    return in_thread(work)


def fetch_hello(session: Session, api_url: str, key: str, model: str, *, stream: bool) -> Hello:
    """Say hello to a model, and return the response, of any status, as it arrived."""
    parameters = {"max_completion_tokens": MAX_ANSWER_TOKENS}
    messages: list[ChatMessage] = [{"role": "user", "content": "Hello!"}]
    request = ChatRequest(model, messages, parameters=parameters, stream=stream)
    began = time.monotonic()
    with send(
        "POST",
        f"{api_url}/api/v1/chat/completions",
        json=request.body(),
        headers={"Authorization": f"Bearer {key}"},
        stream=True,
        timeout=TIMEOUT_S,
    ) as response:
        content = b""
        for chunk in response.iter_content(None):
            content += chunk
            if len(content) > MAX_BYTES or time.monotonic() - began > sum(TIMEOUT_S):
                break
        milliseconds = round((time.monotonic() - began) * 1000)
        content_type = response.headers.get("Content-Type", "")
    text = content[:MAX_BYTES].decode(errors="replace")
    parts = [event.data for event in decode_events([content])] if stream else [text]
    for part in parts:
        _pay(session, key, model, part)
    lines = [line[:MAX_LINE_LENGTH] for line in text.splitlines() if line]
    if more := len(lines[MAX_SHOWN_LINES:]):
        lines[MAX_SHOWN_LINES:] = [f"… and {more} more lines"]
    return Hello(response.status_code, content_type, milliseconds, tuple(lines))


def _pay(session: Session, key: str, model: str, part: str) -> None:
    try:
        usage = mapping(parse_json(part)).get("usage")
    except ValueError:
        return
    if (found := read_usage(mapping(usage))) and found.cost:
        session.pay(key, found.cost, model)
