"""The chat page: ask, and watch the answer come."""

import streamlit as st

from lib.answer_markdown import literal
from lib.conversation import LONGEST_QUESTION, Answer, Conversation
from lib.openrouter.chat import ChatStream
from lib.openrouter.errors import KeyRejected
from lib.ui import account, messages, models, page, sign_in
from lib.ui.stream import stream_answer
from lib.ui.words import explain

app = page.start_page()
settings, session = app.settings, app.session
frame = page.show_frame(app)
page.finish_sign_in(app)
conversation = session.conversation


def start_new_chat() -> None:
    session.conversation = Conversation()


def try_again() -> None:
    conversation.turns[-1].answers.append(Answer())


# Two labels of one widget, once a run: the browser keeps a widget that is gone until the run ends.
def show_try_again() -> None:
    button_place.button(
        "Try again" if conversation.can_try_again() else "Another answer",
        icon=":material/refresh:",
        key="try_again_or_stop",
        on_click=try_again,
    )


def show_stop() -> None:
    button_place.button("Stop", icon=":material/stop_circle:", key="try_again_or_stop")


def ask(answer: Answer, key: str) -> None:
    """Stream the answer to the conversation as it is, in the place where this is called."""
    stream = ChatStream(settings.base_url, key, request, headers=settings.attribution())
    session.account_is_stale = True
    if not question:  # only what it sent itself does the chat input offer to stop
        show_stop()
    try:
        failure = stream_answer(stream, answer, when_stopped=show_try_again if question else None)
    finally:
        session.spent += answer.cost
    if failure:
        explanation = explain(failure, settings.base_url, key)
        answer.failure, answer.help = explanation.sentence, explanation.link
    if isinstance(failure, KeyRejected):
        sign_in.key_was_rejected(session)
    if not question or isinstance(failure, KeyRejected):
        st.rerun()


st.title("Chat", anchor=False)

if session.sign_in is None:
    st.markdown("Sign in to chat with any model on your own OpenRouter credits.")
    page.show_sign_in(app, "chat")
    messages.show_conversation(conversation)
    st.stop()

frame.buttons.button("New chat", icon=":material/add:", on_click=start_new_chat, width="stretch")
question = st.chat_input("Ask anything", submit_mode="stop", max_chars=LONGEST_QUESTION)
if question and question.strip():
    conversation.ask(question)
request = models.show_choice(settings, session, conversation)

start_place = st.empty()  # also when nothing is in it: what stood there goes at once
if not conversation.turns:
    with start_place.container():
        st.markdown(f"Ask anything. The answer comes from `{request.model}`, on your own credits.")
        for prompt in settings.prompts:
            icon = ":material/lightbulb:"
            st.button(literal(prompt), icon=icon, on_click=conversation.ask, args=(prompt,))

conversation_place, button_place = st.container(), st.empty()
with conversation_place:
    for number, turn in enumerate(conversation.turns):
        messages.show_own_message(session, turn, number)
        for answer in turn.answers:
            with st.chat_message("assistant"):
                if answer.progress == "waiting":
                    ask(answer, session.sign_in.key)
                    messages.show_foot(answer)
                else:
                    messages.show_answer(answer)

if conversation.turns:
    show_try_again()

account.refresh(settings, session, frame.account_line)
