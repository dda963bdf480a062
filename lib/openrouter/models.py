"""The models: https://openrouter.ai/docs/api-reference/list-available-models."""

import math
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from .errors import InvalidResponse, OpenRouterError
from .transport import Timeout, get_data
from .untrusted import number, one_line

EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")
"""What `reasoning.effort` may be."""
MAX_MODELS = 5_000
"""Models of the catalogue; it has some 350."""
MAX_TEXTS = 50
"""Entries of a list that a model has, such as its parameters."""
MAX_TEXT = 40
"""Characters of an entry."""


@dataclass(frozen=True)
class Model:
    """A model of the catalogue.

    Prices are in USD a token, None where they vary; `context_length` and `max_completion_tokens`
    are in tokens, None where they are not known; `inputs` and `outputs` are `text`, `image`,
    `file`, `audio`, …; `parameters` are the request's fields that it supports.
    """

    id: str
    name: str
    context_length: int | None = None
    prompt_price: float | None = None
    completion_price: float | None = None
    inputs: tuple[str, ...] = ("text",)
    outputs: tuple[str, ...] = ("text",)
    max_completion_tokens: int | None = None
    parameters: frozenset[str] = frozenset()
    efforts: tuple[str, ...] = EFFORTS

    @property
    def is_free(self) -> bool:
        """Whether neither prompt nor completion costs anything."""
        return self.prompt_price == 0 and self.completion_price == 0

    @property
    def can_reason(self) -> bool:
        """Whether it takes a `reasoning` field."""
        return "reasoning" in self.parameters


def get_models(base_url: str, *, timeout: Timeout = (5, 20)) -> tuple[Model, ...]:
    """Fetch the catalogue, in OpenRouter's order. An entry that cannot be one is left out.

    Raises `Unreachable`, `TimedOut`, `InvalidResponse` if it holds no model at all, or
    `OpenRouterError` with any other status than 200.
    """
    entries = get_data(f"{base_url}/api/v1/models", timeout=timeout)
    listed = map(_model, entries[:MAX_MODELS]) if isinstance(entries, list) else ()
    models = {model.id: model for model in listed if model}
    if not models:
        raise InvalidResponse(status=200)
    return tuple(models.values())


def _model(entry: Any) -> Model | None:
    if not isinstance(entry, Mapping) or not is_model_id(model_id := entry.get("id")):
        return None
    architecture, pricing = _mapping(entry, "architecture"), _mapping(entry, "pricing")
    efforts = _texts(_mapping(entry, "reasoning").get("supported_efforts"))
    return Model(
        id=model_id,
        name=one_line(entry.get("name"), 100) or model_id,
        context_length=_tokens(entry.get("context_length")),
        prompt_price=_price(pricing.get("prompt")),
        completion_price=_price(pricing.get("completion")),
        inputs=_texts(architecture.get("input_modalities")) or ("text",),
        outputs=_texts(architecture.get("output_modalities")) or ("text",),
        max_completion_tokens=_tokens(_mapping(entry, "top_provider").get("max_completion_tokens")),
        parameters=frozenset(_texts(entry.get("supported_parameters"))),
        efforts=tuple(effort for effort in EFFORTS if effort in efforts) or EFFORTS,
    )


def is_model_id(value: object) -> TypeGuard[str]:
    """Tell whether it has the form of a model's id; nothing in one is special in markdown or HTML."""
    return isinstance(value, str) and _MODEL_ID.fullmatch(value) is not None


_MODEL_ID = re.compile(r"[\w./:~@+-]{1,200}")


def _mapping(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    texts = value[:MAX_TEXTS] if isinstance(value, list) else ()
    return tuple(one_line(text, MAX_TEXT) for text in texts if isinstance(text, str))


def _tokens(value: object) -> int | None:
    count = number(value)
    return int(count) if count and count >= 1 else None


def _price(value: object) -> float | None:
    """A decimal string; routers have "-1"."""
    try:
        price = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return price if 0 <= price < 1_000 else None


class Catalogue:
    """The models, fetched once for everyone who asks, and again when they are `lifetime` old.

    Only the first fetch is waited for; a later one runs beside, and until it ends the models are
    those of before. After a failure the next one comes `pause` later. Both are in seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], Sequence[Model]],
        *,
        lifetime: float = 3_600,
        pause: float = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch, self._clock = fetch, clock
        self._lifetime, self._pause = lifetime, pause
        self._models: dict[str, Model] = {}
        self._lock = threading.Lock()
        self._is_fetching = False
        self._due_at = -math.inf
        self._has_tried = threading.Event()

    def models(self, timeout: float = 0) -> Mapping[str, Model]:
        """Return the models by id, none if they are not there within `timeout` seconds."""
        with self._lock:
            if not self._is_fetching and self._clock() >= self._due_at:
                self._is_fetching = True
                threading.Thread(target=self._refresh, daemon=True).start()
        self._has_tried.wait(timeout)
        return self._models

    def _refresh(self) -> None:
        wait = self._pause
        try:
            self._models = {model.id: model for model in self._fetch()}
            wait = self._lifetime
        except OpenRouterError:
            pass  # those of before stay, and whoever shows none says so
        finally:
            with self._lock:
                self._due_at = self._clock() + wait
                self._is_fetching = False
            self._has_tried.set()
