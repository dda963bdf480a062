"""How questions and answers look."""

import streamlit as st

from lib.conversation import Answer, Conversation
from lib.ui.account import small, usd
from lib.ui.stream import STOPPED, show_text

CUT_SHORT = {
    "length": "The answer ends here because it reached its longest length.",
    "content_filter": "The model's provider held back the rest of this answer.",
}


def show_question(question: str) -> None:
    """Show what was asked, as it was written."""
    with st.chat_message("user"):
        st.text(question)


def show_answer(answer: Answer) -> None:
    """Show an answer that nothing is added to any more, where it is called.

    In the elements in which it was streamed, so that the browser changes none of them.
    """
    show_text(answer.text)
    st.empty()
    show_foot(answer)


def show_foot(answer: Answer) -> None:
    """Say under an answer how it ended, who gave it, and what it cost."""
    match answer.progress:
        case "stopped":
            small(STOPPED)
        case "failed":
            st.error(answer.failure, icon=":material/error:")
            if answer.help:
                st.link_button(*answer.help, icon=":material/open_in_new:")
        case "complete" if not answer.text:
            st.warning("The model finished without an answer. Try again, or ask another way.")
        case "complete" if answer.finish_reason in CUT_SHORT:
            small(f":material/content_cut: {CUT_SHORT[answer.finish_reason]}")
    facts = [f"`{answer.model}`"] if answer.model else []
    if answer.usage:
        tokens = answer.usage.prompt_tokens, answer.usage.completion_tokens
        facts.append("{:,} prompt and {:,} completion tokens".format(*tokens))
        if answer.usage.cost is not None:
            facts.append(usd(answer.usage.cost))
    if facts:
        small(" · ".join(facts))


def show_conversation(conversation: Conversation) -> None:
    """Show a conversation that is only there to be read."""
    for turn in conversation.turns:
        show_question(turn.question)
        for answer in turn.answers:
            with st.chat_message("assistant"):
                show_answer(answer)
