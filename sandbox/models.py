"""The endpoints of the catalogue: models, providers, and endpoints that keep nothing."""

from functools import cache
from typing import Any

from sandbox.catalogue import BEHAVIOURS
from sandbox.special_models import (
    ALIASES,
    EXCLUDED,
    KEEPING_LABS,
    KEEPS,
    PARAMETERS,
    SPECIAL,
    TRAINS,
    VARIANTS,
)

MAX_COMPLETION_TOKENS = 4_096
_CONTEXTS = (8_192, 32_768, 131_072, 200_000, 1_000_000)
_NAMES = (
    "Breeze",
    "Cobble",
    "Drift",
    "Ember",
    "Fjord",
    "Grove",
    "Harbor",
    "Islet",
    "Juniper",
    "Kelp",
)
_SIZES = ("1b", "3b", "7b", "13b", "34b", "70b", "140b", "mini", "large", "vision")
_LABS = ("sandbox-labs", "paper-mill", "tin-robot")
_INPUTS = (["text"], ["text", "image"], ["text", "image", "file"], ["text", "audio"])
_ALL_INPUTS = ["text", "image", "file", "audio"]
_REASONING = {"mandatory": False, "supported_efforts": ["high", "medium", "low"]}


def models() -> list[dict[str, Any]]:
    """Return the catalogue in the format of `/api/v1/models`."""
    listed = [_model("openrouter/auto", "Auto Router", "-1", _CONTEXTS[-1], _ALL_INPUTS)]
    for model, about in BEHAVIOURS.items():
        name = f"Sandbox: {model.removeprefix('sandbox/')}"
        listed.append(_model(model, name, "0.000001", _CONTEXTS[2], _ALL_INPUTS, about))
    for lab_number, lab in enumerate(_LABS):
        for name_number, name in enumerate(_NAMES):
            for number, size in enumerate(_SIZES):
                is_free = number % 5 == 0
                listed.append(
                    _model(
                        f"{lab}/{name.lower()}-{size}" + (":free" if is_free else ""),
                        f"{lab.title()}: {name} {size.upper()}" + (" (free)" if is_free else ""),
                        "0" if is_free else f"{(number + 1) * (lab_number + 1) / 1e7:.8f}",
                        _CONTEXTS[(number + name_number) % len(_CONTEXTS)],
                        _INPUTS[(number + lab_number) % len(_INPUTS)],
                    )
                )
    listed[-1]["expiration_date"] = "2099-12-31"
    return listed


@cache
def _pricing() -> dict[str, dict[str, Any]]:
    return {model["id"]: model["pricing"] for model in models()}


def price(model: str, name: str) -> float:
    """Return a price of a model in USD; that of the prompt for what is read from the cache, if none."""
    pricing = _pricing().get(resolve(model), {})
    if name not in pricing and name == "input_cache_read":
        name = "prompt"
    return max(0.0, float(pricing.get(name, 0)))


def resolve(name: str) -> str:
    """Return the model that answers under a name: itself, what an alias stands for, or a variant's base."""
    base, _, variant = name.partition(":")
    if variant in VARIANTS:
        name = base
    if not name.startswith("@"):
        name = name.partition("@preset/")[0]
    return ALIASES.get(name, name)


def entry_of(name: str, listed: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the entry of `/api/v1/model/…`; that of an alias says what it stands for."""
    target = resolve(name)
    found = next((model for model in listed if model["id"] == target), None)
    if found is None or not name.startswith("~"):
        return found
    alias = {"slug": target, "name": found["name"]}
    return {**found, "id": name, "name": f"{found['name']} (latest)", "alias_target": alias}


def is_listed_for_users(model: dict[str, Any]) -> bool:
    """Return whether a model is in `/api/v1/models/user`."""
    return model["id"] not in EXCLUDED


def refusal(model: str, provider: dict[str, Any]) -> str:
    """Return why no provider of a model may get a request with these preferences; else empty."""
    if provider.get("zdr") is True and not keeps_nothing(model):
        return "No endpoints found matching your data policy (Zero data retention)."
    if provider.get("data_collection") == "deny" and (model in TRAINS or ":free" in model):
        return "No endpoints found matching your data policy (Paid model training)."
    return ""


def keeps_nothing(model: str) -> bool:
    """Return whether a model has an endpoint that keeps nothing."""
    return model not in KEEPS and not model.startswith((*KEEPING_LABS, "openrouter/"))


def zdr_endpoints(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the endpoints that keep nothing, in the format of `/api/v1/endpoints/zdr`."""
    return [
        {
            "name": f"Sandbox | {model['id']}",
            "model_id": model["id"],
            "model_name": model["name"],
            "context_length": model["context_length"],
            "pricing": model["pricing"],
            "provider_name": "OpenInference",  # an enumeration, which has no sandbox
            "tag": "sandbox",
            "quantization": None,
            "max_completion_tokens": MAX_COMPLETION_TOKENS,
            "max_prompt_tokens": None,
            "supported_parameters": model["supported_parameters"],
            "uptime_last_30m": None,
            "uptime_last_5m": None,
            "uptime_last_1d": None,
            "supports_implicit_caching": False,
            "latency_last_30m": None,
            "throughput_last_30m": None,
        }
        for model in listed
        if keeps_nothing(model["id"])
    ]


def providers() -> list[dict[str, Any]]:
    """Return the providers in the format of `/api/v1/providers`."""
    return [
        {
            "name": name,
            "slug": name.lower().replace(" ", "-"),
            "privacy_policy_url": policy,
            "terms_of_service_url": None,
            "status_page_url": None,
            "headquarters": centers[0],
            "datacenters": centers,
        }
        for name, policy, centers in (
            ("Sandbox", "https://example.org/sandbox/privacy", ["DE", "IE"]),
            ("Paper Mill", "https://example.org/paper-mill/privacy", ["US"]),
            ("Tin Robot", None, ["US", "SG"]),
        )
    ]


def _model(
    model: str, name: str, usd_per_token: str, context: int, inputs: list[str], about: str = ""
) -> dict[str, Any]:
    special = dict(SPECIAL.get(model, ("", {}))[1])
    usual = ["text", "image"] if model == "sandbox/image" else ["text"]
    outputs = special.pop("outputs", usual)
    prices = {"prompt": usd_per_token, "completion": usd_per_token, "request": "0", "image": "0"}
    reasons = model in ("sandbox/reasoning", "sandbox/request") or model.endswith("-large")
    return {
        "id": model,
        "canonical_slug": model,
        "name": name,
        "description": about
        or f"{name} exists only in the sandbox, and always gives the same answer.",
        "created": 1_760_000_000,
        "context_length": context,
        "architecture": {
            "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}",
            "input_modalities": inputs,
            "output_modalities": outputs,
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {**prices, **special.pop("pricing", {})},
        "top_provider": {
            "context_length": context,
            "max_completion_tokens": MAX_COMPLETION_TOKENS,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": PARAMETERS + (["reasoning"] if reasons else []),
        **({"reasoning": _REASONING} if reasons else {}),
        "default_parameters": None,
        "supported_voices": None,
        "links": {"details": f"/api/v1/models/{model}/endpoints"},
        "expiration_date": None,
        **special,
    }
