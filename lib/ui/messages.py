"""Render questions and answers."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.conversation import MAX_QUESTION_LENGTH, Answer, Conversation, Turn
from lib.chat.labels import (
    CUT_SHORT,
    FINISHED_WITHOUT_ANSWER,
    INTERRUPTED,
    NO_ANSWER,
    STOPPED,
)
from lib.markdown.streamlit import escape_markdown, link
from lib.ui import browser, chat_actions
from lib.ui.formatting import small
from lib.ui.late_costs import is_counting
from lib.ui.media import render_attachment, render_image
from lib.ui.receipt import Providers, render_receipt
from lib.ui.render import render_reasoning, render_text
from lib.ui.session import Session
from lib.ui.widgets import widget_value

COST_INTERVAL_S = 1.0
"""Between two looks whether the cost of an answer that broke off is known."""
_ROW: dict[str, Any] = {"horizontal": True, "vertical_alignment": "center", "gap": "xxsmall"}
HIDDEN_FAILURE = "This answer failed or broke off. Show the models to see why."


def render_question(turn: Turn) -> None:
    """Render a question as it was written, with its files."""
    if turn.question:
        st.text(turn.question)
    for file in turn.attachments:
        render_attachment(file)


def render_own_message(
    session: Session, turn: Turn, index: int, start_answer: Callable[[], object]
) -> None:
    """Render a question with the buttons that change it, or delete it with its answers.

    `start_answer` is called when a changed question is sent again.
    """
    conversation = session.chat.conversation

    def edit() -> None:
        session.chat.edited_turn = turn

    def stop_editing() -> None:
        session.chat.edited_turn = None

    def send_again() -> None:
        changed = widget_value(f"changed_{index}")
        if session.chat.edited_turn is turn and changed.strip():
            stop_editing()
            chat_actions.edit_question(session, turn, changed)
            start_answer()

    def delete() -> None:
        chat_actions.stop(session, *turn.answers)
        conversation.delete(turn)

    with st.chat_message("user"):
        if session.chat.edited_turn is not turn:
            render_question(turn)
            with st.container(**_ROW, key=f"question_{turn.id}"):
                st.button(
                    "Edit",
                    icon=":material/edit:",
                    key=f"edit_{index}",
                    type="tertiary",
                    on_click=edit,
                )
                st.button(
                    "Delete",
                    icon=":material/delete:",
                    # Not by its index: the second click of two would delete the next one.
                    key=f"delete_{id(turn)}",
                    type="tertiary",
                    on_click=delete,
                )
            return
        st.text_area(
            "Your message", turn.question, max_chars=MAX_QUESTION_LENGTH, key=f"changed_{index}"
        )
        if any(one.sent_answer() for one in conversation.turns[index:]):
            small("The chat goes on from here. As it is now, it stays in the list of chats.")
        with st.container(horizontal=True):
            st.button("Send again", type="primary", key=f"send_{index}", on_click=send_again)
            st.button("Cancel", key=f"cancel_{index}", on_click=stop_editing)


def render_prompts(
    prompts: Sequence[str], submit: Callable[[str], None], *, disabled: bool = False
) -> None:
    """Render prompts to click, of which each is sent as a question by `submit`."""
    for prompt in prompts:
        st.button(
            escape_markdown(prompt),
            icon=":material/lightbulb:",
            on_click=submit,
            args=(prompt,),
            disabled=disabled,
        )


def render_versions(turn: Turn, index: int) -> DeltaGenerator:
    """Render the row under an answer: which of several it is, and the buttons to the others.

    Return a slot for more buttons (`actions_row`), which stays empty while the answer grows.
    """
    count, current = len(turn.answers), turn.version

    def show(other: int) -> None:
        turn.shown = other

    with st.container(**_ROW, key=f"actions_{turn.id}_{current}"):
        both = ("Earlier", "left", current - 1), ("Later", "right", current + 1)
        for label, icon, other in both if count > 1 else ():
            if other > current:
                small(f"{current + 1}/{count}")
            st.button(
                f"{label} answer",
                icon=f":material/chevron_{icon}:",
                key=f"{label}_{index}",
                type="tertiary",
                disabled=not 0 <= other < count,
                on_click=show,
                args=(other,),
            )
        return st.empty()


def actions_row(slot: DeltaGenerator) -> DeltaGenerator:
    """Return the row of the further buttons of an answer, in a slot of `render_versions`."""
    return slot.container(**_ROW, width="content")


def render_answer(
    answer: Answer, providers: Providers, storage_key: str = "", *, hides_model: bool = False
) -> None:
    """Render an answer that does not grow any more, with what stands under it."""
    render_body(answer)
    render_footer(answer, providers, storage_key, hides_model=hides_model)


def render_body(answer: Answer) -> None:
    """Render the text of an answer that does not grow any more.

    In the elements in which it was streamed, so that the browser changes none of them.
    """
    render_reasoning(answer.reasoning)
    render_text(answer.text)
    note = st.empty()
    if answer.progress == "waiting":
        note.info(
            "This is sent when the answer above has ended.", icon=":material/hourglass_empty:"
        )


def render_footer(
    answer: Answer,
    providers: Providers,
    storage_key: str = "",
    row: DeltaGenerator | None = None,
    *,
    hides_model: bool = False,
) -> None:
    """Render under an answer its images, sources, end, and receipt, and the button that copies it.

    `storage_key` is the name under which the tab stores its text, if it does. The button is in
    `row`, or below. With `hides_model` there is neither a receipt nor an error, which may name the
    model.
    """
    if answer.progress == "waiting":
        return
    for number, image in enumerate(answer.images, 1):
        render_image(image, f"Image {number}, made by the model")
        st.download_button(
            "Save the image",
            image.content,
            f"image-{number}.{image.media_type.removeprefix('image/')}",
            image.media_type,
            key=f"image_{id(image)}",
            icon=":material/download:",
            on_click="ignore",
        )
    for url in answer.image_links:
        small(f":material/image: The model shows an image at another place: {link(url, url)}")
    for media_type in answer.unshown_images:
        kind = f" ({escape_markdown(media_type)})" if media_type else ""
        small(f":material/broken_image: The model made an image that cannot be shown here{kind}.")
    if answer.citations:
        links = (
            f"{number}. {link(citation.url, citation.title or citation.url)}"
            for number, citation in enumerate(answer.citations, 1)
        )
        st.markdown("Sources\n" + "\n".join(links))
    match answer.progress:
        case "stopped":
            small(f":material/stop_circle: {STOPPED}")
        case "interrupted" | "failed" if hides_model:
            small(f":material/error: {HIDDEN_FAILURE}")
        case "interrupted":
            small(f":material/link_off: {escape_markdown(answer.failure or INTERRUPTED)}")
        case "failed":
            st.error(escape_markdown(answer.failure), icon=":material/error:")
            if answer.help:
                st.link_button(*answer.help, icon=":material/open_in_new:")
        case "complete" if answer.is_empty:
            what = NO_ANSWER.get(answer.finish_reason, FINISHED_WITHOUT_ANSWER)
            way = "allow a longer one" if answer.finish_reason == "length" else "ask another way"
            st.warning(f"{what} Try again, or {way}.")
        case "complete" if answer.finish_reason in CUT_SHORT:
            small(f":material/content_cut: {CUT_SHORT[answer.finish_reason]}")
    if hides_model:
        pass
    elif is_counting(answer):
        _render_receipt_when_counted(answer, providers)
    else:
        render_receipt(answer, providers)
    if answer.text:
        with row or st.container():
            browser.copy_button(answer.text, f"copy_{id(answer)}", storage_key)


@st.fragment(run_every=COST_INTERVAL_S)
def _render_receipt_when_counted(answer: Answer, providers: Providers) -> None:
    """Render what is known of an answer, and run the page again once its cost is known."""
    if is_counting(answer):
        render_receipt(answer, providers, "cost not known yet")
    else:
        st.rerun()


def render_conversation(conversation: Conversation, providers: Providers) -> None:
    """Render a conversation without any buttons."""
    for turn in conversation.turns:
        with st.chat_message("user"):
            render_question(turn)
        with st.chat_message("assistant"):
            render_answer(turn.answer, providers)
