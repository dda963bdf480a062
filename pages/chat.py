"""The chat page: ask, and watch the answer come."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.answer_markdown import literal
from lib.answering import Answering
from lib.attachments import FILE_TYPES, LARGEST_FILE
from lib.conversation import LONGEST_QUESTION, Turn
from lib.openrouter.errors import KeyRejected
from lib.ui import (
    account,
    asking,
    budget,
    conversations,
    keeping,
    messages,
    models,
    page,
    signed_in,
)
from lib.ui.painting import place_of
from lib.ui.session import widget_value
from lib.ui.stream import watch

app = page.start_page()
settings, session = app.settings, app.session
frame = page.show_frame(app)
page.finish_sign_in(app)
keeper = keeping.start(session)
conversation = session.conversation


def show_try_again() -> None:
    turn = conversation.turns[-1]
    affordable = turn.answer.affordable_tokens
    if affordable:
        label = f"Send again, for at most {affordable:,} tokens"
    else:
        label = "Try again" if conversation.can_try_again() else "Another answer"
    button_place.button(
        label,
        icon=":material/refresh:",
        key="try_again",
        on_click=turn.ask_again,
        args=(affordable,),
    )


# The chat input offers Stop only for what it sent, and not always then; tab.css shows one of both.
def show_stop(turn: Turn) -> None:
    button_place.button(
        "Stop",
        icon=":material/stop_circle:",
        key="stop",
        on_click=asking.stop,
        args=(session, turn.answer),
    )


def follow(answering: Answering, place: DeltaGenerator, number: int) -> None:
    """Show the answer of a turn while it comes."""

    def show_end(_: Answering) -> None:
        messages.show_foot(answering.answer, session.kept_as(number))
        keeper.now()

    # Stop runs no script again: what came last is kept here or not at all.
    def show_end_of_stop() -> None:
        keeper.now()
        show_try_again()

    show_stop(conversation.turns[number])
    watch(
        {answering: place},
        session.news,
        when_due=keeper.when_due,
        when_over=show_end,
        when_stopped=show_end_of_stop,
    )
    if isinstance(answering.failure, KeyRejected):
        signed_in.key_was_rejected(session)
        st.rerun()


st.title("Chat", anchor=False)

if session.sign_in is None:
    st.markdown("Sign in to chat with any model on your own OpenRouter credits.")
    page.show_sign_in(app)
    messages.show_conversation(conversation)
    keeper.now(is_last=True)
    st.stop()


def take_question() -> None:
    value = widget_value("question")
    if value:
        files = [(file.name, file.getvalue()) for file in value.files]
        asking.take_question(session, value.text, files)


def take_prompt(prompt: str) -> None:
    if not conversation.turns:  # a double click asks once
        asking.take_question(session, prompt)


# In a callback, which nothing ends before it is done: it has no yield point.
st.chat_input(
    "Ask anything",
    key="question",
    on_submit=take_question,
    submit_mode="stop",
    max_chars=LONGEST_QUESTION,
    accept_file="multiple",
    file_type=FILE_TYPES,
    max_upload_size=LARGEST_FILE,
)
with asking.ended_by_stop(session, conversation):
    with frame.buttons:
        conversations.show_list(session)
    request = models.show_choice(settings, session)
    asking.ask_waiting(settings, session, conversation, request)
    keeper.now()

    start_place = st.empty()  # also when nothing is in it: what stood there goes at once
    if not conversation.turns:
        with start_place.container():
            st.markdown(
                f"Ask anything. The answer comes from `{request.model}`, on your own credits."
            )
            for prompt in settings.prompts:
                st.button(
                    literal(prompt),
                    icon=":material/lightbulb:",
                    on_click=take_prompt,
                    args=(prompt,),
                )

    conversation_place, button_place = place_of(session.opened), st.empty()
    hidden = session.hidden_turns
    with conversation_place:
        with st.container(horizontal_alignment="center"):
            if hidden:
                label = f"Show earlier messages ({hidden} questions)"
                st.button(label, key="earlier", type="tertiary", on_click=session.show_earlier)
        for number, turn in enumerate(conversation.turns[hidden:], hidden):
            messages.show_own_message(session, turn, number)
            with st.chat_message("assistant"):
                place = place_of(turn.version)
            with place:
                if answering := session.answering(turn.answer):
                    follow(answering, place, number)
                else:
                    messages.show_answer(turn.answer, session.kept_as(number))
                messages.show_versions(turn, number)

if conversation.turns:
    show_try_again()
if session.refused:
    st.error(literal(session.refused), icon=":material/error:")
budget.show_warning(settings, session)
keeping.show_trouble(session)
account.refresh(settings, session, frame.account_line)
keeper.now(is_last=True)
