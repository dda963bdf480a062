"""The models: https://openrouter.ai/docs/api-reference/list-available-models."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeGuard
from urllib.parse import quote

from .errors import InvalidResponse
from .pricing import UNKNOWN, Pricing, read_pricing
from .transport import Bearer, Timeout, get_data
from .untrusted import mapping, number, one_line

EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")
"""The values of `reasoning.effort`."""
CHAT_OUTPUTS = ("text", "image")
"""A model that puts out neither answers no chat."""
MAX_MODELS = 5_000
"""Models of the catalogue."""
MAX_LIST_ITEMS = 50
"""Items of a list in a model's entry, such as its parameters."""
MAX_ITEM_LENGTH = 40
"""Characters of such an item."""


@dataclass(frozen=True)
class Model:
    """A model of the catalogue.

    `context_length` and `max_completion_tokens` are in tokens, None if unknown; `inputs` and
    `outputs` are `text`, `image`, `file`, `audio`, …; `parameters` are the fields of a request that
    it supports, `efforts` the values of `reasoning.effort`. `slug` is the model's permanent name,
    and `target` the model that an alias stands for at the moment; both may be empty. After
    `expires_on` OpenRouter may remove it. `created_at` is in seconds since the epoch, 0 if unknown.
    """

    id: str
    name: str
    context_length: int | None = None
    pricing: Pricing = UNKNOWN
    inputs: tuple[str, ...] = ("text",)
    outputs: tuple[str, ...] = ("text",)
    max_completion_tokens: int | None = None
    parameters: frozenset[str] = frozenset()
    efforts: tuple[str, ...] = ()
    slug: str = ""
    target: str = ""
    expires_on: date | None = None
    created_at: float = 0

    @property
    def can_reason(self) -> bool:
        """Whether a request may have a `reasoning` field."""
        return "reasoning" in self.parameters

    @property
    def can_search(self) -> bool:
        """Whether a request may have `tools`, of which web search is one."""
        return "tools" in self.parameters

    @property
    def is_router(self) -> bool:
        """Whether it selects a model for each request, among those that the request allows."""
        return self.id.startswith("openrouter/") and self.pricing.prompt is None


def get_models(base_url: str, key: str = "", *, timeout: Timeout = (5, 20)) -> tuple[Model, ...]:
    """Fetch the catalogue, in OpenRouter's order. Invalid entries are left out.

    With a key, it is the catalogue of its user: without what their privacy settings, guardrails and
    preferences exclude. Raises `Unreachable`, `TimedOut`, `InvalidResponse` if no entry is valid,
    or `OpenRouterError` with any other status than 200.
    """
    url = f"{base_url}/api/v1/models"
    if key:
        entries = get_data(f"{url}/user", auth=Bearer(key), timeout=timeout)
    else:
        outputs = {"output_modalities": ",".join(CHAT_OUTPUTS)}
        entries = get_data(url, params=outputs, timeout=timeout)
    listed = map(_model, entries[:MAX_MODELS]) if isinstance(entries, list) else ()
    models = {
        model.id: model
        for model in listed
        if model and not set(CHAT_OUTPUTS).isdisjoint(model.outputs)
    }
    if not models:
        raise InvalidResponse(status=200)
    return tuple(models.values())


def get_model(base_url: str, key: str, model_id: str, *, timeout: Timeout = (5, 10)) -> Model:
    """Fetch one model under the id that was asked for: an alias, a variant, or a preset.

    Raises `ValueError` if it is no id of author and slug, `OpenRouterError` with status 404 if
    OpenRouter has no such model, and what `get_models` raises.
    """
    author, _, slug = model_id.partition("/")
    if not (_AUTHOR.fullmatch(author) and _SLUG.fullmatch(slug) and is_model_id(model_id)):
        raise ValueError(model_id)
    path = f"{quote(author, safe='~@')}/{quote(slug, safe=':')}"
    model = _model(get_data(f"{base_url}/api/v1/model/{path}", auth=Bearer(key), timeout=timeout))
    if model is None:
        raise InvalidResponse(status=200)
    target = model.target or ("" if model.id == model_id else model.id)
    return replace(model, id=model_id, target=target)


def routed_variant_of(model_id: str) -> str:
    """Return the model of which an id is a variant only in the routing; otherwise the id itself.

    `:nitro` prefers fast providers, `:floor` cheap ones; a preset has settings of its own. Other
    variants, such as `:free` and `:thinking`, are models in their own right.
    """
    return _ROUTING.sub("", model_id)


def is_preset(model_id: str) -> bool:
    """Return whether an id names a preset of the user, which no list of OpenRouter contains."""
    return "@preset/" in model_id


def _model(entry: Any) -> Model | None:
    if not isinstance(entry, Mapping) or not is_model_id(model_id := entry.get("id")):
        return None
    architecture, alias = mapping(entry.get("architecture")), mapping(entry.get("alias_target"))
    slug, target = entry.get("canonical_slug"), alias.get("slug")
    return Model(
        id=model_id,
        name=one_line(entry.get("name"), 100) or model_id,
        context_length=_tokens(entry.get("context_length")),
        pricing=read_pricing(mapping(entry.get("pricing"))),
        inputs=_strings(architecture.get("input_modalities")) or ("text",),
        outputs=_strings(architecture.get("output_modalities")) or ("text",),
        max_completion_tokens=_tokens(
            mapping(entry.get("top_provider")).get("max_completion_tokens")
        ),
        parameters=frozenset(_strings(entry.get("supported_parameters"))),
        efforts=_efforts(mapping(entry.get("reasoning"))),
        slug=slug if is_model_id(slug) else "",
        target=target if is_model_id(target) else "",
        expires_on=_date(entry.get("expiration_date")),
        created_at=number(entry.get("created")) or 0,
    )


def _efforts(reasoning: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the efforts to choose from; a list that is null means all, one that is missing none."""
    if "supported_efforts" not in reasoning:
        return ()
    listed = reasoning["supported_efforts"]
    supported = EFFORTS if listed is None else _strings(listed)
    refused = "none" if reasoning.get("mandatory") is True else ""
    return tuple(effort for effort in EFFORTS if effort in supported and effort != refused)


def is_model_id(value: object) -> TypeGuard[str]:
    """Return whether a value has the form of a model id, without special characters of HTML.

    Aliases (`~author/family-latest`), variants (`:nitro`) and presets (`@preset/name`) have it too.
    """
    is_id = isinstance(value, str) and _MODEL_ID.fullmatch(value) is not None
    return is_id and "//" not in str(value) and ".." not in str(value)


_MODEL_ID = re.compile(r"[\w./:~@+-]{1,200}")
_AUTHOR = re.compile(r"[~@]?\w[\w.+-]{0,99}")
_SLUG = re.compile(r"\w[\w.:+-]{0,199}")
_ROUTING = re.compile(r"(:(nitro|floor|exacto|online))?((?<=.)@preset/.+)?$")


def _strings(value: object) -> tuple[str, ...]:
    texts = value[:MAX_LIST_ITEMS] if isinstance(value, list) else ()
    return tuple(one_line(text, MAX_ITEM_LENGTH) for text in texts if isinstance(text, str))


def _tokens(value: object) -> int | None:
    count = number(value)
    return int(count) if count and count >= 1 else None


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
