"""The vote for one of several answers whose models are hidden, and the tally of a session."""

from collections.abc import Mapping

import streamlit as st

from lib.chat.comparison import TIE, Comparison
from lib.chat.figures import tally
from lib.export.summary import tally_html
from lib.markdown.streamlit import escape_markdown
from lib.ui import catalogue
from lib.ui.formatting import small
from lib.ui.page import AppContext


def render_vote(comparison: Comparison, index: int, names: Mapping[str, str]) -> None:
    """Render the buttons to vote in a round, and to show the models; later, what the vote was."""
    vote = comparison.votes.get(index)
    if not comparison.hides_models:
        if vote is not None:
            choice = "a tie" if vote == TIE else escape_markdown(names[vote])
            small(f":material/how_to_vote: You voted for {choice}.")
        return

    def choose(model: str) -> None:
        comparison.votes[index] = model

    is_last = index == comparison.round_count - 1
    st.markdown("**Which answer is best?**")
    with st.container(horizontal=True):
        for model, label in {
            **{m: names[m] for m in comparison.answers(index)},
            TIE: "Tie",
        }.items():
            st.button(
                label,
                key=f"vote_{comparison.id}_{index}_{label}",
                type="primary" if vote == model else "secondary",
                icon=":material/check:" if vote == model else None,
                on_click=choose,
                args=(model,),
            )
    if is_last:
        _render_reveal(comparison)


def _render_reveal(comparison: Comparison) -> None:
    def reveal() -> None:
        comparison.is_revealed = True

    small(
        "Then show the models, or ask on: they stay hidden. Your votes count once they are shown."
        if comparison.votes
        else "Vote first: once the models are shown, votes are closed."
    )
    st.button("Show the models", icon=":material/visibility:", key="reveal", on_click=reveal)


def render_tally(app: AppContext) -> None:
    """Render the votes of the session by model, if there are any."""
    scores = tally(app.session.comparison.comparisons)
    if not scores:
        return
    names = {model: catalogue.find(app.settings, app.session, model).name for model in scores}
    st.markdown("##### Your blind votes in this session")
    st.html(tally_html(scores, names))
