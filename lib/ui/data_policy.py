"""Who may see it: which providers may get a conversation."""

from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from lib.chat.labels import DATA_POLICY_LABELS as LABELS
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.models import Model
from lib.openrouter.request import DATA_POLICIES, DataPolicy, stricter
from lib.settings import Settings
from lib.ui import catalogue
from lib.ui.formatting import small
from lib.ui.session import Session
from lib.ui.widgets import set_widget_value, widget_value

TITLE = "Who may see it"
KEY = "who_may_see_it"
"""Of the widget."""
_MEANINGS: Mapping[DataPolicy, str] = {
    "any": "any provider that your OpenRouter account allows",
    "no-training": "only providers that do not train on what you write",
    "nothing-kept": "only providers that keep nothing of what you write or of the answers",
}
_HELP = "\n".join(f"- **{LABELS[policy]}**: {_MEANINGS[policy]}" for policy in DATA_POLICIES)


def render_choice(
    settings: Settings,
    session: Session,
    policy: DataPolicy,
    models: Iterable[str],
    choose: Callable[[DataPolicy], None],
) -> None:
    """Render the choice among the policies that the settings allow, for a question to some models."""

    def change() -> None:
        choose(widget_value(KEY))

    options = DATA_POLICIES[DATA_POLICIES.index(settings.data_policy) :]
    if len(options) == 1:
        small(f":material/shield: {TITLE}: {_MEANINGS[options[0]]}.")
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            small(f":material/shield: {TITLE}", help=_HELP)
            set_widget_value(KEY, stricter(policy, settings.data_policy))
            # Not `st.segmented_control`: in the dark theme its choice has too little contrast.
            st.radio(
                TITLE,
                options,
                format_func=LABELS.__getitem__,
                key=KEY,
                on_change=change,
                horizontal=True,
                label_visibility="collapsed",
            )
    found = (catalogue.known(settings, session, model) for model in models)
    asked = {model.id: model for model in found if model}
    able = allowed(settings, session, policy, asked)
    if unable := [escape_markdown(asked[name].name) for name in asked if name not in able]:
        st.warning(
            f"No provider of {' and '.join(unable)} keeps nothing, so OpenRouter would refuse your "
            "question there. Choose another model.",
            icon=":material/shield:",
        )


def allowed(
    settings: Settings, session: Session, policy: DataPolicy, known: Mapping[str, Model]
) -> Mapping[str, Model]:
    """Return the models that can keep a policy, or all, as far as OpenRouter does not list them."""
    if stricter(policy, settings.data_policy) != "nothing-kept":
        return known
    keeps_nothing = catalogue.keeps_nothing(settings, session)
    if keeps_nothing is None:
        return known
    return {name: model for name, model in known.items() if keeps_nothing(model)}


def render_note(settings: Settings, policy: DataPolicy, subject: str) -> None:
    """Say that something the user may turn on is outside of the policy, if there is one."""
    policy = stricter(policy, settings.data_policy)
    if policy != "any":
        small(f":material/shield: {subject} is outside of *{LABELS[policy]}*.")
