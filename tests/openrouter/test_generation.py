"""The usage of an answer, requested afterwards."""

import pytest

from lib.openrouter.chat import Completion
from lib.openrouter.errors import OpenRouterError
from lib.openrouter.events import Began, Usage
from lib.openrouter.generation import get_usage
from lib.openrouter.request import ChatRequest
from tests.conftest import KEY, Served


@pytest.mark.parametrize("model", ["reasoning", "byok"])
def test_usage(served: Served, model: str) -> None:
    """The usage is the one that the stream itself has at its end, also with a key at a provider."""
    request = ChatRequest(f"sandbox/{model}", [{"role": "user", "content": "Hello?"}])
    events = list(Completion(served.base_url, KEY, request))
    (began,) = (event for event in events if isinstance(event, Began))
    (usage,) = (event for event in events if isinstance(event, Usage))
    assert get_usage(served.base_url, KEY, began.generation) == usage


def test_unknown(served: Served) -> None:
    """A generation that is unknown, or not recorded yet, is an error with its status."""
    with pytest.raises(OpenRouterError) as raised:
        get_usage(served.base_url, KEY, "gen-unknown")
    assert raised.value.status == 404
