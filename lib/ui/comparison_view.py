"""A comparison on the screen: for each round the question, a summary, and answers side by side."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.answer_stream import AnswerStream
from lib.chat.comparison import Comparison
from lib.chat.conversation import Conversation, Turn
from lib.chat.figures import figures_of
from lib.export.summary import summary_html
from lib.markdown.streamlit import escape_markdown
from lib.ui import catalogue, comparison_actions, messages, models, page, remedies
from lib.ui.formatting import small
from lib.ui.judge_view import JudgeView
from lib.ui.live import render_stop
from lib.ui.page import AppContext
from lib.ui.receipt import Providers
from lib.ui.vote_view import render_vote

HIDDEN = "Blind: names, costs and times are hidden until you show the models."


@dataclass(frozen=True)
class _Column:
    """The slots of an answer, above it and below it, and what renders its round's summary."""

    conversation: Conversation
    turn: Turn
    button_slot: DeltaGenerator
    remedy_slot: DeltaGenerator
    summary: Callable[[], None]


class ComparisonView:
    """Renders a comparison; `live` are the slots of the answers that still grow.

    `start_answers` is called, in a callback, when something is to be asked.
    """

    def __init__(
        self, app: AppContext, comparison: Comparison, start_answers: Callable[[], object]
    ) -> None:
        self._settings, self._session, self._comparison = app.settings, app.session, comparison
        self._start_answers = start_answers
        self._columns: dict[AnswerStream, _Column] = {}
        self._live: dict[AnswerStream, DeltaGenerator] = {}
        self._judges = JudgeView(app, comparison)
        self._names = names_of(app, comparison)

    @property
    def live(self) -> dict[AnswerStream, DeltaGenerator]:
        """The slots of the answers and verdicts that still grow."""
        return self._live | self._judges.live

    def render(self, first_round: int) -> None:
        """Render the rounds from one on."""
        for index in range(first_round, self._comparison.round_count):
            self._render_round(index)

    def finish(self, stream: AnswerStream) -> None:
        """Render what belongs to an answer that has just ended."""
        if column := self._columns.get(stream):
            with self._live[stream]:
                self._render_footer(column.turn)
            self._render_buttons(column)
            column.summary()
        else:
            self._judges.finish(stream)

    def _render_round(self, index: int) -> None:
        turns = self._comparison.round(index)
        with st.chat_message("user"), st.container(key=f"question_{turns[0][1].id}"):
            messages.render_question(turns[0][1])
        summary_slot = st.empty()

        def render_summary() -> None:
            self._render_summary(index, summary_slot)

        render_summary()
        with st.container(key=f"compared_answers_{index}"):
            columns = st.columns(len(turns), border=True)
        for column, (conversation, turn) in zip(columns, turns, strict=True):
            with column:
                self._render_answer(conversation, turn, render_summary)
        if not comparison_actions.live_answers(self._session, self._comparison):
            render_vote(self._comparison, index, self._names)
        self._judges.render(index, self._names)

    def _render_summary(self, index: int, slot: DeltaGenerator) -> None:
        if self._comparison.hides_models:
            with slot:
                small(f":material/visibility_off: {HIDDEN}")
            return
        answers = self._comparison.answers(index)
        figures = [figures_of(self._names[model], answer) for model, answer in answers.items()]
        slot.html(summary_html(figures))

    def _render_answer(
        self, conversation: Conversation, turn: Turn, render_summary: Callable[[], None]
    ) -> None:
        name = escape_markdown(self._names[conversation.model])
        st.subheader(name, anchor=False)
        button_slot, body, remedy_slot = st.empty(), st.container(), st.empty()
        column = _Column(conversation, turn, button_slot, remedy_slot, render_summary)
        if stream := self._session.stream_of(turn.answer):
            self._live[stream], self._columns[stream] = body, column
            with button_slot:
                render_stop(self._session, [stream], "Stop", f"stop_{conversation.id}")
            return
        with body:
            hides_model = self._comparison.hides_models
            messages.render_answer(turn.answer, self._providers(), hides_model=hides_model)
        self._render_buttons(column)

    def _render_footer(self, turn: Turn) -> None:
        hides_model = self._comparison.hides_models
        messages.render_footer(turn.answer, self._providers(), hides_model=hides_model)

    def _render_buttons(self, column: _Column) -> None:
        """Render what can be done with the last answer of a model."""
        conversation = column.conversation
        is_last = conversation.turns[-1] is column.turn
        column.button_slot.empty()
        if is_last and not self._comparison.hides_models:
            with column.button_slot:
                self._render_continue(conversation)
        if is_last and conversation.can_try_again():
            with column.remedy_slot:
                key = f"_{conversation.id}"
                remedies.render_ask_again(conversation, self._start_answers, key=key)

    def _render_continue(self, conversation: Conversation) -> None:
        if st.button("Continue", icon=":material/forum:", key=f"continue_{conversation.id}"):
            self._session.chat.open(conversation.copy())
            self._session.chat.model = conversation.model
            st.switch_page(page.CHAT_PAGE, query_params=models.query(self._session))

    def _providers(self) -> Providers:
        return catalogue.providers(self._settings, self._session)


def names_of(app: AppContext, comparison: Comparison) -> dict[str, str]:
    """Return the names of the models of a comparison as they are shown, by model."""
    letters = {model: f"Model {comparison.letter(model)}" for model in comparison.models}
    if comparison.hides_models:
        return letters
    names = {
        model: catalogue.find(app.settings, app.session, model).name for model in comparison.models
    }
    if comparison.is_blind:  # to be recognized
        return {model: f"{comparison.letter(model)}: {name}" for model, name in names.items()}
    return names
