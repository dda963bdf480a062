"""Which model answers, and how: the picker over the catalogue, fallbacks and parameters."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lib.answer_markdown import literal
from lib.openrouter.chat import ChatRequest
from lib.openrouter.models import Catalogue, Model, get_models, is_model_id
from lib.settings import MOST_COMPARED, Settings
from lib.ui.session import Session, set_first_widget_value, set_widget_value, widget_value
from lib.ui.text import small, usd

PATIENCE = 5
"""Seconds that the first chat page waits for the catalogue; without it the chat goes on."""
MOST_FALLBACKS = 2
LONGEST_INSTRUCTIONS = 20_000

ANY = ("text", "image", "file", "audio")
"""What a model that is not in the catalogue may take in."""
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


@st.cache_resource
def _catalogue(base_url: str) -> Catalogue:
    """One for the process: all sessions share it."""
    return Catalogue(lambda: get_models(base_url))


def prepare(settings: Settings, session: Session) -> None:
    """Have the catalogue on its way, and take the model that the address names (`?model=…`)."""
    _catalogue(settings.base_url).models()
    named = st.query_params.get("model")
    if is_model_id(named):
        session.model = named


def address(session: Session) -> dict[str, str]:
    """Return the query with which a link to the chat keeps the choice."""
    return {"model": session.model} if session.model else {}


def find(settings: Settings, model: str) -> Model:
    """Return what the catalogue says of a model; of one that it has not, just the name."""
    return _catalogue(settings.base_url).models().get(model) or Model(model, model, inputs=ANY)


def show_choice(settings: Settings, session: Session) -> ChatRequest:
    """Show the button that opens the choice; return the request that follows, without messages."""
    known = _catalogue(settings.base_url).models(PATIENCE)
    chosen = session.model or settings.model
    model = known.get(chosen) or Model(chosen, chosen)
    with st.popover(literal(model.name), icon=":material/tune:", key="choice"):
        if known:
            _show_picker(session, known, model)
        else:
            st.warning(
                "The list of models could not be loaded just now. The chat works with "
                f"`{chosen}`; reload in a minute to choose another.",
                icon=":material/cloud_off:",
            )
        fallbacks = _show_fallbacks(known, model)
        set_first_widget_value("instructions", settings.instructions or "")
        instructions = st.text_area(
            "Instructions",
            key="instructions",
            persist_state="session",
            max_chars=LONGEST_INSTRUCTIONS,
            placeholder="How the model should answer, for the whole conversation",
        )
        parameters = _show_parameters(model)
        web_search = st.toggle(
            "Search the web (costs extra)", key="web_search", persist_state="session"
        )
        pdf_engine = _show_pdf_engine(model)
    if known and chosen not in known:
        st.warning(
            f"OpenRouter's list has no model `{chosen}`. Choose another above.",
            icon=":material/help:",
        )
    return ChatRequest(
        model=chosen,
        instructions=instructions.strip(),
        fallbacks=fallbacks,
        parameters=parameters,
        web_search=web_search,
        pdf_engine=pdf_engine,
    )


def _show_picker(session: Session, known: Mapping[str, Model], model: Model) -> None:
    def choose() -> None:
        session.model = widget_value("model")
        st.query_params["model"] = session.model

    wanted = st.pills("Show only", _FILTERS, selection_mode="multi", key="filters")
    fitting = [m.id for m in known.values() if all(_FILTERS[name](m) for name in wanted)]
    # Whatever the filters say, the model in force stays: no click on a filter may change it.
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


def _show_fallbacks(known: Mapping[str, Model], model: Model) -> list[str]:
    return st.multiselect(
        "If it fails, ask instead",
        [name for name in known if name != model.id],
        key="fallbacks",
        persist_state="session",
        max_selections=MOST_FALLBACKS,
        placeholder="One or two other models, in this order",
    )


def show_several(settings: Settings, session: Session) -> list[str]:
    """Show the choice of the models to compare; return their ids."""
    known = _catalogue(settings.base_url).models(PATIENCE)
    first = settings.compared_models or (session.model or settings.model,)
    set_first_widget_value("compared", [model for model in first if model in known])
    return st.multiselect(
        "Models",
        list(known),
        key="compared",
        persist_state="session",
        max_selections=MOST_COMPARED,
        format_func=lambda name: " · ".join((known[name].name, _prices(known[name]), name)),
        placeholder=f"Two to {MOST_COMPARED} models",
    )


def plain_request(settings: Settings, model: str) -> ChatRequest:
    """Return a request to a model with the app's own instructions, and nothing else set."""
    return ChatRequest(model, instructions=settings.instructions or "")


def _show_pdf_engine(model: Model) -> str:
    engines = [name for name in PDF_ENGINES if name != "native" or "file" in model.inputs]
    return st.selectbox(
        "PDFs are read",
        engines,
        format_func=PDF_ENGINES.__getitem__,
        key=f"pdf_engine_{len(engines)}",
        persist_state="session",
    )


def _show_parameters(model: Model) -> dict[str, Any]:
    """Show the fields that the model supports; return those that are set, as a request has them.

    Bounds: https://openrouter.ai/docs/api-reference/parameters.
    """
    longest = model.max_completion_tokens or model.context_length or 1_000_000
    keep: dict[str, Any] = {"persist_state": "session", "placeholder": "the model's own"}
    given: dict[str, Any] = {}
    supported = model.parameters
    left, right = st.columns(2)
    if "temperature" in supported:
        given["temperature"] = left.number_input(
            "Temperature", 0.0, 2.0, None, 0.1, key="temperature", **keep
        )
    if "top_p" in supported:
        given["top_p"] = right.number_input("top_p", 0.0, 1.0, None, 0.05, key="top_p", **keep)
    if "max_tokens" in supported:
        given["max_tokens"] = left.number_input(
            "Longest answer (max_tokens)", 1, longest, None, key=f"max_tokens_{longest}", **keep
        )
    if "seed" in supported:
        given["seed"] = right.number_input("Seed", 0, 2**31 - 1, None, key="seed", **keep)
    if model.can_reason:
        effort = st.selectbox(
            "Reasoning effort",
            model.efforts,
            index=None,
            key=f"effort_{'_'.join(model.efforts)}",
            **keep,
        )
        given["reasoning"] = {"effort": effort} if effort else None
    if "image" in model.outputs:
        given["modalities"] = ["image", "text"]
    return {name: value for name, value in given.items() if value is not None}


def label(model: Model) -> str:
    """Return a model in one line of plain text: what one searches for, and what it costs."""
    parts = [model.name, _prices(model)]
    if model.context_length:
        parts.append(_short(model.context_length))
    flow = f"{'+'.join(model.inputs)} → {'+'.join(model.outputs)}"
    return " · ".join([*parts, flow, model.id])


def describe(model: Model) -> str:
    """Return in markdown what a model costs, how much it reads, what it takes in and puts out."""
    prices = _prices(model).replace("$", r"\$")
    context = f"{model.context_length:,} tokens of context" if model.context_length else ""
    per = "" if model.is_free or "/" not in prices else " for a million prompt / completion tokens"
    flow = f"{', '.join(map(literal, model.inputs))} → {', '.join(map(literal, model.outputs))}"
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
