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
"""The values of `reasoning.effort`."""
MAX_MODELS = 5_000
"""Models of the catalogue, which has about 350."""
MAX_LIST_ITEMS = 50
"""Items of a list in a model's entry, such as its parameters."""
MAX_ITEM_LENGTH = 40
"""Characters of such an item."""


@dataclass(frozen=True)
class Model:
    """A model of the catalogue.

    Prices are in USD per token, None if they vary; `context_length` and `max_completion_tokens`
    are in tokens, None if unknown; `inputs` and `outputs` are `text`, `image`,
    `file`, `audio`, …; `parameters` are the fields of a request that it supports.
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
        """Whether prompt and completion cost nothing."""
        return self.prompt_price == 0 and self.completion_price == 0

    @property
    def can_reason(self) -> bool:
        """Whether a request may have a `reasoning` field."""
        return "reasoning" in self.parameters


def get_models(base_url: str, *, timeout: Timeout = (5, 20)) -> tuple[Model, ...]:
    """Fetch the catalogue, in OpenRouter's order. Invalid entries are left out.

    Raises `Unreachable`, `TimedOut`, `InvalidResponse` if no entry is valid, or
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
    efforts = _strings(_mapping(entry, "reasoning").get("supported_efforts"))
    return Model(
        id=model_id,
        name=one_line(entry.get("name"), 100) or model_id,
        context_length=_tokens(entry.get("context_length")),
        prompt_price=_price(pricing.get("prompt")),
        completion_price=_price(pricing.get("completion")),
        inputs=_strings(architecture.get("input_modalities")) or ("text",),
        outputs=_strings(architecture.get("output_modalities")) or ("text",),
        max_completion_tokens=_tokens(_mapping(entry, "top_provider").get("max_completion_tokens")),
        parameters=frozenset(_strings(entry.get("supported_parameters"))),
        efforts=tuple(effort for effort in EFFORTS if effort in efforts) or EFFORTS,
    )


def is_model_id(value: object) -> TypeGuard[str]:
    """Return whether a value has the form of a model id, without special characters of HTML."""
    return isinstance(value, str) and _MODEL_ID.fullmatch(value) is not None


_MODEL_ID = re.compile(r"[\w./:~@+-]{1,200}")


def _mapping(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, Mapping) else {}


def _strings(value: object) -> tuple[str, ...]:
    texts = value[:MAX_LIST_ITEMS] if isinstance(value, list) else ()
    return tuple(one_line(text, MAX_ITEM_LENGTH) for text in texts if isinstance(text, str))


def _tokens(value: object) -> int | None:
    count = number(value)
    return int(count) if count and count >= 1 else None


def _price(value: object) -> float | None:
    """Parse a decimal string; None for the "-1" of routers."""
    try:
        price = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return price if 0 <= price < 1_000 else None


class Catalogue:
    """A cache of the models, fetched again when it is `lifetime` seconds old.

    Callers wait only for the first fetch; a later one runs in the background, and until it ends
    they get the previous models. After a failure, the next fetch is made `pause` seconds later.
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
        """Return the models by id; none if the first fetch takes more than `timeout` seconds."""
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
            pass  # the previous models stay
        finally:
            with self._lock:
                self._due_at = self._clock() + wait
                self._is_fetching = False
            self._has_tried.set()
