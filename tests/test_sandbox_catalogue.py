"""The sandbox's catalogue and account: in OpenRouter's format, and each special entry there is."""

import re
from typing import Any

import pytest
import requests

from sandbox.catalogue import BEHAVIOURS
from sandbox.keys import FREE_REQUESTS_A_DAY, new_key
from sandbox.models import models
from sandbox.special_models import ALIASES, SPECIAL
from tests.conftest import KEY, Served
from tests.support.openapi import validate
from tests.test_sandbox import ask, chunks_of, get, new_code, refusal

SLUG = re.compile(r"-1|\d+(\.\d+)?")


def prices(model: dict[str, Any]) -> list[str]:
    """All prices of a model, without those of long prompts."""
    return [price for name, price in model["pricing"].items() if name != "overrides"]


def test_models(served: Served) -> None:
    """Hundreds of models are listed to everyone, each id once; those that are free are called so."""
    url = f"{served.base_url}/api/v1/models"
    body = requests.get(url, {"output_modalities": "all"}, timeout=5).json()
    validate(body, "ModelsListResponse")
    ids = {model["id"] for model in body["data"]}
    assert 330 <= len(ids) == len(body["data"]) == body["total_count"]
    assert ids >= BEHAVIOURS.keys()
    for model in body["data"]:
        assert all(SLUG.fullmatch(price) for price in prices(model))
        assert (":free" in model["id"]) == all(float(price) == 0 for price in prices(model))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, {"text"}),
        ({"output_modalities": "all"}, {"text", "image"}),
        ({"output_modalities": "image,embeddings"}, {"image"}),
    ],
)
def test_outputs(served: Served, query: dict[str, str], wanted: set[str]) -> None:
    """List and number are of the models that put out text, or what is asked for."""
    url = f"{served.base_url}/api/v1/models"
    count = requests.get(f"{url}/count", query, timeout=5).json()
    validate(count, "ModelsCountResponse")
    outputs = [model["architecture"]["output_modalities"] for model in models()]
    assert count["data"]["count"] == sum(not wanted.isdisjoint(each) for each in outputs)
    assert len(requests.get(url, query, timeout=5).json()["data"]) == count["data"]["count"]


def test_models_of_a_user(served: Served) -> None:
    """The user's own list has the same form, and not all models; it wants a key."""
    body = get(served, "models/user").json()
    validate(body, "ModelsListResponse")
    missing = {model["id"] for model in models()} - {model["id"] for model in body["data"]}
    assert missing == {"sandbox/excluded"}
    anonymous = requests.get(f"{served.base_url}/api/v1/models/user", timeout=5)
    assert refusal(anonymous) == (401, "User not found.")


@pytest.mark.parametrize("name", ["sandbox/echo", "sandbox/echo:nitro", *ALIASES])
def test_model(served: Served, name: str) -> None:
    """A model is found under its id, a variant, an alias or a preset, and answers under it."""
    body = get(served, f"model/{name}").json()
    validate(body, "ModelResponse")
    target = ALIASES.get(name, "sandbox/echo")
    assert body["data"]["id"] == (name if name.startswith("~") else target)
    assert ("alias_target" in body["data"]) == name.startswith("~")
    assert chunks_of(ask(served, name))[-1]["model"] == target


def test_unknown_model(served: Served) -> None:
    """A model that there is not gets 404."""
    assert refusal(get(served, "model/no/such-model"))[0] == 404


def test_preset_of_a_model(served: Served) -> None:
    """A preset behind a model's id leaves the model as it is."""
    assert chunks_of(ask(served, "sandbox/echo@preset/brief"))[-1]["model"] == "sandbox/echo"


@pytest.mark.parametrize(
    ("path", "schema"),
    [("providers", "ListProvidersResponse"), ("endpoints/zdr", "ListEndpointsZdrResponse")],
)
def test_lists(served: Served, path: str, schema: str) -> None:
    """Providers, and endpoints that keep nothing, have the documented form."""
    body = get(served, path).json()
    validate(body, schema)
    assert body["data"]


@pytest.mark.parametrize(
    ("model", "provider", "status"),
    [
        ("sandbox/echo", {"zdr": True}, 200),
        ("sandbox/echo", {"data_collection": "deny"}, 200),
        ("sandbox/keeps", {"data_collection": "deny"}, 200),
        ("sandbox/keeps", {"zdr": True}, 404),
        ("sandbox/trains", {"data_collection": "deny"}, 404),
        ("sandbox/trains", {"zdr": True}, 404),
        ("sandbox/trains", {}, 200),
    ],
)
def test_data_policy(served: Served, model: str, provider: dict[str, Any], status: int) -> None:
    """A model whose provider cannot keep the promise is not found, and is not in the list."""
    assert ask(served, model, provider=provider).status_code == status
    listed = {endpoint["model_id"] for endpoint in get(served, "endpoints/zdr").json()["data"]}
    assert (model in listed) == (model == "sandbox/echo")


def test_every_special_model(served: Served) -> None:
    """Each model with a special entry answers."""
    for model in SPECIAL:
        assert chunks_of(ask(served, model))[-1]["usage"]["completion_tokens"] > 0


def test_cache(served: Served) -> None:
    """With `cache_control`, all but the last message is read from the cache."""
    messages = [{"role": "user", "content": text} for text in ("x" * 400, "Hello?")]
    for cache_control, cached in ({}, 0), ({"cache_control": {"type": "ephemeral"}}, 62):
        last = chunks_of(ask(served, "anthropic/sandbox", messages=messages, **cache_control))[-1]
        assert last["usage"]["prompt_tokens_details"]["cached_tokens"] == cached


def test_routing(served: Served) -> None:
    """The last chunk tells what was tried, if the request asks for it."""
    assert "openrouter_metadata" not in chunks_of(ask(served, "sandbox/tried"))[-1]
    response = requests.post(
        f"{served.base_url}/api/v1/chat/completions",
        json={
            "model": "sandbox/status-503",
            "models": ["sandbox/tried"],
            "messages": [{"role": "user", "content": "Hello?"}],
            "stream": True,
        },
        headers={"Authorization": f"Bearer {KEY}", "X-OpenRouter-Metadata": "enabled"},
        timeout=5,
    )
    last = chunks_of(response)[-1]
    validate(last, "ChatStreamChunk")
    attempts = last["openrouter_metadata"]["attempts"]
    assert [(one["provider"], one["status"]) for one in attempts] == [
        ("Sandbox", 503),
        ("Tin Robot", 503),
        ("Paper Mill", 429),
        ("Sandbox", 200),
    ]


@pytest.mark.parametrize("kind", ["asked", "no-limit", "bounded"])
def test_key(served: Served, kind: str) -> None:
    """The data of a key has the documented form, and what was chosen on the consent page."""
    served.keys[KEY] = new_key(kind, "A label", 5.0)
    body = get(served, "key").json()
    validate(body, "GetCurrentKeyResponse")
    data = body["data"]
    assert data["limit"] == (None if kind == "no-limit" else 5.0)
    assert (data["limit_reset"], bool(data["expires_at"]), len(data["budgets"])) == (
        ("monthly", True, 1) if kind == "bounded" else (None, False, 0)
    )
    code = new_code(served.base_url, limit="5", key=kind)
    response = requests.post(f"{served.base_url}/api/v1/auth/keys", json={"code": code}, timeout=5)
    assert served.keys[response.json()["key"]].limit == data["limit"]


def test_free_requests(served: Served) -> None:
    """A request to a free model is one less for today."""
    assert ask(served, "sandbox-labs/breeze-1b:free").content
    free = get(served, "key").json()["data"]["free_model_daily_requests"]
    assert free == {
        "used": 1,
        "limit": FREE_REQUESTS_A_DAY,
        "remaining": FREE_REQUESTS_A_DAY - 1,
    }
