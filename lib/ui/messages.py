"""How questions and answers look."""

from collections.abc import Callable

import streamlit as st

from lib.chat.attachments import MAX_SHOWN_PIXELS, Attachment, count_pixels
from lib.chat.conversation import MAX_QUESTION_LENGTH, Answer, Conversation, Turn
from lib.chat.labels import CUT_SHORT, INTERRUPTED, STOPPED
from lib.markdown.streamlit_markdown import link, literal
from lib.ui import browser, chat_actions
from lib.ui.formatting import small, usd
from lib.ui.render import show_text, show_thoughts
from lib.ui.session import Session, widget_value


def show_question(turn: Turn) -> None:
    """Show what was asked, as it was written, with its files."""
    if turn.question:
        st.text(turn.question)
    for file in turn.attachments:
        _show_attachment(file)


def _show_attachment(file: Attachment) -> None:
    match file.kind:
        case "image":
            _show_image(file.content, file.name)
            small(literal(file.name))
        case "audio":
            st.audio(file.content, format=file.media_type)
            small(literal(file.name))
        case _:
            icon = "picture_as_pdf" if file.kind == "pdf" else "description"
            small(f":material/{icon}: {literal(file.name)} · {len(file.content) / 1000:,.0f} KB")


def _show_image(content: bytes, about: str) -> None:
    if (count_pixels(content) or 0) > MAX_SHOWN_PIXELS:
        small(f":material/broken_image: {literal(about)} is too large to be shown here.")
        return
    try:
        st.image(content, alt=about, width=320)
    except Exception:  # noqa: BLE001 - whatever else begins like an image; Pillow has no one error
        small(f":material/broken_image: {literal(about)} cannot be shown.")


def show_own_message(
    session: Session, turn: Turn, number: int, start_answer: Callable[[], object]
) -> None:
    """Show what was asked, with the ways to change it or to delete it with its answers.

    `start_answer` is called where it was changed and is to be answered anew.
    """
    conversation = session.conversation

    def edit() -> None:
        session.edited_turn = turn

    def stop_editing() -> None:
        session.edited_turn = None

    def send_again() -> None:
        changed = widget_value(f"changed_{number}")
        if session.edited_turn is turn and changed.strip():
            stop_editing()
            for replaced in conversation.replace(turn, changed):
                chat_actions.stop(session, *replaced.answers)
            start_answer()

    def delete() -> None:
        chat_actions.stop(session, *turn.answers)
        conversation.delete(turn)

    with st.chat_message("user"):
        if session.edited_turn is not turn:
            show_question(turn)
            with st.container(horizontal=True, gap="small", key=f"question_{turn.id}"):
                st.button("Edit", key=f"edit_{number}", type="tertiary", on_click=edit)
                # Not by its number: the second of two clicks would delete the next one.
                st.button("Delete", key=f"delete_{id(turn)}", type="tertiary", on_click=delete)
            return
        st.text_area(
            "Your message", turn.question, max_chars=MAX_QUESTION_LENGTH, key=f"changed_{number}"
        )
        small("Sending it again replaces this message and everything after it.")
        with st.container(horizontal=True):
            st.button("Send again", type="primary", key=f"send_{number}", on_click=send_again)
            st.button("Cancel", key=f"cancel_{number}", on_click=stop_editing)


def show_versions(turn: Turn, number: int) -> None:
    """Show which of several answers this is, and the ways to the others."""
    count = len(turn.answers)
    if count == 1:
        return
    place = turn.version

    def show(other: int) -> None:
        turn.shown = other

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, other in (("Earlier", "left", place - 1), ("Later", "right", place + 1)):
            if other > place:
                small(f"Answer {place + 1} of {count}")
            st.button(
                label,
                icon=f":material/chevron_{icon}:",
                icon_position=icon,  # type: ignore[arg-type]
                key=f"{label}_{number}",
                type="tertiary",
                disabled=not 0 <= other < count,
                on_click=show,
                args=(other,),
            )


def show_answer(answer: Answer, kept_as: str = "") -> None:
    """Show an answer that nothing is added to any more, where it is called.

    In the elements in which it was streamed, so that the browser changes none of them. `kept_as`
    is the name under which the tab keeps its text, if it does.
    """
    show_thoughts(answer.reasoning)
    show_text(answer.text)
    note = st.empty()
    if answer.progress == "waiting":
        note.info(
            "This is asked once the answer above has ended.", icon=":material/hourglass_empty:"
        )
    else:
        show_foot(answer, kept_as)


def show_foot(answer: Answer, kept_as: str = "") -> None:
    """Show under an answer its images and sources, how it ended, who gave it, and what it cost."""
    for number, image in enumerate(answer.images, 1):
        _show_image(image.content, f"Image {number}, made by the model")
        st.download_button(
            "Save the image",
            image.content,
            f"image-{number}.{image.media_type.removeprefix('image/')}",
            image.media_type,
            key=f"image_{id(image)}",
            icon=":material/download:",
            on_click="ignore",
        )
    if answer.citations:
        links = (
            f"{number}. {link(citation.url, citation.title or citation.url)}"
            for number, citation in enumerate(answer.citations, 1)
        )
        st.markdown("Sources\n" + "\n".join(links))
    match answer.progress:
        case "stopped":
            small(f":material/stop_circle: {STOPPED}")
        case "interrupted":
            small(f":material/link_off: {literal(answer.failure or INTERRUPTED)}")
        case "failed":
            st.error(literal(answer.failure), icon=":material/error:")
            if answer.help:
                st.link_button(*answer.help, icon=":material/open_in_new:")
        case "complete" if answer.is_empty:
            st.warning("The model finished without an answer. Try again, or ask another way.")
        case "complete" if answer.finish_reason in CUT_SHORT:
            small(f":material/content_cut: {CUT_SHORT[answer.finish_reason]}")
    if facts := facts_of(answer):
        small(" · ".join(facts))
    if answer.text:
        browser.copy_button(answer.text, f"copy_{id(answer)}", kept_as)


def facts_of(answer: Answer) -> list[str]:
    """Return in markdown who gave an answer, what it cost and how fast it was."""
    facts = [f"`{answer.model}`"] if answer.model else []
    if answer.provider:
        facts.append(f"by {literal(answer.provider)}")
    if answer.usage:
        tokens = answer.usage.prompt_tokens, answer.usage.completion_tokens
        facts.append("{:,} prompt and {:,} completion tokens".format(*tokens))
        if answer.usage.cost is not None:
            facts.append(usd(answer.usage.cost))
    if answer.first_token_seconds is not None:
        facts.append(f"first word after {answer.first_token_seconds:.2f} s")
    elif answer.progress == "complete" and answer.seconds is not None:
        facts.append(f"whole after {answer.seconds:.2f} s")
    if answer.tokens_per_second:
        facts.append(f"{answer.tokens_per_second:,.0f} tokens a second")
    return facts


def show_conversation(conversation: Conversation) -> None:
    """Show a conversation that is only there to be read."""
    for turn in conversation.turns:
        with st.chat_message("user"):
            show_question(turn)
        with st.chat_message("assistant"):
            show_answer(turn.answer)
