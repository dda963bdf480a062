"""The compare page: one prompt to several models at once, side by side."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.answer_markdown import literal
from lib.answering import Answering
from lib.conversation import LONGEST_QUESTION, Conversation
from lib.openrouter.errors import KeyRejected
from lib.ui import account, asking, budget, keeping, messages, models, page, signed_in
from lib.ui.painting import place_of
from lib.ui.session import widget_value
from lib.ui.stream import watch

app = page.start_page(layout="wide")
settings, session = app.settings, app.session
frame = page.show_frame(app)
page.finish_sign_in(app)
keeper = keeping.start(session)


def compare() -> None:
    # Not `chosen`, which is of the run before: both may change in one.
    question, wanted = widget_value("compared_question"), widget_value("compared")
    if question and question.strip() and len(wanted) > 1:
        for conversation in session.comparison.values():
            asking.stop(session, *conversation.answers())
        session.comparisons += 1
        session.comparison = {model: Conversation() for model in wanted}
        for conversation in session.comparison.values():
            conversation.ask(question)


def show_stop(conversation: Conversation, place: DeltaGenerator) -> None:
    place.button(
        "Stop",
        icon=":material/stop_circle:",
        key=f"stop_{conversation.id}",
        on_click=asking.stop,
        args=(session, conversation.turns[-1].answer),
    )


def show_continue(model: str, place: DeltaGenerator) -> None:
    conversation = session.comparison[model]
    if place.button("Continue", icon=":material/forum:", key=f"continue_{conversation.id}"):
        session.open(Conversation(list(conversation.turns)))
        session.model = model
        st.switch_page(page.CHAT_PAGE, query_params=models.address(session))


st.title("Compare", anchor=False)

if session.sign_in is None:
    st.markdown("Sign in to put one question to several models at once.")
    page.show_sign_in(app)
    st.stop()

chosen = models.show_several(settings, session)
st.chat_input(
    "Ask all of them" if len(chosen) > 1 else "Choose two models or more first",
    key="compared_question",
    on_submit=compare,
    submit_mode="stop",
    max_chars=LONGEST_QUESTION,
    disabled=len(chosen) < 2,
)

under_way: dict[Answering, DeltaGenerator] = {}
continues: dict[Answering, tuple[str, DeltaGenerator]] = {}
start_place = st.empty()
if not session.comparison:
    start_place.markdown(
        "Choose two to four models and ask. Each answers beside the others, with its own time and "
        "cost; go on with the one that you like best."
    )


def show_end(answering: Answering) -> None:
    messages.show_foot(answering.answer)
    show_continue(*continues[answering])
    del continues[answering]


def show_end_of_stop() -> None:
    for model, place in continues.values():
        show_continue(model, place)


with asking.ended_by_stop(session, *session.comparison.values()), place_of(session.comparisons):
    columns = []
    if session.comparison:
        with st.chat_message("user"):
            messages.show_question(next(iter(session.comparison.values())).turns[-1])
        columns = st.columns(len(session.comparison), border=True)
    for column, (model, conversation) in zip(columns, session.comparison.items(), strict=True):
        asking.ask_waiting(settings, session, conversation, models.plain_request(settings, model))
        answer = conversation.turns[-1].answer
        with column:
            st.subheader(literal(models.find(settings, model).name), anchor=False)
            button_place, place = st.empty(), st.container()
            with place:
                if answering := session.answering(answer):
                    under_way[answering] = place
                    continues[answering] = model, button_place
                    show_stop(conversation, button_place)
                else:
                    messages.show_answer(answer)
                    show_continue(model, button_place)
    budget.show_warning(settings, session)
    watch(
        under_way,
        session.news,
        when_due=keeper.when_due,
        when_over=show_end,
        when_stopped=show_end_of_stop,
    )
if any(isinstance(answering.failure, KeyRejected) for answering in under_way):
    signed_in.key_was_rejected(session)
    st.rerun()
account.refresh(settings, session, frame.account_line)
keeper.to_the_end()
