"""Session state as Streamlit holds it: what widgets and components say, and yield points.

A yield point is a place where Streamlit may end a script, because another message of the browser has
arrived. In a callback that would lose what the user had sent.
"""

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
SESSION_KEY = "session"
_POLL_INTERVAL_S = 0.1


def widget_value(key: str, default: Any = None) -> Any:
    """Return the value of a widget, also of one that is not rendered any more.

    No yield point, as `st.session_state[…]` is.
    """
    return st.session_state.to_dict().get(key, default)


def component_value(key: str, name: str) -> Any:
    """Return what a component reported under `name`, for use in a callback.

    None if it is gone: a run that ends at the same moment takes it along.
    """
    values = widget_value(key)
    return values.get(name) if values else None


def set_widget_value(key: str, value: object) -> None:
    """Set a widget that is about to be rendered to a value whose owner is elsewhere."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def set_first_widget_value(key: str, value: object) -> None:
    """Set the value with which a widget begins; what the user made of it stays."""
    st.session_state.setdefault(key, value)


def keep_popover_open(key: str) -> None:
    """Keep a popover open whose label changes: Streamlit takes it for a new one, which is closed."""
    st.session_state[key] = True


def clear_widgets() -> None:
    """Drop what the user set in widgets, also in those whose value persists for the session."""
    for key in list(st.session_state):
        if key != SESSION_KEY and not str(key).startswith("openrouter_"):
            with suppress(KeyError):  # a script of the session that is ending may be quicker
                del st.session_state[key]


def yield_point() -> None:
    """Let Streamlit end the script here if it was stopped, or if its browser has gone.

    A look into session state is such a point; unlike rendering, it sends nothing.
    """
    _ = SESSION_KEY in st.session_state


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Start work in a thread of its own, which goes on if Streamlit ends the script that waits."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - the script that waits must get any error
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future


def wait_for(future: Future[Any]) -> None:
    """Wait in a script, which Streamlit may end meanwhile."""
    while not wait([future], timeout=_POLL_INTERVAL_S).done:
        yield_point()
