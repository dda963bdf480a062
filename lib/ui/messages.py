"""How questions and answers look."""

import streamlit as st

from lib.answer_markdown import literal
from lib.conversation import LONGEST_QUESTION, Answer, Conversation, Turn
from lib.openrouter.chat import Citation, GeneratedImage
from lib.ui import browser
from lib.ui.account import small, usd
from lib.ui.session import Session
from lib.ui.stream import STOPPED, show_text, show_thoughts

CUT_SHORT = {
    "length": "The answer ends here because it reached its longest length.",
    "content_filter": "The model's provider held back the rest of this answer.",
}


def show_question(question: str) -> None:
    """Show what was asked, as it was written."""
    with st.chat_message("user"):
        st.text(question)


def show_own_message(session: Session, turn: Turn, number: int) -> None:
    """Show what was asked, with the ways to change it or to delete it with its answers."""
    conversation = session.conversation

    def edit() -> None:
        session.edited_turn = turn

    def stop_editing() -> None:
        session.edited_turn = None

    def delete() -> None:
        conversation.delete(turn)

    with st.chat_message("user"):
        if session.edited_turn is not turn:
            st.text(turn.question)
            with st.container(horizontal=True, gap="small"):
                st.button("Edit", key=f"edit_{number}", type="tertiary", on_click=edit)
                st.button("Delete", key=f"delete_{number}", type="tertiary", on_click=delete)
            return
        changed = st.text_area(
            "Your message", turn.question, max_chars=LONGEST_QUESTION, key=f"changed_{number}"
        )
        small("Sending it again replaces this message and everything after it.")
        with st.container(horizontal=True):
            if st.button("Send again", type="primary", key=f"send_{number}") and changed.strip():
                stop_editing()
                conversation.replace(turn, changed)
                st.rerun()
            st.button("Cancel", key=f"cancel_{number}", on_click=stop_editing)


def show_answer(answer: Answer) -> None:
    """Show an answer that nothing is added to any more, where it is called.

    In the elements in which it was streamed, so that the browser changes none of them.
    """
    show_thoughts(answer.reasoning)
    show_text(answer.text)
    st.empty()
    show_foot(answer)


def show_foot(answer: Answer) -> None:
    """Show under an answer its images and sources, how it ended, who gave it, and what it cost."""
    for number, image in enumerate(answer.images, 1):
        _show_image(image, number)
    if answer.citations:
        links = (
            f"{number}. {_link(citation)}" for number, citation in enumerate(answer.citations, 1)
        )
        st.markdown("Sources\n" + "\n".join(links))
    match answer.progress:
        case "stopped":
            small(STOPPED)
        case "failed":
            st.error(answer.failure, icon=":material/error:")
            if answer.help:
                st.link_button(*answer.help, icon=":material/open_in_new:")
        case "complete" if answer.is_empty:
            st.warning("The model finished without an answer. Try again, or ask another way.")
        case "complete" if answer.finish_reason in CUT_SHORT:
            small(f":material/content_cut: {CUT_SHORT[answer.finish_reason]}")
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
    if answer.tokens_per_second:
        facts.append(f"{answer.tokens_per_second:,.0f} tokens a second")
    if facts:
        small(" · ".join(facts))
    if answer.text:
        browser.copy_button("Copy", answer.text, f"copy_{id(answer)}")


def _link(citation: Citation) -> str:
    url = citation.url.replace("(", "%28").replace(")", "%29")
    return f"[{literal(citation.title or citation.url)}]({url})"


def _show_image(image: GeneratedImage, number: int) -> None:
    kind = image.media_type.removeprefix("image/")
    st.image(image.content, alt=f"Image {number}, made by the model")
    st.download_button(
        "Save the image",
        image.content,
        f"image-{number}.{kind}",
        image.media_type,
        key=f"image_{id(image)}",
        icon=":material/download:",
        on_click="ignore",
    )


def show_conversation(conversation: Conversation) -> None:
    """Show a conversation that is only there to be read."""
    for turn in conversation.turns:
        show_question(turn.question)
        for answer in turn.answers:
            with st.chat_message("assistant"):
                show_answer(answer)
