"""What a chat app asks of OpenRouter again and again: cached, and shared by all users."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from weakref import WeakValueDictionary

from .cache import Cache
from .errors import OpenRouterError
from .models import Model, get_model, get_models, is_preset, routed_variant_of
from .providers import Provider, get_providers, get_zdr_models

MAX_USERS = 200
"""Users whose catalogues are held; equal ones take the memory of one."""
MAX_RESOLVED = 500
"""Ids that are in no catalogue, and were asked for by themselves."""


class Models(dict[str, Model]):
    """Models by id."""


class Catalogue:
    """The models, the providers, and which models keep nothing, each fetched once an hour.

    All methods return at once what there is, and wait at most `timeout` seconds for what was never
    fetched. Keys are held as digests.
    """

    def __init__(self, base_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._base_url = base_url
        self._public = Cache[Models](clock=clock)
        self._users = Cache[Models | None](max_size=MAX_USERS, clock=clock)
        self._distinct: WeakValueDictionary[tuple[Model, ...], Models] = WeakValueDictionary()
        self._resolved = Cache[tuple[Model, ...]](max_size=MAX_RESOLVED, clock=clock)
        self._zdr = Cache[frozenset[str]](clock=clock)
        self._providers = Cache[Mapping[str, Provider]](clock=clock)

    def models(self, key: str = "", *, timeout: float = 0) -> Mapping[str, Model]:
        """Return the models that the user of a key may use; without one, or at a failure, all."""
        ends_at = time.monotonic() + timeout
        models = None
        if key:
            models = self._users.get(_digest(key), lambda: self._fetch_own(key), timeout=timeout)
        if models is None:
            remaining = max(0.0, ends_at - time.monotonic())
            models = self._public.get("", lambda: self._fetch(""), timeout=remaining)
        return models or {}

    def _fetch(self, key: str) -> Models:
        models = get_models(self._base_url, key)
        return self._distinct.setdefault(models, Models((model.id, model) for model in models))

    def _fetch_own(self, key: str) -> Models | None:
        try:
            return self._fetch(key)
        except OpenRouterError as error:
            if error.status in (403, 404):  # not for this key, or not at this server
                return None
            raise

    def resolve(self, key: str, model_id: str, *, timeout: float = 0) -> Model | None:
        """Return the model that an id stands for, under this id; None if it is not known yet.

        The id may be an alias, a variant, or a preset. Raises `LookupError` if OpenRouter has no
        such model.
        """
        models = self.models(key)
        base_id = routed_variant_of(model_id)
        if base := models.get(model_id) or models.get(base_id):
            variant = model_id.removeprefix(base.id).lstrip(":@")
            name = f"{base.name} ({variant})" if variant else base.name
            return replace(base, id=model_id, name=name)
        asked = model_id if is_preset(base_id) else base_id
        found = self._resolved.get(
            (_digest(key), asked), lambda: self._fetch_model(key, asked), timeout=timeout
        )
        if found == () and not is_preset(model_id):
            raise LookupError(model_id)
        return replace(found[0], id=model_id) if found else None

    def _fetch_model(self, key: str, model_id: str) -> tuple[Model, ...]:
        """Fetch a model; nothing if there is none of this id."""
        try:
            return (get_model(self._base_url, key, model_id),)
        except ValueError:
            return ()
        except OpenRouterError as error:
            if error.status in (400, 404):
                return ()
            raise

    def keeps_nothing(self, key: str, *, timeout: float = 0) -> Callable[[Model], bool] | None:
        """Return what tells whether a model can be asked without anything being kept.

        A router can: it selects among the providers that the request allows. None if unknown.
        """
        ids = self._zdr.get("", lambda: get_zdr_models(self._base_url, key), timeout=timeout)
        if ids is None:
            return None

        def keeps_nothing(model: Model) -> bool:
            # The permanent name of a free variant is that of the model, whose providers are others.
            slug = "" if ":free" in model.id else model.slug
            names = {model.id, routed_variant_of(model.id), slug, model.target}
            return model.is_router or not ids.isdisjoint(names)

        return keeps_nothing

    def providers(self, key: str = "", *, timeout: float = 0) -> Mapping[str, Provider]:
        """Return the providers by name; none if they are not known yet."""
        fetched = self._providers.get(
            "", lambda: get_providers(self._base_url, key), timeout=timeout
        )
        return fetched or {}


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
