"""The catalogue: read tolerantly, fetched once, refreshed beside."""

import json
import threading

import pytest

from lib.openrouter.errors import OpenRouterError, Unreachable
from lib.openrouter.models import MAX_MODELS, Catalogue, Model, get_models, is_model_id
from tests.conftest import RawServer, Served, http
from tests.support.waiting import wait_until

TIMEOUT_S = 5


def test_catalogue_of_the_sandbox(served: Served) -> None:
    """Every field that the app shows is read from the catalogue."""
    models = {model.id: model for model in get_models(served.base_url)}
    assert len(models) > 340
    breeze = models["sandbox-labs/breeze-3b"]
    assert breeze.name == "Sandbox-Labs: Breeze 3B"
    assert (breeze.prompt_price, breeze.completion_price) == (2e-7, 2e-7)
    assert breeze.context_length == 32_768
    assert breeze.max_completion_tokens == 4_096
    assert breeze.inputs == ("text", "image")
    assert not breeze.is_free
    assert not breeze.can_reason
    assert models["sandbox-labs/breeze-1b:free"].is_free
    assert models["sandbox/reasoning"].efforts == ("high", "medium", "low")
    assert models["sandbox/image"].outputs == ("text", "image")
    assert models["openrouter/auto"].prompt_price is None


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "a/b"},
        {"id": "a/b", "pricing": {"prompt": 10**400}},
        {"id": "a/b", "name": None, "context_length": "many", "architecture": 5, "pricing": None},
        {"id": "a/b", "name": " \n", "context_length": -1, "supported_parameters": "seed"},
        {"id": "a/b", "pricing": {"prompt": "-1", "completion": "nan"}, "reasoning": []},
        {"id": "a/b", "pricing": {"prompt": [], "completion": "1e400"}, "top_provider": "x"},
        {"id": "a/b", "architecture": {"input_modalities": [1], "output_modalities": None}},
        {"id": "a/b", "reasoning": {"supported_efforts": ["enormous"]}},
    ],
)
def test_absurd_entry(raw_server: RawServer, entry: dict[str, object]) -> None:
    """An entry with missing or absurd fields is a model with the defaults."""
    junk = [None, 5, {}, {"id": ""}, {"id": "with space"}, {"id": "x" * 201}, {"id": ["a"]}]
    body = json.dumps({"data": [*junk, entry, entry]}).encode()
    (model,) = get_models(raw_server.serve(http(body, "application/json")))
    assert model == Model("a/b", "a/b")


def test_half_a_character(raw_server: RawServer) -> None:
    """Half a character, which no page can show, is replaced."""
    entry = {"id": "a/b", "name": "a\ud83d", "architecture": {"input_modalities": ["\ud83d"]}}
    body = json.dumps({"data": [entry]}).encode()
    (model,) = get_models(raw_server.serve(http(body, "application/json")))
    assert (model.name, model.inputs) == ("a\ufffd", ("\ufffd",))


def test_bounded(raw_server: RawServer) -> None:
    """The number of models and the length of their fields are limited."""
    entry = {"name": "x" * 9_000, "supported_parameters": ["y" * 9_000] + ["seed"] * 9_000}
    entries = [{"id": "a/b", **entry}, *({"id": f"a/{number}"} for number in range(9_000))]
    body = json.dumps({"data": entries}).encode()
    first, *others = get_models(raw_server.serve(http(body, "application/json")))
    assert (first.name, first.parameters) == ("x" * 100, {"y" * 40, "seed"})
    assert len(others) == MAX_MODELS - 1


@pytest.mark.parametrize(
    ("value", "is_id"),
    [
        ("openai/gpt-4o-2024-05-13:extended", True),
        ("~anthropic/claude-opus-latest", True),
        ("`![x](https://evil.example/)`", False),
        ("<b>", False),
        ("a\nb", False),
        ("a\n", False),
        (None, False),
    ],
)
def test_model_id(value: object, is_id: bool) -> None:
    """A model id in a URL brings no markdown onto the page."""
    assert is_model_id(value) is is_id


class Fetches:
    """Fetches that a test lets end one by one, with models or an error."""

    def __init__(self) -> None:
        self.now = 0.0
        self.begun = 0
        self._may_end = threading.Semaphore(0)
        self._outcomes: list[list[Model] | OpenRouterError] = []

    def __call__(self) -> list[Model]:
        """Wait for the end of this fetch."""
        self.begun += 1
        assert self._may_end.acquire(timeout=TIMEOUT_S)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, OpenRouterError):
            raise outcome
        return outcome

    def end(self, outcome: list[Model] | OpenRouterError) -> None:
        """Let the oldest fetch end so."""
        self._outcomes.append(outcome)
        self._may_end.release()

    def catalogue(self) -> Catalogue:
        """A catalogue that fetches here."""
        return Catalogue(self, lifetime=3_600, pause=30, clock=lambda: self.now)


def test_first_fetch() -> None:
    """All callers wait for the first fetch, and none begins another."""
    fetches = Fetches()
    catalogue = fetches.catalogue()
    assert not catalogue.models()
    fetches.end([Model("a", "A")])
    for _ in range(3):
        assert set(catalogue.models(TIMEOUT_S)) == {"a"}
    fetches.now = 3_599
    assert set(catalogue.models(TIMEOUT_S)) == {"a"}
    assert fetches.begun == 1


def test_refresh() -> None:
    """After an hour the old models are returned until the new ones arrive, also if these fail."""
    fetches = Fetches()
    catalogue = fetches.catalogue()
    fetches.end([Model("a", "A")])
    catalogue.models(TIMEOUT_S)
    fetches.now = 3_600
    assert set(catalogue.models(TIMEOUT_S)) == {"a"}
    fetches.end([Model("b", "B")])
    wait_until(lambda: set(catalogue.models()) == {"b"})
    fetches.now = 7_200
    catalogue.models()
    fetches.end(Unreachable())
    assert set(catalogue.models(TIMEOUT_S)) == {"b"}


def test_retry() -> None:
    """After a failure there are no models until the next attempt, after a pause, which blocks no caller."""
    fetches = Fetches()
    catalogue = fetches.catalogue()
    fetches.end(Unreachable())
    assert not catalogue.models(TIMEOUT_S)
    fetches.now = 30
    fetches.end([Model("a", "A")])
    wait_until(lambda: set(catalogue.models()) == {"a"})
    assert fetches.begun == 2
