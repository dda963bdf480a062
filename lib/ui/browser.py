"""What only the browser can do for the chat: keep conversations in its tab, copy, say goodbye.

What components get holds tuples for lists: Streamlit loads pandas to see whether a list or a dict is
a table. https://docs.streamlit.io/develop/api-reference/custom-components/st.components.v2.component
"""

import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from lib.chat.storage import StorageChanges
from lib.openrouter_sign_in import storage_prefix
from lib.ui.session import Session, component_value

_HERE = Path(__file__).parent


def _component(name: str, html: str = "", *, isolate_styles: bool = True) -> ComponentRenderer:
    css, js = (_source(_HERE / f"{name}.{language}") for language in ("css", "js"))
    return st.components.v2.component(
        name, html=html, css=css, js=js, isolate_styles=isolate_styles
    )


def _source(path: Path) -> str:
    """Read without comments and indentation: Streamlit sends a source at each paint."""
    lines = map(str.strip, path.read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


_tab = _component("tab", isolate_styles=False)  # its style is the page's
_keep = _component("keep")
_copy = _component("copy", '<button type="button">Copy</button>')


def copy_button(text: str, key: str, kept_as: str = "") -> None:
    """Show a button that copies a text to the clipboard; the tab may keep it under a name."""
    length = len(text.encode("utf-16-le")) // 2  # as the browser counts
    if kept_as:
        name = f"{storage_prefix()}chat/{kept_as}"
        where: dict[str, object] = {"kept_as": name, "length": length}
    else:
        where = {"text": text}
    _copy(key=key, data=where, width="content")


def keep(
    changes: list[StorageChanges],
    *,
    is_live: bool,
    is_last: bool,
    on_trouble: Callable[[str], object],
) -> None:
    """Have the tab keep changes, those that it has not kept yet.

    It tells of trouble, `full` or `behind`, at the end of a run. While answers are live, each call
    is also a sign of life: a tab that misses it for some seconds asks for a new run (tab.js).
    """

    def troubled() -> None:
        on_trouble(str(component_value("keep", "trouble")))

    _keep(
        key="keep" if is_last else None,
        # The time makes each call a new one; the browser takes no notice of the same data again.
        data={
            "changes": tuple(vars(one) for one in changes),
            "is_live": is_live,
            "is_last": is_last,
            "prefix": storage_prefix(),
            "sent_at": time.time(),
        },
        on_trouble_change=troubled if is_last else lambda: None,
    )


def sync_tab(session: Session, take_back: Callable[[str], object]) -> bool:
    """Tell the tab where its user is; return whether it has a report. Once in each run.

    `take_back` gets what the tab kept of conversations (JSON), once in a session that is signed in.
    """

    def kept_came_back() -> None:
        kept = component_value("tab", "kept")
        if isinstance(kept, str) and session.wants_kept and session.user:
            session.wants_kept = False
            take_back(kept)

    def goodbye_was_said() -> None:
        session.is_page_closing = True

    heard = _tab(
        key="tab",
        data={
            "signed_in_at": session.user.signed_in_at if session.user else None,
            "opened": session.opened,
            "asked": session.asked,
            "forgets": session.forgets,
            "prefix": storage_prefix(),
            "wants_kept": session.id if session.wants_kept and session.user else None,
        },
        on_kept_change=kept_came_back,
        on_goodbye_change=goodbye_was_said,
        on_silence_change=lambda: None,
    )
    session.is_page_closing = bool(heard.goodbye)
    return bool(heard.kept or heard.silence or heard.goodbye)
