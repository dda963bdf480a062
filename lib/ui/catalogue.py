"""The models and providers, fetched once for all sessions of the process."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from lib.openrouter.catalogue import Catalogue
from lib.openrouter.models import Model
from lib.openrouter.providers import Provider
from lib.settings import Settings
from lib.ui.session import Session, api_url

CATALOGUE_TIMEOUT_S = 5
"""A page waits for the catalogue so long, and then goes on without it."""
_ANY = ("text", "image", "file", "audio")
"""The inputs of a model that is not known."""


# Not one of Streamlit's caches: any visitor's browser may clear those.
@lru_cache(maxsize=8)
def of(api_url: str) -> Catalogue:
    """Return the catalogue that all sessions of the process share."""
    return Catalogue(api_url)


def _of_user(settings: Settings, session: Session) -> Catalogue:
    return of(api_url(settings, session.user))


def models(settings: Settings, session: Session, *, timeout: float = 0) -> Mapping[str, Model]:
    """Return the models that the user may use, by id; everybody's for one who is signed out."""
    return _of_user(settings, session).models(_key(session), timeout=timeout)


def known(
    settings: Settings, session: Session, model_id: str, *, timeout: float = 0
) -> Model | None:
    """Return a model by its id, which may be an alias or a variant; None if it is unknown."""
    try:
        return _of_user(settings, session).resolve(_key(session), model_id, timeout=timeout)
    except LookupError:
        return None


def find(settings: Settings, session: Session, model_id: str, *, timeout: float = 0) -> Model:
    """Return a model by its id; the id alone if it is unknown."""
    found = known(settings, session, model_id, timeout=timeout)
    return found or Model(model_id, model_id, inputs=_ANY)


def is_missing(settings: Settings, session: Session, model_id: str, *, timeout: float = 0) -> bool:
    """Return whether OpenRouter said that it has no such model."""
    try:
        _of_user(settings, session).resolve(_key(session), model_id, timeout=timeout)
    except LookupError:
        return True
    return False


def keeps_nothing(settings: Settings, session: Session) -> Callable[[Model], bool] | None:
    """Return what tells whether a model can be asked without anything being kept; None if unknown."""
    return _of_user(settings, session).keeps_nothing(_key(session), timeout=CATALOGUE_TIMEOUT_S)


def providers(settings: Settings, session: Session) -> Mapping[str, Provider]:
    """Return the providers by name, as far as they are known yet."""
    return _of_user(settings, session).providers(_key(session))


def _key(session: Session) -> str:
    return session.user.key if session.user else ""
