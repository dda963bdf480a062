"""The choice of the models to compare."""

from collections.abc import Iterable, Mapping

import streamlit as st

from lib.openrouter.models import Model
from lib.settings import MAX_COMPARED, Settings
from lib.ui import catalogue, data_policy
from lib.ui.catalogue import CATALOGUE_TIMEOUT_S
from lib.ui.model_labels import is_expiring, short_label
from lib.ui.session import Session
from lib.ui.widgets import set_first_widget_value, set_widget_value, widget_value

KEY, BLIND_KEY = "compared", "blind"
"""Of the widgets."""
STARTING_COUNT = 3
WELL_KNOWN = ("openai", "anthropic", "google", "mistralai", "deepseek", "qwen", "meta-llama")
"""Makers whose models come first, if they have a cheap one."""
MAX_STARTING_PRICE = 5e-6
"""USD for a token of the answer."""


def maker_of(model_id: str) -> str:
    """Return the maker of a model, also of an alias."""
    return model_id.removeprefix("~").split("/")[0]


def newest_by_maker(models: Iterable[Model]) -> list[str]:
    """Return the newest cheap model of each maker, a free one only if there is no other."""
    fitting = [model for model in models if _is_fitting(model)]
    newest = sorted(fitting, key=lambda model: (model.pricing.is_free, -model.created_at))
    by_maker: dict[str, str] = {}
    for model in newest:
        by_maker.setdefault(maker_of(model.id), model.id)
    makers = dict.fromkeys([*WELL_KNOWN, *by_maker])
    return [by_maker[maker] for maker in makers if maker in by_maker]


def _is_fitting(model: Model) -> bool:
    """Return whether a model is cheap, stays, and answers a text with text alone."""
    price = model.pricing.completion
    is_plain = "text" in model.inputs and model.outputs == ("text",)
    is_variant = ":" in model.id.removesuffix(":free") or model.id.startswith(("~", "openrouter/"))
    is_cheap = price is not None and price <= MAX_STARTING_PRICE
    return is_plain and is_cheap and not is_variant and not is_expiring(model)


def wanted_models() -> list[str]:
    """Return what is chosen at this moment; in a callback."""
    chosen: list[str] = widget_value(KEY, [])
    return chosen


def is_blind() -> bool:
    """Return whether the models are to be hidden; in a callback."""
    return bool(widget_value(BLIND_KEY, default=False))


def render_choice(settings: Settings, session: Session) -> list[str]:
    """Render the choice of the models, and whether they are hidden; return their ids."""
    known = catalogue.models(settings, session, timeout=CATALOGUE_TIMEOUT_S)
    if not known:
        st.warning(
            "The list of models could not be loaded just now, so there are none to compare; reload "
            "in a minute.",
            icon=":material/cloud_off:",
        )
        return []
    comparison = session.comparison.comparison
    allowed = data_policy.allowed(settings, session, comparison.data_policy, known)
    _set_first_values(settings, session, known, allowed)
    chosen = [name for name in wanted_models() if name in known]
    models = st.multiselect(
        "Models",
        list(dict.fromkeys([*allowed, *chosen])),
        key=KEY,
        persist_state="session",
        max_selections=MAX_COMPARED,
        format_func=lambda name: short_label(known.get(name) or Model(name, name)),
        placeholder=f"Two to {MAX_COMPARED} models",
    )
    st.toggle(
        "Blind",
        key=BLIND_KEY,
        persist_state="session",
        help="Hides which model is which, their costs and times, until you have voted.",
    )
    return models


def _set_first_values(
    settings: Settings, session: Session, known: Mapping[str, Model], allowed: Mapping[str, Model]
) -> None:
    """Choose the models that a session begins with, or those of the comparison that was opened."""
    state = session.comparison
    first = [model for model in settings.compared_models if model in known]
    set_first_widget_value(KEY, first or newest_by_maker(allowed.values())[:STARTING_COUNT])
    if state.resets_choice:
        models, is_hidden = state.comparison.models, state.comparison.hides_models
        # In the order of the answers they would say which is whose.
        models = sorted(models) if is_hidden else models
        set_widget_value(KEY, [model for model in models if model in known])
        set_widget_value(BLIND_KEY, is_hidden)
        state.resets_choice = False
