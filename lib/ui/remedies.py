"""The buttons below a conversation that ask its last question again, in other ways after an error."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from lib.chat.conversation import Conversation, Remedy
from lib.markdown.streamlit import escape_markdown

_REMEDIES: dict[Remedy, tuple[str, str]] = {
    "smaller_images": ("Send again with smaller images", "photo_size_select_small"),
    "without_files": ("Send again without the files", "attach_file_off"),
}


def render_ask_again(
    conversation: Conversation,
    start_answer: Callable[[], object],
    choose_model: Callable[[str], object] | None = None,
    key: str = "",
) -> None:
    """Render the buttons; `start_answer` is called when one more answer waits.

    Other models are offered if there is `choose_model`. `key` tells several conversations apart.
    """
    turn = conversation.turns[-1]
    answer = turn.answer

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

    with st.container(horizontal=True):
        st.button(
            "Try again" if conversation.can_try_again() else "Another answer",
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
            label, icon = _REMEDIES[remedy]
            st.button(
                label,
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
