"""Providers, and the models that are offered without anything being kept."""

import json

import pytest

from lib.openrouter.errors import InvalidResponse
from lib.openrouter.providers import (
    MAX_DATA_CENTERS,
    MAX_PROVIDERS,
    Provider,
    get_providers,
    get_zdr_models,
)
from tests.conftest import NOT_THE_API, RawServer, Served, http


def serve(raw_server: RawServer, data: object) -> str:
    """Serve `data`; return the base URL."""
    return raw_server.serve(http(json.dumps({"data": data}).encode(), "application/json"))


def test_providers_of_the_sandbox(served: Served) -> None:
    """A provider has a policy and data centers, or not."""
    providers = get_providers(served.base_url, served.key)
    policy = "https://example.org/sandbox/privacy"
    assert providers["Sandbox"] == Provider("Sandbox", policy, ("DE", "IE"))
    assert providers["Tin Robot"].policy_url == ""


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "P"},
        {"name": "P", "privacy_policy_url": None, "datacenters": None},
        {"name": "P", "privacy_policy_url": "javascript:alert(1)", "datacenters": "US"},
        {"name": "P", "privacy_policy_url": "http://example.org", "datacenters": [1, None, "us"]},
        {"name": "P", "privacy_policy_url": "https://a b", "datacenters": ["USA", "<b>"]},
    ],
)
def test_absurd_entry(raw_server: RawServer, entry: dict[str, object]) -> None:
    """What is no https link and no country is left out."""
    junk = [None, 5, {}, {"name": 5}, {"name": " \n"}]
    assert get_providers(serve(raw_server, [*junk, entry])) == {"P": Provider("P")}


def test_bounded(raw_server: RawServer) -> None:
    """The number of providers, and the length of their fields, are limited."""
    codes = [a + b for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJ"]
    entries = [{"name": f"{n} {'x' * 900}", "datacenters": codes} for n in range(2_000)]
    providers = get_providers(serve(raw_server, entries))
    assert len(providers) == MAX_PROVIDERS
    assert {len(name) for name in providers} == {100}
    assert {len(provider.data_centers) for provider in providers.values()} == {MAX_DATA_CENTERS}


def test_zdr_models(served: Served, raw_server: RawServer) -> None:
    """The ids are read from the endpoints; what is none is left out."""
    ids = get_zdr_models(served.base_url, served.key)
    assert "sandbox/echo" in ids
    assert "sandbox/keeps" not in ids
    entries = [None, {}, {"model_id": 5}, {"model_id": "<b>"}, {"model_id": "a/b"}]
    assert get_zdr_models(serve(raw_server, entries)) == {"a/b"}


@pytest.mark.parametrize("body", [*NOT_THE_API, b'{"data": {}}', b'{"data": null}'])
def test_not_the_api(raw_server: RawServer, body: bytes) -> None:
    """Any other response is an error."""
    url = raw_server.serve(http(body, "application/json"))
    for get in (get_providers, get_zdr_models):
        with pytest.raises(InvalidResponse):
            get(url)
