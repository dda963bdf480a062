"""The budget of a session."""

import math

import streamlit as st

from lib.chat import labels
from lib.chat.conversation import Answer
from lib.chat.costs import Cost
from lib.settings import Settings
from lib.ui.formatting import rounded_usd
from lib.ui.session import Session
from lib.ui.widgets import set_first_widget_value, widget_value

WARNING_SHARE = 0.8
"""The share of the budget from which on the page warns."""


def limit(settings: Settings, session: Session) -> float | None:
    """Return the most that the session may cost, in USD: the setting, or less if the user chose it."""
    amounts = (settings.session_budget, session.spending.budget)
    return min((amount for amount in amounts if amount is not None), default=None)


def left(settings: Settings, session: Session) -> float:
    """Return what the session may still cost, in USD, beside the answers that are on their way."""
    maximum = limit(settings, session)
    if maximum is None:
        return math.inf
    return maximum - session.spending.spent - sum(session.spending.reserved.values())


def refusal_of(cost: Cost | None, settings: Settings, session: Session, answer: Answer) -> str:
    """Return why an answer is not asked for, whose longest form costs more than is left; else empty.

    `answer` gets the length that can be paid for, if one can. Where the price is not known, nothing
    is refused.
    """
    amount = left(settings, session)
    if cost is None or cost.most <= amount:
        return ""
    answer.affordable_tokens = cost.affordable_tokens(amount)
    shorter = "Send it again for a shorter answer, " if answer.affordable_tokens else ""
    rest = "choose a cheaper model, or raise the budget"
    advice = f"{shorter}{rest}" if shorter else rest.capitalize()
    return (
        f"This answer may cost up to {labels.rounded_usd(cost.most)}, and this session's budget has "
        f"{labels.rounded_usd(max(0.0, amount))} left, so nothing was sent. {advice}."
    )


def refusal(settings: Settings, session: Session) -> str:
    """Return why nothing more is sent; empty while some of the budget is left."""
    maximum = limit(settings, session)
    if maximum is None or session.spending.spent < maximum:
        return ""
    can_be_raised = maximum != settings.session_budget
    advice = (
        "Raise it under Account, then try again."
        if can_be_raised
        else "Ask the person who sent you the link to raise it."
    )
    return f"This session's budget of {labels.rounded_usd(maximum)} is used up, so nothing was sent. {advice}"


def render_budget_field(settings: Settings, session: Session) -> None:
    """Render the field in which the user sets a budget, or lowers that of the settings."""

    def change() -> None:
        session.spending.budget = widget_value("budget")

    set_first_widget_value("budget", session.spending.budget)
    st.number_input(
        "Budget of this session, in US dollars",
        min_value=min(0.01, settings.session_budget or 0.01),
        max_value=settings.session_budget,
        value=None,
        key="budget",
        on_change=change,
        placeholder=f"{settings.session_budget:,.2f}" if settings.session_budget else "none",
        help="At the budget nothing more is sent. What has been spent is in the sidebar.",
    )


def render_warning(settings: Settings, session: Session) -> None:
    """Warn if most of the budget is spent."""
    maximum = limit(settings, session)
    if maximum is not None and session.spending.spent >= maximum * WARNING_SHARE:
        st.warning(
            f"This session has cost {rounded_usd(session.spending.spent)} of its budget of {rounded_usd(maximum)}.",
            icon=":material/savings:",
        )
