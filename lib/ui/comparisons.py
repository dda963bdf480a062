"""The comparisons in the sidebar: open, save, delete."""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from lib.chat.comparison import Comparison
from lib.export import comparison_to_html, comparison_to_json, comparison_to_markdown
from lib.ui import comparison_actions, conversations
from lib.ui.formatting import small
from lib.ui.session import Session


def render_list(session: Session) -> None:
    """Render the button for a new comparison, and the comparisons, the latest first."""
    state = session.comparison
    conversations.render_items(
        "New comparison", state.comparisons, state.comparison, state.open, Comparison
    )
    if not state.comparison.columns:
        return
    key = f"menu_{state.comparison.id}"
    menu = st.popover(
        "This comparison",
        icon=":material/more_horiz:",
        key=key,
        width="stretch",
        on_change="rerun",
    )
    if menu.open:
        with menu:
            _render_menu(session, state.comparison)


def _render_menu(session: Session, comparison: Comparison) -> None:
    if comparison.hides_models:
        small("A file would name the models. Show them first, to save.")
    else:
        conversations.render_downloads(
            comparison.title,
            ("Save as a page, to send to others", "html", partial(_page, comparison)),
            ("Save as Markdown", "md", partial(comparison_to_markdown, comparison)),
            ("Save as JSON", "json", partial(comparison_to_json, comparison)),
        )
    st.button(
        "Delete this comparison",
        icon=":material/delete:",
        key="delete_comparison",
        on_click=comparison_actions.delete,
        args=(session, comparison),
        width="stretch",
    )


def _page(comparison: Comparison) -> bytes:
    return comparison_to_html(comparison, exported_at=datetime.now(UTC))
