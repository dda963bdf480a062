"""The choice of the model and its parameters."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import streamlit as st

from lib.markdown.streamlit import escape_markdown
from lib.openrouter.chat import ChatRequest
from lib.openrouter.models import Catalogue, Model, get_models, is_model_id
from lib.settings import MAX_COMPARED, Settings
from lib.ui.formatting import small, usd
from lib.ui.session import Session
from lib.ui.widgets import keep_popover_open, set_first_widget_value, set_widget_value, widget_value

CATALOGUE_TIMEOUT_S = 5
"""The first chat page waits for the catalogue so long, and then goes on without it."""
MAX_FALLBACKS = 2
MAX_INSTRUCTIONS_LENGTH = 20_000

ANY = ("text", "image", "file", "audio")
"""The inputs of a model that is not in the catalogue."""
PDF_ENGINES = {
    "cloudflare-ai": "as text, for nothing",
    "mistral-ocr": "by OCR, for scans (costs extra)",
    "native": "by the model itself",
}

_FILTERS: Mapping[str, Callable[[Model], bool]] = {
    "Free": lambda model: model.is_free,
    "Takes images": lambda model: "image" in model.inputs,
    "Takes files": lambda model: "file" in model.inputs,
    "Reasoning": lambda model: model.can_reason,
}


# Not one of Streamlit's caches: any visitor's browser may clear those.
@lru_cache(maxsize=8)
def _catalogue(base_url: str) -> Catalogue:
    """Return the catalogue that all sessions of the process share."""
    return Catalogue(lambda: get_models(base_url))


def prepare(settings: Settings, session: Session) -> None:
    """Start fetching the catalogue, and choose the model of the query (`?model=…`)."""
    _catalogue(settings.base_url).models()
    named = st.query_params.get("model")
    if is_model_id(named):
        session.chat.model = named


def query(session: Session) -> dict[str, str]:
    """Return the query that keeps the chosen model in a link to the chat."""
    return {"model": session.chat.model} if session.chat.model else {}


def find(settings: Settings, model: str) -> Model:
    """Return a model of the catalogue; for one that is not there, its id alone."""
    return _catalogue(settings.base_url).models().get(model) or Model(model, model, inputs=ANY)


def render_choice(settings: Settings, session: Session) -> None:
    """Render the button that opens the choice of the model and its parameters.

    The content is rendered only while it is open: it is the larger part of the page.
    """
    known = _catalogue(settings.base_url).models(CATALOGUE_TIMEOUT_S)
    chosen = session.chat.model or settings.model
    model = known.get(chosen) or Model(chosen, chosen)
    set_first_widget_value("instructions", settings.instructions or "")
    opened = st.popover(
        escape_markdown(model.name), icon=":material/tune:", key="choice", on_change="rerun"
    )
    if opened.open:
        with opened:
            _render_fields(session, known, model)
    if known and chosen not in known:
        st.warning(
            f"OpenRouter's list has no model `{chosen}`. Choose another above.",
            icon=":material/help:",
        )


def chosen_request(settings: Settings, session: Session) -> ChatRequest:
    """Return the request that follows from the choice, without messages; in a callback, too."""
    chosen = session.chat.model or settings.model
    model = _catalogue(settings.base_url).models().get(chosen) or Model(chosen, chosen)
    engines, engine_key = _pdf_engines(model)
    return ChatRequest(
        model=chosen,
        instructions=widget_value("instructions", settings.instructions or "").strip(),
        fallbacks=[name for name in widget_value("fallbacks", []) if name != chosen],
        parameters=_parameters(model),
        web_search=widget_value("web_search", default=False),
        pdf_engine=widget_value(engine_key, engines[0]),
        stream=widget_value("stream", default=True),
    )


def _render_fields(session: Session, known: Mapping[str, Model], model: Model) -> None:
    if known:
        _render_picker(session, known, model)
    else:
        st.warning(
            "The list of models could not be loaded just now. The chat works with "
            f"`{model.id}`; reload in a minute to choose another.",
            icon=":material/cloud_off:",
        )
    st.multiselect(
        "If it fails, ask instead",
        [name for name in known if name != model.id],
        key="fallbacks",
        persist_state="session",
        max_selections=MAX_FALLBACKS,
        placeholder="One or two other models, in this order",
    )
    st.text_area(
        "Instructions",
        key="instructions",
        persist_state="session",
        max_chars=MAX_INSTRUCTIONS_LENGTH,
        placeholder="How the model should answer, for the whole conversation",
    )
    _render_parameters(model)
    st.toggle("Search the web (costs extra)", key="web_search", persist_state="session")
    st.toggle(
        "Stream the answer",
        value=True,
        key="stream",
        persist_state="session",
        help="Off: nothing is shown until the answer is whole.",
    )
    engines, key = _pdf_engines(model)
    st.selectbox(
        "PDFs are read",
        engines,
        format_func=PDF_ENGINES.__getitem__,
        key=key,
        persist_state="session",
    )


def _render_picker(session: Session, known: Mapping[str, Model], model: Model) -> None:
    def choose() -> None:
        session.chat.model = widget_value("model")
        st.query_params["model"] = session.chat.model
        keep_popover_open("choice")

    wanted = st.pills(
        "Show only", _FILTERS, selection_mode="multi", key="filters", persist_state="session"
    )
    fitting = [m.id for m in known.values() if all(_FILTERS[name](m) for name in wanted)]
    # The chosen model stays among the options: a filter must not change it.
    options = fitting if model.id in fitting else [model.id, *fitting]
    set_widget_value("model", model.id)
    st.selectbox(
        f"Model ({len(fitting)} to choose from)",
        options,
        format_func=lambda name: label(known.get(name) or Model(name, name)),
        key="model",
        on_change=choose,
    )
    small(f"`{model.id}`  \n{describe(model)}")


def render_compared_choice(settings: Settings, session: Session) -> list[str]:
    """Render the choice of the models to compare; return their ids."""
    known = _catalogue(settings.base_url).models(CATALOGUE_TIMEOUT_S)
    if not known:
        st.warning(
            "The list of models could not be loaded just now, so there are none to compare; reload "
            "in a minute.",
            icon=":material/cloud_off:",
        )
        return []
    first = settings.compared_models or (session.chat.model or settings.model,)
    set_first_widget_value("compared", [model for model in first if model in known])
    if session.comparison.was_restored:  # by the tab: its models are chosen again
        set_widget_value(
            "compared", [model for model in session.comparison.conversations if model in known]
        )
        session.comparison.was_restored = False
    return st.multiselect(
        "Models",
        list(known),
        key="compared",
        persist_state="session",
        max_selections=MAX_COMPARED,
        format_func=lambda name: " · ".join((known[name].name, _prices(known[name]), name)),
        placeholder=f"Two to {MAX_COMPARED} models",
    )


def plain_request(settings: Settings, model: str) -> ChatRequest:
    """Return a request to a model with the instructions of the settings, and no parameters."""
    return ChatRequest(model, instructions=settings.instructions or "")


def _pdf_engines(model: Model) -> tuple[list[str], str]:
    """Return how PDFs can be read for a model, and the key of the widget."""
    engines = [name for name in PDF_ENGINES if name != "native" or "file" in model.inputs]
    return engines, f"pdf_engine_{len(engines)}"


def _max_answer_tokens(model: Model) -> int:
    return model.max_completion_tokens or model.context_length or 1_000_000


def _parameter_keys(model: Model) -> dict[str, str]:
    """Return the parameters that a model supports, each with the key of its widget.

    A widget whose bounds depend on the model has another key for each.
    """
    keys = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_tokens": f"max_tokens_{_max_answer_tokens(model)}",
        "seed": "seed",
        "reasoning": f"effort_{'_'.join(model.efforts)}",
    }
    return {name: key for name, key in keys.items() if name in model.parameters}


def _parameters(model: Model) -> dict[str, Any]:
    """Return the parameters that are set, as fields of a request."""
    given = {name: widget_value(key) for name, key in _parameter_keys(model).items()}
    if effort := given.get("reasoning"):
        given["reasoning"] = {"effort": effort}
    if "image" in model.outputs:
        given["modalities"] = ["image", "text"]
    return {name: value for name, value in given.items() if value is not None}


def _render_parameters(model: Model) -> None:
    """Render the parameters that the model supports.

    Bounds: https://openrouter.ai/docs/api-reference/parameters.
    """
    keys = _parameter_keys(model)
    options: dict[str, Any] = {"persist_state": "session", "placeholder": "the model's own"}
    left, right = st.columns(2)
    if key := keys.get("temperature"):
        left.number_input("Temperature", 0.0, 2.0, None, 0.1, key=key, **options)
    if key := keys.get("top_p"):
        right.number_input("top_p", 0.0, 1.0, None, 0.05, key=key, **options)
    if key := keys.get("max_tokens"):
        maximum = _max_answer_tokens(model)
        left.number_input("Longest answer (max_tokens)", 1, maximum, None, key=key, **options)
    if key := keys.get("seed"):
        right.number_input("Seed", 0, 2**31 - 1, None, key=key, **options)
    if key := keys.get("reasoning"):
        st.selectbox("Reasoning effort", model.efforts, index=None, key=key, **options)


def label(model: Model) -> str:
    """Return a model in one line of plain text, for searching: name, price, context, inputs, outputs, id."""
    parts = [model.name, _prices(model)]
    if model.context_length:
        parts.append(_short(model.context_length))
    flow = f"{'+'.join(model.inputs)} → {'+'.join(model.outputs)}"
    return " · ".join([*parts, flow, model.id])


def describe(model: Model) -> str:
    """Return price, context, inputs and outputs of a model as markdown."""
    prices = _prices(model).replace("$", r"\$")
    context = f"{model.context_length:,} tokens of context" if model.context_length else ""
    per = "" if model.is_free or "/" not in prices else " for a million prompt / completion tokens"
    flow = f"{', '.join(map(escape_markdown, model.inputs))} → {', '.join(map(escape_markdown, model.outputs))}"
    return " · ".join(filter(None, [prices + per, context, flow]))


def _prices(model: Model) -> str:
    if model.is_free:
        return "free"
    if model.prompt_price is None or model.completion_price is None:
        return "price varies"
    prompt, completion = (
        usd(price * 1e6) for price in (model.prompt_price, model.completion_price)
    )
    return f"{prompt} / {completion}".replace("\\", "")


def _short(tokens: int) -> str:
    return f"{tokens / 1e6:.3g}M" if tokens >= 1e6 else f"{tokens / 1e3:.0f}K"
