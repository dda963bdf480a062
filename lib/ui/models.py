"""The choice of the model and its settings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import streamlit as st

from lib.demo_link import DemoLink, read_demo_link
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.models import Model, is_model_id
from lib.openrouter.request import (
    MAX_SEARCH_RESULTS,
    MAX_SEARCHES,
    USD_PER_SEARCH_RESULT,
    ChatRequest,
)
from lib.openrouter.untrusted import one_line
from lib.settings import Settings
from lib.ui import catalogue, data_policy, parameters
from lib.ui.catalogue import CATALOGUE_TIMEOUT_S
from lib.ui.formatting import small, usd
from lib.ui.model_labels import describe, expiry, label
from lib.ui.session import Session
from lib.ui.widgets import keep_popover_open, set_first_widget_value, set_widget_value, widget_value

PANEL_WIDTH_PX = 640
"""If there is room; the labels of models are long."""
MAX_FALLBACKS = 2
MAX_INSTRUCTIONS_LENGTH = 20_000

PDF_ENGINES = {
    "cloudflare-ai": "as text, for nothing",
    "mistral-ocr": "by OCR, for scans (costs extra)",
    "native": "by the model itself",
}

_FILTERS: Mapping[str, Callable[[Model], bool]] = {
    "Free": lambda model: model.pricing.is_free,
    "Takes images": lambda model: "image" in model.inputs,
    "Takes files": lambda model: "file" in model.inputs,
    "Reasoning": lambda model: model.can_reason,
}


def prepare(settings: Settings, session: Session) -> None:
    """Start fetching the catalogue, and take the link of the query, with its model (`?model=…`).

    A link names a model of OpenRouter, which the sandbox may not have.
    """
    catalogue.models(settings, session)
    link = replace(read_demo_link(st.query_params), presents=False)  # presenting.py has it
    if link != DemoLink():
        session.demo_link = replace(link, model=link.model or session.demo_link.model)
    if link.model and not (
        session.is_in_sandbox
        and catalogue.is_missing(settings, session, link.model, timeout=CATALOGUE_TIMEOUT_S)
    ):
        session.chat.model = link.model


def linked_settings(settings: Settings, session: Session) -> Settings:
    """Return the settings as the session's link has them, without models that the sandbox lacks."""
    link = session.demo_link
    if session.is_in_sandbox:
        known = catalogue.models(settings, session, timeout=CATALOGUE_TIMEOUT_S)
        compared = tuple(model for model in link.compared_models if model in known)
        link = replace(link, compared_models=compared)
    return link.apply(settings)


def query(session: Session, *, with_model: bool = True) -> dict[str, str]:
    """Return the query that keeps the chosen model, the link, and the projector's type in a link."""
    model = (session.chat.model or session.demo_link.model) if with_model else ""
    return replace(session.demo_link, model=model, presents=session.is_presenting).query()


def chosen_request(settings: Settings, session: Session) -> ChatRequest:
    """Return the request that follows from the choice, without messages; in a callback, too."""
    model = catalogue.find(settings, session, session.chat.model or settings.model)
    engines, engine_key = _pdf_engines(model)
    request = plain_request(settings, session, model.id)
    return replace(
        request,
        instructions=widget_value("instructions", settings.instructions or "").strip(),
        fallbacks=[name for name in widget_value("fallbacks", []) if name != model.id],
        parameters=parameters.fields(model, session.chat.parameters),
        web_search=model.can_search and widget_value("web_search", default=False),
        pdf_engine=widget_value(engine_key, engines[0]),
        stream=widget_value("stream", default=True),
    )


def plain_request(settings: Settings, session: Session, model_id: str) -> ChatRequest:
    """Return a request to a model with the instructions of the settings, and no parameters."""
    model = catalogue.find(settings, session, model_id)
    instructions = settings.instructions or ""
    return ChatRequest(model_id, instructions=instructions, parameters=parameters.fields(model, {}))


def render_choice(settings: Settings, session: Session) -> None:
    """Render the button that opens the choice of the model and its settings.

    The content is rendered only while it is open: it is the larger part of the page.
    """
    known = catalogue.models(settings, session, timeout=CATALOGUE_TIMEOUT_S)
    chosen = session.chat.model or settings.model
    model = catalogue.find(settings, session, chosen, timeout=CATALOGUE_TIMEOUT_S if known else 0)
    policy = session.chat.conversation.data_policy
    allowed = data_policy.allowed(settings, session, policy, known)
    set_first_widget_value("instructions", settings.instructions or "")
    opened = st.popover(
        escape_markdown(model.name), icon=":material/tune:", key="choice", on_change="rerun"
    )
    if opened.open:
        with opened, st.container(width=PANEL_WIDTH_PX):
            if known:
                _render_picker(session, allowed, model)
            else:
                _render_no_catalogue(model)
            more = st.expander("More settings", key="more_settings", on_change="rerun")
            if more.open:
                with more:
                    _render_settings(settings, session, allowed, model)
    if known and catalogue.is_missing(settings, session, chosen):
        st.warning(
            f"OpenRouter has no model `{chosen}`. Choose another above.", icon=":material/help:"
        )


def typed_model_id(typed: str, site_url: str) -> str:
    """Return the model id that was typed, also as the address of a page; empty if it is none."""
    name = typed.strip()
    try:
        page = urlsplit(name)
    except ValueError:
        return ""
    if page.netloc.removeprefix("www.") == urlsplit(site_url).netloc:
        name = "/".join(unquote(page.path).split("/")[1:3])
    return name if "/" in name and is_model_id(name) else ""


def _render_no_catalogue(model: Model) -> None:
    st.warning(
        "The list of models could not be loaded just now. The chat works with "
        f"`{model.id}`; reload in a minute to choose another.",
        icon=":material/cloud_off:",
    )


def _choose(session: Session, name: str) -> None:
    """Choose a model, and keep the popover open; in a callback."""
    session.chat.model, session.chat.model_failure = name, ""
    st.query_params["model"] = name
    keep_popover_open("choice")


def _render_picker(session: Session, known: Mapping[str, Model], model: Model) -> None:
    def choose() -> None:
        _choose(session, widget_value("model"))

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
        format_func=lambda name: label(
            model if name == model.id else known.get(name) or Model(name, name)
        ),
        key="model",
        on_change=choose,
    )
    target = f"  \nStands for `{model.target}` at the moment." if model.target else ""
    small(f"`{model.id}`  \n{describe(model)}{target}")
    if sentence := expiry(model):
        small(f":material/event_busy: {sentence}")


def _render_settings(
    settings: Settings, session: Session, known: Mapping[str, Model], model: Model
) -> None:
    _render_typed_model(settings, session)
    policy = session.chat.conversation.data_policy
    others = dict.fromkeys([*known, *widget_value("fallbacks", [])])
    st.multiselect(
        "If it fails, ask instead",
        [name for name in others if name != model.id],
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
    parameters.render(session, model)
    _render_web_search(model)
    data_policy.render_note(settings, policy, "Web search: its service")
    st.toggle(
        "Stream the answer",
        value=True,
        key="stream",
        persist_state="session",
        help="Off: nothing is shown until the answer is whole.",
    )
    engines, key = _pdf_engines(model)
    engine = st.selectbox(
        "PDFs are read",
        engines,
        format_func=PDF_ENGINES.__getitem__,
        key=key,
        persist_state="session",
    )
    if engine != "native":
        data_policy.render_note(settings, policy, "This reader of PDFs")


def _render_typed_model(settings: Settings, session: Session) -> None:
    """Render the field for a model that the list does not have."""

    def choose() -> None:
        typed = widget_value("typed_model", "")
        if name := typed_model_id(typed, settings.base_url):
            _choose(session, name)
            set_widget_value("typed_model", "")
        else:
            session.chat.model_failure = one_line(typed, 100)

    st.text_input(
        "Another model, by its id",
        key="typed_model",
        max_chars=300,
        on_change=choose,
        placeholder="~openai/gpt-latest, openai/gpt-5:nitro, @preset/name",
        help="An alias, a variant, or a preset of yours; also the address of a model's page.",
    )
    if session.chat.model_failure:
        failure = escape_markdown(session.chat.model_failure)
        small(f":material/error: “{failure}” is not a model id, such as `openai/gpt-5`.")


def _render_web_search(model: Model) -> None:
    is_on = st.toggle(
        "Search the web (costs extra)",
        key="web_search",
        persist_state="session",
        disabled=not model.can_search,
    )
    if not model.can_search:
        small("Not used, as this model cannot search." if is_on else "This model cannot search.")
        return
    prices = dict(model.pricing.others)
    most = MAX_SEARCHES * MAX_SEARCH_RESULTS * USD_PER_SEARCH_RESULT
    own = (
        f", or {usd(price)} a search by the model's provider"
        if (price := prices.get("web_search"))
        else ", unless the model's provider searches itself, at a price of its own"
    )
    small(
        f"Up to {MAX_SEARCHES} searches for an answer: {usd(most)} at most at "
        f"{usd(USD_PER_SEARCH_RESULT)} a result{own}."
    )


def _pdf_engines(model: Model) -> tuple[list[str], str]:
    """Return how PDFs can be read for a model, and the key of the widget."""
    engines = [name for name in PDF_ENGINES if name != "native" or "file" in model.inputs]
    return engines, f"pdf_engine_{len(engines)}"
