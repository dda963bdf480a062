"""The compare page: questions to several models, side by side."""

import streamlit as st

from lib.chat.attachments import FILE_TYPES, MAX_UPLOAD_MB
from lib.chat.conversation import MAX_QUESTION_LENGTH
from lib.export.summary import SUMMARY_CSS
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.request import DataPolicy
from lib.openrouter_sign_in import current_user
from lib.ui import (
    account,
    autosave,
    browser,
    budget,
    compared_models,
    comparison_actions,
    comparisons,
    cost_estimate,
    data_policy,
    internals,
    messages,
    page,
)
from lib.ui.comparison_view import ComparisonView
from lib.ui.live import render_live, render_stop, rerun_if_key_was_rejected
from lib.ui.render import alternating_slot
from lib.ui.vote_view import render_tally
from lib.ui.widgets import widget_value
from sandbox import embedded

app = page.begin_page(
    embedded.base_url,
    "wide",
    heading="Compare",
    introduction=lambda _: st.markdown("Sign in to put one question to several models at once."),
)
settings, session = app.settings, app.session
autosaver = autosave.Autosave(settings, session)
browser.enhance_markdown()
st.html(SUMMARY_CSS)

if app.user is None:
    autosaver.finish()
    st.stop()


# These run in callbacks. They have no yield point, so Streamlit cannot end them halfway.


def submit(text: str, files: list[tuple[str, bytes]] | None = None) -> None:
    # Not what the last run had: models and question may change in one message.
    wanted, is_blind = compared_models.wanted_models(), compared_models.is_blind()
    arguments = (settings, session, current_user(), wanted, text, files or [])
    comparison_actions.submit_question(*arguments, is_blind=is_blind)


def submit_input() -> None:
    if value := widget_value("compared_question"):
        submit(value.text, [(file.name, file.getvalue()) for file in value.files])


def submit_prompt(prompt: str) -> None:
    if not session.comparison.comparison.columns:  # a double click asks once
        submit(prompt)


def start_answers() -> None:
    comparison = session.comparison.comparison
    comparison_actions.start_pending_answers(settings, session, current_user(), comparison)


def choose_policy(policy: DataPolicy) -> None:
    comparison = session.comparison.comparison
    comparison.data_policy = policy
    for conversation in comparison.columns:
        conversation.data_policy = policy


comparison = session.comparison.comparison
chosen = compared_models.render_choice(settings, session)
start_answers()  # those that are pending
live_answers = comparison_actions.live_answers(session, comparison)
continues = comparison_actions.continues(comparison, chosen, is_blind=compared_models.is_blind())
if live_answers:
    placeholder = "Wait for the answers, or stop them, to ask again"
elif len(chosen) < 2:
    placeholder = "Choose two models or more first"
else:
    placeholder = "Ask all of them" if continues else "Ask all of them, in a new comparison"
with internals.slot_above_input().container():
    policy = comparison.data_policy
    data_policy.render_choice(settings, session, policy, chosen, choose_policy)
stop_all_slot, cost_slot = internals.slot_above_input(), internals.slot_above_input()
st.chat_input(
    placeholder,
    key="compared_question",
    on_submit=submit_input,
    max_chars=MAX_QUESTION_LENGTH,
    accept_file="multiple",
    file_type=FILE_TYPES,
    max_upload_size=MAX_UPLOAD_MB,
    disabled=len(chosen) < 2 or bool(live_answers),
)
browser.sync_draft(session, session.comparison)
with app.buttons:
    comparisons.render_list(session)
autosaver.save()
if len(chosen) > 1 and not live_answers:
    with cost_slot:
        asked = comparison_actions.next_requests(
            settings, session, comparison if continues else None, chosen
        )
        cost_estimate.render(settings, session, asked)

start_slot = st.empty()  # also if it stays empty: its old content goes at once
if not comparison.columns:
    with start_slot.container():
        st.markdown(
            "Ask, and each model answers beside the others, with its own time and cost. Then vote, "
            "let a model judge, or go on with the answer that you like best."
        )
        messages.render_prompts(settings.prompts_to_click, submit_prompt, disabled=len(chosen) < 2)

view = ComparisonView(app, comparison, start_answers)
with alternating_slot(session.comparison.open_count):
    if hidden := session.comparison.hidden_rounds:
        label = f"Show earlier rounds ({hidden} questions)"
        st.button(label, key="earlier", type="tertiary", on_click=session.comparison.show_all)
    view.render(hidden)
live = view.live
if len(live) > 1:
    with stop_all_slot:
        render_stop(session, live, "Stop all", "stop_all")
if session.comparison.refusal:
    st.error(escape_markdown(session.comparison.refusal), icon=":material/error:")
if not live:
    render_tally(app)
budget.render_warning(settings, session)
autosave.render_storage_warnings(session)
for stream in render_live(live, session, autosaver):
    view.finish(stream)
    autosaver.save()
rerun_if_key_was_rejected(live)
if live:
    st.rerun()  # to ask again
account.refresh(settings, session, app.account_line)
autosaver.finish()
if live_answers:
    st.rerun()  # none of them was live here: hidden, or over by then
