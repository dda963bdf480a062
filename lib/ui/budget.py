"""What a session may cost."""

import streamlit as st

from lib.settings import Settings
from lib.ui.formatting import usd
from lib.ui.session import Session, set_first_widget_value, widget_value

NEAR = 0.8
"""The share of a budget from which on the page warns."""


def limit(settings: Settings, session: Session) -> float | None:
    """Return what the session may cost in USD: the setting, or less if its user said so."""
    amounts = (settings.session_budget, session.budget)
    return min((amount for amount in amounts if amount is not None), default=None)


def refusal(settings: Settings, session: Session) -> str:
    """Return why nothing more is sent, empty as long as there is something left."""
    most = limit(settings, session)
    if most is None or session.spent < most:
        return ""
    can_be_raised = most != settings.session_budget
    way_on = (
        "Raise it under Account, then try again."
        if can_be_raised
        else "Whoever sent you the link set it; ask them for more."
    )
    return f"This session's budget of ${most:,.2f} is used up, so nothing was sent. {way_on}"


def show_field(settings: Settings, session: Session) -> None:
    """Show the field in which the user sets a budget, or lowers the one that there is."""

    def change() -> None:
        session.budget = widget_value("budget")

    set_first_widget_value("budget", session.budget)
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


def show_warning(settings: Settings, session: Session) -> None:
    """Warn where the budget comes to its end."""
    most = limit(settings, session)
    if most is not None and session.spent >= most * NEAR:
        st.warning(
            f"This session has cost {usd(session.spent)} of its budget of {usd(most)}.",
            icon=":material/savings:",
        )
