"""The compare page: one question to several models, side by side."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import MAX_QUESTION_LENGTH, Conversation
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.request import DataPolicy
from lib.openrouter_sign_in import current_user
from lib.ui import (
    account,
    autosave,
    browser,
    budget,
    catalogue,
    chat_actions,
    data_policy,
    internals,
    messages,
    models,
    page,
)
from lib.ui.live import render_live, render_stop, rerun_if_key_was_rejected
from lib.ui.render import alternating_slot
from lib.ui.widgets import widget_value
from sandbox import embedded

app = page.begin_page(embedded.base_url, "wide")
settings, session = app.settings, app.session
autosaver = autosave.Autosave(session)
browser.enhance_markdown()

app.header.title("Compare", anchor=False)

if app.user is None:
    app.header.markdown("Sign in to put one question to several models at once.")
    st.stop()


# In a callback. It has no yield point, so Streamlit cannot end it halfway.
def compare() -> None:
    # Not `chosen`, which is of the last run: both may change in one message.
    question, wanted = widget_value("compared_question"), widget_value("compared")
    if question and question.strip() and len(wanted) > 1 and not live_answers():
        session.comparison.count += 1
        policy = session.comparison.data_policy
        session.comparison.conversations = {
            model: Conversation(model=model, data_policy=policy) for model in wanted
        }
        for conversation in session.comparison.conversations.values():
            conversation.ask(question)
        start_answers()


def start_answers() -> None:
    user = current_user()
    for model, conversation in session.comparison.conversations.items():
        request = models.plain_request(settings, session, model)
        chat_actions.start_pending_answer(settings, session, user, conversation, request)


def live_answers() -> list[AnswerStream]:
    answers = (
        conversation.turns[-1].answer for conversation in session.comparison.conversations.values()
    )
    return [stream for answer in answers if (stream := session.stream_of(answer))]


def render_continue(model: str, conversation: Conversation) -> None:
    if st.button("Continue", icon=":material/forum:", key=f"continue_{conversation.id}"):
        session.chat.open(conversation.copy())
        session.chat.model = model
        st.switch_page(page.CHAT_PAGE, query_params=models.query(session))


def choose_policy(policy: DataPolicy) -> None:
    session.comparison.data_policy = policy


chosen = models.render_compared_choice(settings, session)
start_answers()  # those that are pending
if live_answers():
    placeholder = "Wait for the answers, or stop them, to ask again"
else:
    placeholder = "Ask all of them" if len(chosen) > 1 else "Choose two models or more first"
with internals.slot_above_input().container():
    policy = session.comparison.data_policy
    data_policy.render_choice(settings, session, policy, chosen, choose_policy)
stop_all_slot = internals.slot_above_input()
st.chat_input(
    placeholder,
    key="compared_question",
    on_submit=compare,
    max_chars=MAX_QUESTION_LENGTH,
    disabled=len(chosen) < 2 or bool(live_answers()),
)

start_slot = st.empty()
if not session.comparison.conversations:
    start_slot.markdown(
        "Choose two to four models and ask. Each answers beside the others, with its own time and "
        "cost; go on with the one that you like best."
    )

providers = partial(catalogue.providers, settings, session)
live: dict[AnswerStream, DeltaGenerator] = {}
buttons: dict[AnswerStream, tuple[DeltaGenerator, str, Conversation]] = {}
with alternating_slot(session.comparison.count):
    columns = []
    if session.comparison.conversations:
        with st.chat_message("user"):
            messages.render_question(
                next(iter(session.comparison.conversations.values())).turns[-1]
            )
        columns = st.columns(len(session.comparison.conversations), border=True)
    for column, (model, conversation) in zip(
        columns, session.comparison.conversations.items(), strict=True
    ):
        answer = conversation.turns[-1].answer
        with column:
            st.subheader(
                escape_markdown(catalogue.find(settings, session, model).name), anchor=False
            )
            button_slot, body = st.empty(), st.container()
        if stream := session.stream_of(answer):
            live[stream], buttons[stream] = body, (button_slot, model, conversation)
            with button_slot:
                render_stop(session, [stream], "Stop", f"stop_{conversation.id}")
        else:
            with body:
                messages.render_answer(answer, providers())
            with button_slot:
                render_continue(model, conversation)
    if len(live) > 1:
        with stop_all_slot:
            render_stop(session, live, "Stop all", "stop_all")
    budget.render_warning(settings, session)
for stream in render_live(live, session, autosaver):
    with live[stream]:
        messages.render_footer(stream.answer, providers())
    button_slot, model, conversation = buttons[stream]
    with button_slot:
        render_continue(model, conversation)
    autosaver.save()
rerun_if_key_was_rejected(live)
if live:
    st.rerun()  # to ask again
account.refresh(settings, session, app.account_line)
autosaver.finish()
