"""The buttons that ask the last question again: for another answer, or in other ways after an error."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from lib.chat.conversation import Answer, Conversation, Remedy
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.models import Model
from lib.settings import Settings
from lib.ui import catalogue, data_policy
from lib.ui.model_labels import label
from lib.ui.session import Session
from lib.ui.widgets import widget_value

_REMEDIES: dict[Remedy, tuple[str, str]] = {
    "smaller_images": ("Send again with smaller images", "photo_size_select_small"),
    "without_files": ("Send again without the files", "attach_file_off"),
}


def render_another_answer(
    settings: Settings,
    session: Session,
    start_answer: Callable[[], object],
    choose_model: Callable[[str], object],
) -> None:
    """Render the buttons under a whole answer that ask for another, of this model or of another one.

    `start_answer` is called when one more answer waits.
    """
    conversation = session.chat.conversation
    if conversation.can_try_again():
        return
    ask_again = _ask_again(conversation, start_answer, choose_model)
    st.button(
        "Another answer",
        icon=":material/refresh:",
        key="try_again",
        type="tertiary",
        on_click=ask_again,
    )
    known = catalogue.models(settings, session)
    if not known:
        return
    # By its key, it is closed for the next answer.
    key = f"another_{conversation.turns[-1].answer.id}"
    popover = st.popover(
        "Ask another model",
        icon=":material/swap_horiz:",
        key=key,
        type="tertiary",
        on_change="rerun",
    )
    if not popover.open:
        return
    allowed = data_policy.allowed(settings, session, conversation.data_policy, known)
    with popover:
        st.selectbox(
            "Ask another model",
            allowed,
            index=None,
            format_func=lambda name: label(known.get(name) or Model(name, name)),
            placeholder="Choose a model, which then answers",
            key=f"model_{key}",
            on_change=lambda: ask_again(model=widget_value(f"model_{key}")),
        )


def render_ask_again(
    conversation: Conversation,
    start_answer: Callable[[], object],
    choose_model: Callable[[str], object] | None = None,
    key: str = "",
    can_continue: Callable[[Answer], bool] | None = None,
) -> None:
    """Render the buttons after an answer that was cut, failed or is empty.

    `start_answer` is called when one more answer waits. Other models are offered if there is
    `choose_model`, and to continue an answer if there is `can_continue`. `key` tells several
    conversations apart.
    """
    answer = conversation.turns[-1].answer
    ask_again = _ask_again(conversation, start_answer, choose_model)

    def resume() -> None:
        is_last = conversation.turns and conversation.turns[-1].answer is answer
        if is_last and can_continue and can_continue(answer):
            answer.resume()
            start_answer()

    with st.container(horizontal=True):
        if answer.is_cut and can_continue:
            st.button(
                "Continue",
                icon=":material/play_arrow:",
                key="continue",
                on_click=resume,
                disabled=not can_continue(answer),
            )
        if conversation.can_try_again():
            st.button(
                "Try again",
                icon=":material/refresh:",
                key=f"try_again{key}",
                on_click=ask_again,
            )
        if affordable := answer.affordable_tokens:
            st.button(
                f"Send again, for at most {affordable:,} tokens",
                icon=":material/short_text:",
                key=f"shorter{key}",
                on_click=partial(ask_again, max_tokens=affordable),
            )
        if remedy := answer.suggested_remedy:
            name, icon = _REMEDIES[remedy]
            st.button(
                name,
                icon=f":material/{icon}:",
                key=f"remedy_{remedy}{key}",
                on_click=partial(ask_again, remedy=remedy),
            )
        for number, model in enumerate(answer.suggested_models if choose_model else ()):
            st.button(
                f"Ask {escape_markdown(model)}",
                icon=":material/swap_horiz:",
                key=f"suggested_{number}",
                on_click=partial(ask_again, model=model),
            )


def _ask_again(
    conversation: Conversation,
    start_answer: Callable[[], object],
    choose_model: Callable[[str], object] | None,
) -> Callable[..., None]:
    """Return the callback that asks the last question again."""
    turn = conversation.turns[-1]

    def ask_again(
        max_tokens: int | None = None, remedy: Remedy = "", model: str | None = None
    ) -> None:
        # The turn may be deleted at the same moment.
        if not conversation.turns or conversation.turns[-1] is not turn:
            return
        if model and choose_model:
            choose_model(model)
        turn.ask_again(max_tokens, remedy)
        start_answer()
        if model:
            st.query_params["model"] = model

    return ask_again
