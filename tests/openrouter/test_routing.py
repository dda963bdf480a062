"""What was tried for an answer."""

import json
from typing import Any

import pytest

from lib.openrouter.chat import Completion
from lib.openrouter.chunks import read_events
from lib.openrouter.request import ChatRequest
from lib.openrouter.routing import MAX_ATTEMPTS, Attempt, Routing, read_routing
from lib.openrouter.sse import ServerSentEvent
from tests.conftest import KEY, Served

ANSWERED = {"provider": "OpenAI", "model": "openai/gpt-4o", "status": 200}


def test_sandbox(served: Served) -> None:
    """The routing arrives with the answer, streamed or in one piece."""
    for stream in (True, False):
        request = ChatRequest(
            "sandbox/tried", [{"role": "user", "content": "Hello?"}], stream=stream
        )
        events = list(Completion(served.base_url, KEY, request))
        (routing,) = (event for event in events if isinstance(event, Routing))
        assert [(one.provider, one.status) for one in routing.failed] == [
            ("Tin Robot", 503),
            ("Paper Mill", 429),
        ]
        assert (routing.region, routing.provider) == ("fra", "Sandbox")


def test_documented_example() -> None:
    """The document's example names the provider, which no chunk has to."""
    metadata = {
        "attempt": 1,
        "endpoints": {
            "available": [{"model": "openai/gpt-4o", "provider": "OpenAI", "selected": True}],
            "total": 1,
        },
        "region": "iad",
    }
    assert read_routing(metadata) == Routing((), "iad", "OpenAI")


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"attempts": None, "region": None, "endpoints": None},
        {"attempts": "x", "region": 5, "endpoints": []},
        {"attempts": [None, 5], "endpoints": {"available": [None, {"selected": "yes"}]}},
    ],
)
def test_absurd(metadata: dict[str, Any]) -> None:
    """Missing and absurd fields are left out."""
    assert read_routing(metadata) == Routing()


def test_bounded() -> None:
    """Number and length of what was tried are limited, also when they come from a file."""
    attempt = {"provider": "p" * 9_000, "model": "<b>", "status": 10**400}
    routing = read_routing({"attempts": [attempt] * 9_000, "region": "r" * 9_000})
    assert len(routing.attempts) == MAX_ATTEMPTS
    assert set(routing.attempts) == {Attempt("p" * 60)}
    assert routing.region == "r" * 60
    wild = Routing((Attempt("p" * 9_000, "<b>", -1),) * 9_000, "r" * 9_000, "q" * 9_000)
    assert wild.checked().attempts == routing.attempts
    assert (wild.checked().region, wild.checked().provider) == ("r" * 60, "q" * 60)
    assert routing.checked() == routing


def test_metadata_of_another_form() -> None:
    """Metadata that is no object does not harm the answer."""
    chunk = {"choices": [{"delta": {}, "finish_reason": "stop"}], "openrouter_metadata": [1]}
    assert not [
        e for e in read_events([ServerSentEvent(json.dumps(chunk))]) if isinstance(e, Routing)
    ]
