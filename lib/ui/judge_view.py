"""The judge of a round: a model that is asked on a click, and its verdict."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.answer_stream import AnswerStream
from lib.chat.comparison import Comparison
from lib.chat.conversation import Conversation
from lib.chat.judging import DEFAULT_CRITERIA, MAX_CRITERIA_LENGTH, Judgment, verdict_of
from lib.export.summary import verdict_html
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.models import Model
from lib.openrouter_sign_in import current_user
from lib.ui import catalogue, comparison_actions, data_policy, messages
from lib.ui.compared_models import maker_of, newest_by_maker
from lib.ui.formatting import rounded_usd, small
from lib.ui.live import render_stop
from lib.ui.model_labels import short_label
from lib.ui.page import AppContext
from lib.ui.receipt import Providers
from lib.ui.widgets import set_first_widget_value, widget_value

_JUDGE_KEY, _CRITERIA_KEY = "judge", "criteria"


class JudgeView:
    """Renders the verdicts of a comparison; `live` are the slots of those that still grow."""

    def __init__(self, app: AppContext, comparison: Comparison) -> None:
        self._app, self._comparison = app, comparison
        self.live: dict[AnswerStream, DeltaGenerator] = {}

    def render(self, index: int, names: Mapping[str, str]) -> None:
        """Render the verdicts about a round; below the last round, what asks for another."""
        for judges in self._comparison.verdicts(index):
            self._render_verdict(judges, names)
        answers = [answer for answer in self._comparison.answers(index).values() if answer.has_text]
        is_last = index == self._comparison.round_count - 1
        is_live = comparison_actions.live_answers(self._app.session, self._comparison)
        if is_last and len(answers) > 1 and not is_live:
            with st.expander("Let a model judge", icon=":material/gavel:", key="judging"):
                self._render_form(index)

    def finish(self, stream: AnswerStream) -> None:
        """Render what belongs to a verdict that has just ended."""
        with self.live[stream]:
            messages.render_footer(stream.answer, self._providers())

    def _render_verdict(self, judges: list[Conversation], names: Mapping[str, str]) -> None:
        verdict = verdict_of(judges)
        with st.container(border=True, key=f"verdict_{judges[0].id}"):
            judge = catalogue.find(self._app.settings, self._app.session, verdict.judge).name
            st.subheader(f"Judged by {escape_markdown(judge)}", anchor=False)
            st.markdown(f"**{escape_markdown(verdict.conclusion(names))}**")
            st.html(verdict_html(verdict, names))
            cost = f" It cost {rounded_usd(verdict.cost)}." if verdict.cost else ""
            small(f"A model's opinion: it counts in no vote.{cost} What it wrote:")
            for conversation, judgment in zip(judges, verdict.judgments, strict=True):
                self._render_judgment(conversation, judgment, names)

    def _render_judgment(
        self, conversation: Conversation, judgment: Judgment, names: Mapping[str, str]
    ) -> None:
        order = ", ".join(
            f"Answer {number} is {escape_markdown(names[model])}"
            for number, model in enumerate(judgment.order, 1)
        )
        stream = self._app.session.stream_of(judgment.answer)
        with st.expander(order, expanded=stream is not None, key=f"judgment_{conversation.id}"):
            button_slot, body = st.empty(), st.container()
            if stream:
                self.live[stream] = body
                with button_slot:
                    render_stop(self._app.session, [stream], "Stop", f"stop_{conversation.id}")
                return
            with body:
                messages.render_answer(judgment.answer, self._providers())

    def _render_form(self, index: int) -> None:
        settings, session, comparison = self._app.settings, self._app.session, self._comparison
        known = catalogue.models(settings, session)
        allowed = data_policy.allowed(settings, session, comparison.data_policy, known)
        options = list(allowed)
        if not options:
            st.markdown("The list of models could not be loaded just now. Reload in a minute.")
            return

        def ask() -> None:
            judge, criteria = widget_value(_JUDGE_KEY), widget_value(_CRITERIA_KEY, "")
            arguments = (settings, session, current_user(), comparison, index, judge, criteria)
            comparison_actions.ask_judge(*arguments)

        makers = {maker_of(model) for model in comparison.models}
        candidates = newest_by_maker(allowed.values())
        neutral = (model for model in candidates if maker_of(model) not in makers)
        set_first_widget_value(_JUDGE_KEY, next(neutral, options[0]))
        set_first_widget_value(_CRITERIA_KEY, DEFAULT_CRITERIA)
        judge = st.selectbox(
            "Judge",
            list(dict.fromkeys([*options, widget_value(_JUDGE_KEY)])),
            format_func=lambda name: short_label(known.get(name) or Model(name, name)),
            key=_JUDGE_KEY,
            persist_state="session",
        )
        st.text_area(
            "Criteria",
            key=_CRITERIA_KEY,
            persist_state="session",
            max_chars=MAX_CRITERIA_LENGTH,
        )
        if maker_of(judge) in makers and not comparison.hides_models:
            small(
                ":material/balance: An answer is by a model of the same maker. Judges tend to favour "
                "their own."
            )
        small(
            "The judge gets the question and the answers, without names or files, and is asked "
            "twice: the second time in reversed order. Both requests cost credits."
        )
        st.button("Ask the judge", icon=":material/gavel:", key="ask_judge", on_click=ask)

    def _providers(self) -> Providers:
        return catalogue.providers(self._app.settings, self._app.session)
