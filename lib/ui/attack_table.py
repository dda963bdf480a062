"""The attacks on a sign-in as a table: held or broke, by method."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from lib.attacks import ATTACKS, METHODS, Outcome
from lib.openrouter_sign_in import Method
from lib.ui.sign_in_steps import table


def render_attacks(found: Mapping[str, Mapping[Method, Outcome]]) -> None:
    """Render what came of each attack, by its name and by method, and why."""
    outcomes = [(attack, found[attack.name]) for attack in ATTACKS if attack.name in found]
    table(
        ("Attack", "What the attacker has", *METHODS),
        [
            (
                f"<b>{escape(attack.name)}</b>",
                escape(attack.has),
                *(_cell(by_method.get(method)) for method in METHODS),
            )
            for attack, by_method in outcomes
        ],
    )
    with st.expander("Why", icon=":material/help:"):
        for attack, by_method in outcomes:
            reasons = dict.fromkeys(outcome.why for outcome in by_method.values())
            st.markdown(f"**{attack.name}.** {attack.run.__doc__} {' '.join(reasons)}")
    st.markdown(
        "What no method refuses: someone who sees the link that you have *just clicked* can approve it "
        "with their own account, and send you the return before yours. You would be signed in to "
        "theirs. So do not open a sign-in link that somebody sends you."
    )


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "–"
    if outcome.held and outcome.status == 200:
        return '<span class="good">✓ held</span>: the app asks first'
    word, name = ("✓ held", "good") if outcome.held else ("✗ broke", "bad")
    return f'<span class="{name}">{word}</span> ({outcome.status})'
