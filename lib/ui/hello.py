"""The last step of a sign-in: the key is used, to say hello to a model."""

import time
from collections.abc import Mapping
from concurrent.futures import Future

from lib.openrouter.errors import OpenRouterError
from lib.openrouter.request import ChatRequest
from lib.openrouter.sse import decode_events
from lib.openrouter.transport import send
from lib.openrouter.untrusted import mapping, parse_json
from lib.openrouter.usage import read_usage
from lib.openrouter_sign_in import User
from lib.settings import Settings
from lib.ui.session import Session, api_url
from lib.ui.state import Hello
from lib.ui.widgets import in_thread

MAX_BYTES = 200_000
MAX_SHOWN_LINES = 8
MAX_LINE_LENGTH = 4_000
TIMEOUT_S = (5, 60)
MAX_ANSWER_TOKENS = 64


def hello_request(settings: Settings, *, stream: bool) -> ChatRequest:
    """Return the request that says hello to the model of the settings, with a short answer."""
    return ChatRequest(
        settings.model,
        [{"role": "user", "content": "Hello!"}],
        parameters={"max_completion_tokens": MAX_ANSWER_TOKENS},
        data_policy=settings.data_policy,
        stream=stream,
    )


def say_hello(settings: Settings, session: Session, user: User, *, stream: bool) -> Future[Hello]:
    """Say hello in a thread of its own, and count the cost: a click may end the script meanwhile."""
    request, url = hello_request(settings, stream=stream), api_url(settings, user)

    def work() -> Hello:
        try:
            hello = fetch_hello(url, user.key, request, settings.attribution())
        except (OpenRouterError, OSError):  # those of `requests` are among the latter
            return Hello(0, "", 0)
        session.pay(user.key, hello.cost, request.model)
        return hello

    return in_thread(work)


def fetch_hello(
    api_url: str, key: str, request: ChatRequest, attribution: Mapping[str, str]
) -> Hello:
    """Say hello to a model, and return the response, of any status, as it arrived."""
    began = time.monotonic()
    with send(
        "POST",
        f"{api_url}/api/v1/chat/completions",
        json=request.body(),
        headers={"Authorization": f"Bearer {key}", **attribution},
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
    parts = [event.data for event in decode_events([content])] if request.stream else [text]
    lines = [line[:MAX_LINE_LENGTH] for line in text.splitlines() if line]
    if more := len(lines[MAX_SHOWN_LINES:]):
        lines[MAX_SHOWN_LINES:] = [f"… and {more} more lines"]
    cost = max(map(_cost, parts), default=0.0)
    return Hello(response.status_code, content_type, milliseconds, tuple(lines), cost)


def _cost(part: str) -> float:
    try:
        usage = mapping(parse_json(part)).get("usage")
    except ValueError:
        return 0.0
    found = read_usage(mapping(usage))
    return (found and found.cost) or 0.0
