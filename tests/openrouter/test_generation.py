"""What an answer came to, asked for afterwards."""

import pytest

from lib.openrouter.chat import ChatRequest, Completion
from lib.openrouter.errors import InvalidResponse, KeyRejected, OpenRouterError
from lib.openrouter.events import Began, Usage
from lib.openrouter.generation import get_usage
from tests.conftest import KEY, NOT_THE_API, RawServer, Served, http


def test_usage(served: Served) -> None:
    """It is what the stream itself says at its end."""
    request = ChatRequest("sandbox/reasoning", [{"role": "user", "content": "Hello?"}])
    events = list(Completion(served.base_url, KEY, request))
    (began,) = (event for event in events if isinstance(event, Began))
    (usage,) = (event for event in events if isinstance(event, Usage))
    assert get_usage(served.base_url, KEY, began.generation) == usage


def test_unknown(served: Served) -> None:
    """What OpenRouter does not know, or not yet, is an error with its status."""
    with pytest.raises(OpenRouterError) as raised:
        get_usage(served.base_url, KEY, "gen-unknown")
    assert raised.value.status == 404
    with pytest.raises(KeyRejected):
        get_usage(served.base_url, "sk-or-unknown", "gen-unknown")


@pytest.mark.parametrize("body", [*NOT_THE_API, b'{"data": 5}', b'{"data": null}'])
def test_not_the_api(raw_server: RawServer, body: bytes) -> None:
    """Anything else than the API's answer is one kind of error."""
    with pytest.raises(InvalidResponse):
        get_usage(raw_server.serve(http(body, "application/json")), KEY, "gen-a")
