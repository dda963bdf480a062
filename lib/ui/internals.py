"""What the app uses of Streamlit that is not in its public API, checked with `VERSION`.

The sign-in folder has one use of its own: `cookies.main_page_url`.
"""

import streamlit as st
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer as StatusContainer
from streamlit.runtime.scriptrunner import get_script_run_ctx

VERSION = "1.67"
SELECTORS = (
    ".stHtml",
    '[aria-controls="stSidebar"]',
    *(
        f'[data-testid="st{name}"]'
        for name in (
            "ChatInput",
            "ChatInputTextArea",
            "ExpandSidebarButton",
            "FileChip",
            "HorizontalBlock",
            "Image",
            "ImageContainer",
            "MarkdownContainer",
            "MermaidError",
            "PopoverButton",
            "Sidebar",
            "StatusWidget",
            "Text",
        )
    ),
)
"""Of Streamlit's page: used in the CSS and JavaScript beside this file."""


def session_id() -> str:
    """Return the id of the running script's session; empty where no script runs."""
    context = get_script_run_ctx()
    return context.session_id if context else ""


def is_connected(session_id: str) -> bool:
    """Tell whether a browser is connected to a session; without a server, in AppTest, one always is."""
    return not runtime.exists() or runtime.get_instance().is_active_session(session_id)


def slot_above_input() -> DeltaGenerator:
    """Return a slot that stays in sight above the chat input, which is to be made after it."""
    slot: DeltaGenerator = st._bottom.empty()
    return slot
