"""What an answer came to, asked for afterwards."""

import pytest

from lib.openrouter.chat import ChatRequest, Completion
from lib.openrouter.errors import InvalidResponse, OpenRouterError
from lib.openrouter.events import Began, Usage
from lib.openrouter.generation import get_usage
from tests.conftest import KEY, RawServer, Served, http


def test_usage(served: Served) -> None:
    """It is what the stream itself says at its end."""
    request = ChatRequest("sandbox/reasoning", [{"role": "user", "content": "Hello?"}])
    events = list(Completion(served.base_url, KEY, request))
    (began,) = (event for event in events if isinstance(event, Began))
    (usage,) = (event for event in events if isinstance(event, Usage))
    assert get_usage(served.base_url, KEY, began.generation) == usage


def test_unknown(served: Served) -> None:
    """What OpenRouter does not know, or not yet, is an error with that status."""
    with pytest.raises(OpenRouterError) as raised:
        get_usage(served.base_url, KEY, "gen-unknown")
    assert raised.value.status == 404


@pytest.mark.parametrize("data", [b"5", b"null"])
def test_no_generation(raw_server: RawServer, data: bytes) -> None:
    """A 200 that is no generation is an error of ours."""
    with pytest.raises(InvalidResponse):
        get_usage(raw_server.serve(http(b'{"data":%b}' % data, "application/json")), KEY, "gen-a")
