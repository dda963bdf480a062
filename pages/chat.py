"""The chat page."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.answer_stream import AnswerStream
from lib.chat.attachments import FILE_TYPES, MAX_UPLOAD_MB
from lib.chat.conversation import MAX_QUESTION_LENGTH, Answer
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
    conversations,
    cost_estimate,
    data_policy,
    internals,
    messages,
    models,
    page,
    remedies,
)
from lib.ui.live import render_live, render_stop, rerun_if_key_was_rejected
from lib.ui.render import alternating_slot
from lib.ui.widgets import widget_value
from sandbox import embedded

RECORDING_NAME = "recording.wav"

app = page.begin_page(
    embedded.base_url,
    heading="Chat",
    introduction=lambda _: st.markdown(
        "Sign in to chat with any model on your own OpenRouter credits."
    ),
)
settings, session = app.settings, app.session
autosaver = autosave.Autosave(settings, session)
browser.enhance_markdown()
conversation = session.chat.conversation
providers = partial(catalogue.providers, settings, session)

if app.user is None:
    messages.render_conversation(conversation, providers())
    autosaver.finish()
    st.stop()


# These run in callbacks. They have no yield point, so Streamlit cannot end them halfway.


def start_answer() -> None:
    request = models.chosen_request(settings, session)
    user, conversation = current_user(), session.chat.conversation
    chat_actions.start_pending_answer(settings, session, user, conversation, request)


def submit(text: str, files: list[tuple[str, bytes]] | None = None) -> None:
    request = models.chosen_request(settings, session)
    chat_actions.submit_question(settings, session, current_user(), request, text, files or [])


def submit_input() -> None:
    if value := widget_value("question"):
        files = [(file.name, file.getvalue()) for file in value.files]
        if recording := value.get("audio"):  # no attribute if the model takes none
            files.append((RECORDING_NAME, recording.getvalue()))
        submit(value.text, files)


def submit_prompt(prompt: str) -> None:
    if not conversation.turns:  # a double click asks once
        submit(prompt)


def render_end(answer: Answer, index: int, footer: DeltaGenerator, slot: DeltaGenerator) -> None:
    """Render what stands under an answer that has ended."""
    rows[index] = messages.actions_row(slot)
    with footer.container():
        storage_key = session.text_storage_key(index)
        messages.render_footer(answer, providers(), storage_key, rows[index])


def choose_model(model: str) -> None:
    session.chat.model = model


def choose_policy(policy: DataPolicy) -> None:
    session.chat.conversation.data_policy = policy


policy_slot = internals.slot_above_input()
stop_slot = internals.slot_above_input()
chosen_model = catalogue.find(settings, session, session.chat.model or settings.model)
cost_slot = internals.slot_above_input()
st.chat_input(
    "Ask anything",
    key="question",
    on_submit=submit_input,
    max_chars=MAX_QUESTION_LENGTH,
    accept_file="multiple",
    file_type=FILE_TYPES,
    max_upload_size=MAX_UPLOAD_MB,
    accept_audio="audio" in chosen_model.inputs,  # a change keeps what was typed and attached
)
browser.sync_draft(session, session.chat)
with app.buttons:
    conversations.render_list(session)
models.render_choice(settings, session)
with policy_slot.container():
    policy, model = conversation.data_policy, session.chat.model or settings.model
    data_policy.render_choice(settings, session, policy, [model], choose_policy)
start_answer()  # one that is pending
autosaver.save()
asked = [(models.chosen_request(settings, session), conversation)]
with cost_slot:
    cost_estimate.render(settings, session, asked)

start_slot = st.empty()  # also if it stays empty: its old content goes at once
if not conversation.turns:
    with start_slot.container():
        paid = "made up by the sandbox" if session.is_in_sandbox else "on your own credits"
        st.markdown(f"Ask anything. The answer comes from `{model}`, {paid}.")
        messages.render_prompts(settings.prompts_to_click, submit_prompt)

conversation_slot, button_slot = alternating_slot(session.chat.open_count), st.empty()
hidden = session.chat.hidden_turns
live: dict[AnswerStream, DeltaGenerator] = {}
ends: dict[AnswerStream, Callable[[], None]] = {}
rows: dict[int, DeltaGenerator] = {}
with conversation_slot:
    with st.container(horizontal_alignment="center"):
        if hidden:
            label = f"Show earlier messages ({hidden} questions)"
            st.button(label, key="earlier", type="tertiary", on_click=session.chat.show_earlier)
    for index, turn in enumerate(conversation.turns[hidden:], hidden):
        messages.render_own_message(session, turn, index, start_answer)
        with st.chat_message("assistant"):
            answer_slot = alternating_slot(turn.version)
        with answer_slot:
            body, footer = st.container(), st.empty()
            slot = messages.render_versions(turn, index)
        if stream := session.stream_of(turn.answer):
            live[stream] = body
            ends[stream] = partial(render_end, stream.answer, index, footer, slot)
        else:
            with body:
                messages.render_body(turn.answer)
            render_end(turn.answer, index, footer, slot)

if live:
    with stop_slot:
        render_stop(session, live, "Stop", "stop")
for stream in render_live(live, session, autosaver):
    ends[stream]()
    autosaver.save()
rerun_if_key_was_rejected(live)
if live and conversation.pending_turn:
    st.rerun()

stop_slot.empty()
if live:
    with cost_slot:
        cost_estimate.render(settings, session, asked, "next_cost_estimate")
if conversation.turns:
    with rows[len(conversation.turns) - 1]:
        remedies.render_another_answer(settings, session, start_answer, choose_model)
    with button_slot:
        can_continue = partial(chat_actions.can_continue, session)
        remedies.render_ask_again(
            conversation, start_answer, choose_model, can_continue=can_continue
        )
if session.chat.refusal:
    st.error(escape_markdown(session.chat.refusal), icon=":material/error:")
budget.render_warning(settings, session)
autosave.render_storage_warnings(session)
account.refresh(settings, session, app.account_line)
autosaver.finish(conversation)
if conversation.pending_turn:
    st.rerun()  # the answer above it was not live here: hidden, or over since `start_answer`
