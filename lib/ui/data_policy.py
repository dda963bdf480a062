"""Who may see it: which providers may get a conversation."""

from collections.abc import Callable, Mapping

import streamlit as st

from lib.chat.labels import DATA_POLICY_LABELS as LABELS
from lib.openrouter.models import Model
from lib.openrouter.request import DATA_POLICIES, DataPolicy, stricter
from lib.settings import Settings
from lib.ui import catalogue
from lib.ui.formatting import small
from lib.ui.session import Session
from lib.ui.widgets import set_widget_value, widget_value

TITLE = "Who may see it"
_MEANINGS: Mapping[DataPolicy, str] = {
    "any": "any provider that your OpenRouter account allows",
    "no-training": "only providers that do not train on what you write",
    "nothing-kept": "only providers that keep nothing of what you write or of the answers",
}
_HELP = "\n".join(f"- **{LABELS[policy]}**: {_MEANINGS[policy]}" for policy in DATA_POLICIES)


def render_choice(
    settings: Settings, policy: DataPolicy, key: str, choose: Callable[[DataPolicy], None]
) -> None:
    """Render the choice among the policies that the settings allow."""

    def change() -> None:
        choose(widget_value(key))

    options = DATA_POLICIES[DATA_POLICIES.index(settings.data_policy) :]
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"{key}_container"
    ):
        if len(options) == 1:
            small(f":material/shield: {TITLE}: {_MEANINGS[options[0]]}")
            return
        small(f":material/shield: {TITLE}")
        set_widget_value(key, stricter(policy, settings.data_policy))
        st.segmented_control(
            TITLE,
            options,
            required=True,
            format_func=LABELS.__getitem__,
            key=key,
            on_change=change,
            label_visibility="collapsed",
            help=_HELP,
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
