"""The providers, and the endpoints that keep nothing.

Follows https://openrouter.ai/docs/api-reference/providers/list-providers and
https://openrouter.ai/docs/guides/privacy/zdr.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InvalidResponse
from .events import is_web_url
from .models import MAX_MODELS, is_model_id
from .transport import Bearer, Timeout, get_data
from .untrusted import one_line

MAX_PROVIDERS = 1_000
MAX_DATA_CENTERS = 20
_COUNTRY = re.compile("[A-Z]{2}")


@dataclass(frozen=True)
class Provider:
    """A provider of models: its privacy policy, and the countries of its data centers.

    The URL is https; it and the countries (ISO 3166-1 alpha-2) may be empty.
    """

    name: str
    policy_url: str = ""
    data_centers: tuple[str, ...] = ()


def get_providers(
    base_url: str, key: str = "", *, timeout: Timeout = (5, 10)
) -> dict[str, Provider]:
    """Fetch the providers, by the name that an answer has. Invalid entries are left out.

    Raises what `get_data` raises.
    """
    entries = _entries(f"{base_url}/api/v1/providers", key, timeout)[:MAX_PROVIDERS]
    providers = (
        Provider(
            one_line(entry.get("name"), 100),
            _https(entry.get("privacy_policy_url")),
            _countries(entry.get("datacenters")),
        )
        for entry in entries
    )
    return {provider.name: provider for provider in providers if provider.name}


def get_zdr_models(base_url: str, key: str = "", *, timeout: Timeout = (5, 20)) -> frozenset[str]:
    """Fetch the ids of the models that a provider offers without keeping what it gets.

    Raises what `get_data` raises.
    """
    entries = _entries(f"{base_url}/api/v1/endpoints/zdr", key, timeout)
    ids = (entry.get("model_id") for entry in entries[: 10 * MAX_MODELS])
    return frozenset(name for name in ids if is_model_id(name))


def _entries(url: str, key: str, timeout: Timeout) -> list[Mapping[str, Any]]:
    arguments = {"auth": Bearer(key)} if key else {}
    entries = get_data(url, timeout=timeout, **arguments)
    if not isinstance(entries, list):
        raise InvalidResponse(status=200)
    return [entry for entry in entries if isinstance(entry, Mapping)]


def _https(url: object) -> str:
    is_link = isinstance(url, str) and url.startswith("https://") and is_web_url(url)
    return str(url) if is_link else ""


def _countries(codes: object) -> tuple[str, ...]:
    listed = codes[:MAX_DATA_CENTERS] if isinstance(codes, list) else ()
    found = (code for code in listed if isinstance(code, str) and _COUNTRY.fullmatch(code))
    return tuple(dict.fromkeys(found))
