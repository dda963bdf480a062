"""The compare page: one prompt to several models at once, side by side."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import MAX_QUESTION_LENGTH, Conversation
from lib.markdown.streamlit_markdown import literal
from lib.openrouter_sign_in import current_user
from lib.ui import account, autosave, budget, chat_actions, internals, messages, models, page
from lib.ui.live import leave_if_key_was_rejected, show_live, show_stop
from lib.ui.render import alternating_slot
from lib.ui.session import widget_value

app = page.begin_page("wide")
settings, session = app.settings, app.session
autosaver = autosave.start(session)

app.header.title("Compare", anchor=False)

if app.user is None:
    app.header.markdown("Sign in to put one question to several models at once.")
    st.stop()


# In a callback, which nothing ends before it is done: it has no yield point.
def compare() -> None:
    # Not `chosen`, which is of the run before: both may change in one.
    question, wanted = widget_value("compared_question"), widget_value("compared")
    if question and question.strip() and len(wanted) > 1 and not live_answers():
        session.comparisons += 1
        session.comparison = {model: Conversation(model=model) for model in wanted}
        for conversation in session.comparison.values():
            conversation.ask(question)
        start_answers()


def start_answers() -> None:
    user = current_user()
    for model, conversation in session.comparison.items():
        request = models.plain_request(settings, model)
        chat_actions.start_pending_answer(settings, session, user, conversation, request)


def live_answers() -> list[AnswerStream]:
    answers = (conversation.turns[-1].answer for conversation in session.comparison.values())
    return [stream for answer in answers if (stream := session.stream_of(answer))]


def show_continue(model: str, conversation: Conversation) -> None:
    if st.button("Continue", icon=":material/forum:", key=f"continue_{conversation.id}"):
        session.open(conversation.copy())
        session.model = model
        st.switch_page(page.CHAT_PAGE, query_params=models.query(session))


chosen = models.show_several(settings, session)
start_answers()  # those that waited for this page
if live_answers():
    placeholder = "Wait for the answers, or stop them, to ask again"
else:
    placeholder = "Ask all of them" if len(chosen) > 1 else "Choose two models or more first"
stop_all_slot = internals.slot_above_input()
st.chat_input(
    placeholder,
    key="compared_question",
    on_submit=compare,
    max_chars=MAX_QUESTION_LENGTH,
    disabled=len(chosen) < 2 or bool(live_answers()),
)

start_slot = st.empty()
if not session.comparison:
    start_slot.markdown(
        "Choose two to four models and ask. Each answers beside the others, with its own time and "
        "cost; go on with the one that you like best."
    )

live: dict[AnswerStream, DeltaGenerator] = {}
buttons: dict[AnswerStream, tuple[DeltaGenerator, str, Conversation]] = {}
with alternating_slot(session.comparisons):
    columns = []
    if session.comparison:
        with st.chat_message("user"):
            messages.show_question(next(iter(session.comparison.values())).turns[-1])
        columns = st.columns(len(session.comparison), border=True)
    for column, (model, conversation) in zip(columns, session.comparison.items(), strict=True):
        answer = conversation.turns[-1].answer
        with column:
            st.subheader(literal(models.find(settings, model).name), anchor=False)
            button_slot, body = st.empty(), st.container()
        if stream := session.stream_of(answer):
            live[stream], buttons[stream] = body, (button_slot, model, conversation)
            with button_slot:
                show_stop(session, [stream], "Stop", f"stop_{conversation.id}")
        else:
            with body:
                messages.show_answer(answer)
            with button_slot:
                show_continue(model, conversation)
    if len(live) > 1:
        with stop_all_slot:
            show_stop(session, live, "Stop all", "stop_all")
    budget.show_warning(settings, session)
for stream in show_live(live, session, autosaver):
    with live[stream]:
        messages.show_foot(stream.answer)
    button_slot, model, conversation = buttons[stream]
    with button_slot:
        show_continue(model, conversation)
    autosaver.now()
leave_if_key_was_rejected(live)
if live:
    st.rerun()  # to ask again
account.refresh(settings, session, app.account_line)
autosaver.until_answers_end()
