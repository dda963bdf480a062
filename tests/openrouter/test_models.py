"""The models: read tolerantly, listed for all or for one user, found by aliases and variants."""

import json
import re
from datetime import date

import pytest

from lib.openrouter.errors import KeyRejected, OpenRouterError
from lib.openrouter.models import (
    EFFORTS,
    MAX_MODELS,
    Model,
    get_model,
    get_models,
    is_model_id,
    routed_variant_of,
)
from sandbox.special_models import ALIASES, EXPIRY
from tests.conftest import RawServer, Served, http


def test_catalogue_of_the_sandbox(served: Served) -> None:
    """Every field that the app shows is read from the catalogue."""
    models = {model.id: model for model in get_models(served.base_url)}
    assert len(models) > 340
    breeze = models["sandbox-labs/breeze-3b"]
    assert breeze.name == "Sandbox-Labs: Breeze 3B"
    assert (breeze.pricing.prompt, breeze.pricing.completion) == (2e-7, 2e-7)
    assert breeze.context_length == 32_768
    assert breeze.max_completion_tokens == 4_096
    assert breeze.inputs == ("text", "image")
    assert not breeze.pricing.is_free
    assert not breeze.can_reason
    assert models["sandbox-labs/breeze-1b:free"].pricing.is_free
    assert models["sandbox/reasoning"].efforts == ("high", "medium", "low")
    assert models["sandbox/image"].outputs == ("text", "image")
    assert models["sandbox/image-only"].outputs == ("image",)
    assert models["openrouter/auto"].is_router
    assert models["sandbox/expiring"].expires_on == date.fromisoformat(EXPIRY)
    assert models["sandbox/echo"].can_search
    assert not models["sandbox/no-tools"].can_search


def test_models_of_a_user(served: Served) -> None:
    """The catalogue of a user lacks what their settings exclude, and needs their key."""
    own = {model.id for model in get_models(served.base_url, served.key)}
    every = {model.id for model in get_models(served.base_url)}
    assert every - own == {"sandbox/excluded"}
    with pytest.raises(KeyRejected):
        get_models(served.base_url, "sk-or-v1-a")


@pytest.mark.parametrize(
    ("reasoning", "efforts"),
    [
        (None, ()),
        ({"mandatory": True}, ()),
        ({"mandatory": False, "supported_efforts": None}, EFFORTS),
        ({"mandatory": True, "supported_efforts": None}, EFFORTS[:-1]),
        (
            {"mandatory": False, "supported_efforts": ["none", "low", "high"]},
            ("high", "low", "none"),
        ),
        ({"mandatory": True, "supported_efforts": ["none", "low"]}, ("low",)),
        ({"supported_efforts": ["enormous", 5, None]}, ()),
        ({"supported_efforts": "low"}, ()),
    ],
)
def test_efforts(raw_server: RawServer, reasoning: object, efforts: tuple[str, ...]) -> None:
    """Only the efforts that a model has can be chosen; one that always reasons has no `none`."""
    body = json.dumps({"data": [{"id": "a/b", "reasoning": reasoning}]}).encode()
    (model,) = get_models(raw_server.serve(http(body, "application/json")))
    assert model.efforts == efforts


def test_no_chat(raw_server: RawServer) -> None:
    """A model that puts out neither text nor images is left out."""
    outputs = {"a/text": ["text", "audio"], "a/image": ["image"], "a/vectors": ["embeddings"]}
    entries = [
        {"id": name, "architecture": {"output_modalities": each}} for name, each in outputs.items()
    ]
    body = json.dumps({"data": entries}).encode()
    models = get_models(raw_server.serve(http(body, "application/json")))
    assert [model.id for model in models] == ["a/text", "a/image"]


@pytest.mark.parametrize("name", ["sandbox/echo:nitro", "sandbox-labs/breeze-1b:free", *ALIASES])
def test_get_model(served: Served, name: str) -> None:
    """A variant, an alias or a preset keeps its id, and names what it stands for."""
    model = get_model(served.base_url, served.key, name)
    assert model.id == name
    target = "" if name.endswith(":free") else ALIASES.get(name, "sandbox/echo")
    assert model.target == target


@pytest.mark.parametrize(
    "name", ["gpt", "a/b/c", "../key", "a/..", "a/.", "./a", "a/b?c", "a/b#c", "a/b\n", "a/", "/b"]
)
def test_no_path(name: str) -> None:
    """An id that is not author and slug never becomes part of a URL."""
    with pytest.raises(ValueError, match=re.escape(name)):
        get_model("http://127.0.0.1:9", "k", name)


def test_no_such_model(served: Served) -> None:
    """A model that there is not is an error with status 404."""
    with pytest.raises(OpenRouterError) as raised:
        get_model(served.base_url, served.key, "no/such-model")
    assert raised.value.status == 404


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("a/b", "a/b"),
        ("a/b:nitro", "a/b"),
        ("a/b:floor", "a/b"),
        ("a/b:online@preset/c", "a/b"),
        ("a/b@preset/c", "a/b"),
        ("@preset/c", "@preset/c"),
        ("a/b:free", "a/b:free"),
        ("a/b:free:nitro", "a/b:free"),
        ("a/b:thinking", "a/b:thinking"),
        ("~a/b-latest:nitro", "~a/b-latest"),
        ("a/b:nitrogen", "a/b:nitrogen"),
    ],
)
def test_routed_variant(name: str, base: str) -> None:
    """Some variants and presets change only the routing of a model; others are models themselves."""
    assert routed_variant_of(name) == base


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
        {"id": "a/b", "expiration_date": "soon", "canonical_slug": 5, "alias_target": []},
        {"id": "a/b", "expiration_date": 20271231, "alias_target": {"slug": "<b>"}},
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
        ("@preset/my-preset", True),
        ("a/b@preset/c", True),
        ("a/b:nitro", True),
        ("a" * 200, True),
        ("a" * 201, False),
        ("https://evil.example/a", False),
        ("a/../key", False),
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
