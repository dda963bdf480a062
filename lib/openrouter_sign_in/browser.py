"""What only the browser can do: store a cookie, clean its URL, report a sign-out in another tab."""

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from .cookies import KEY, cookie_name, delete_cookie, set_cookie, storage_prefix
from .state import Action, Command, State, widget_value

_HERE = Path(__file__).parent


def _component(
    name: str, html: str = "", css: str = ":host { display: none; }"
) -> ComponentRenderer:
    lines = map(str.strip, (_HERE / f"{name}.js").read_text("utf-8").splitlines())
    # Without comments and indentation, since Streamlit sends it whenever it renders.
    js = "\n".join(line for line in lines if line and not line.startswith("//"))
    return st.components.v2.component(f"openrouter_{name}", html=html, css=css, js=js)


_browser, _probe = _component("browser"), _component("probe")
link = _component(
    "link", '<a class="sign-in" rel="noreferrer"></a>', (_HERE / "link.css").read_text("utf-8")
)


def _unacknowledged(state: State) -> tuple[Command, ...]:
    is_done = state.commands and state.commands[-1].id == state.acknowledged
    return () if is_done else state.commands


def queue(state: State, action: Action, value: str | float = "") -> None:
    """Queue a command for the browser, to be sent at the next `sync`."""
    state.commands = (*_unacknowledged(state), Command(action, value))


def sync(state: State) -> bool:
    """Send the browser its commands; return whether the user signed out in another tab.

    Call it once in each run.
    """

    def acknowledge(events: Any) -> None:
        acknowledged = (events or {}).get("acknowledged")
        if state.commands and acknowledged == state.commands[-1].id:
            state.acknowledged = acknowledged
            # Also if the browser repeats it: the app may have been led to another page by then.
            signs_in = any(command.action == "record_sign_in" for command in state.commands)
            state.signed_in_is_due |= signs_in and state.user is not None

    events = _browser(
        key="openrouter_browser",
        # Tuples, since for a list Streamlit loads pandas to see whether it is a table.
        data={
            "commands": tuple(map(vars, _unacknowledged(state))),
            "is_exchanging": state.exchange is not None,
            "signed_in_at": state.user.signed_in_at if state.user else None,
            "key_cookie": cookie_name(KEY),
            "prefix": storage_prefix(),
        },
        on_acknowledged_change=lambda: acknowledge(widget_value("openrouter_browser")),
        on_signed_out_elsewhere_change=lambda: None,
    )
    # Here too: an event that arrives after a run of another page calls no callback.
    acknowledge(events)
    return bool(state.user and events.signed_out_elsewhere)


def keeps_cookies(*, reports_success: bool = True) -> bool | None:
    """Tell whether this browser stores cookies; None until it has reported that.

    A report costs a run of the page. Without `reports_success` only a failure is reported.
    """
    key = f"openrouter_probe_{reports_success}"
    known = (widget_value(key) or {}).get("stored")
    events = _probe(
        key=key,
        data={
            "cookie": set_cookie("probe", "1", max_age=60),
            "deleted": delete_cookie("probe"),
            "known": True if known is None and not reports_success else known,
        },
        on_stored_change=lambda: None,
    )
    return events.stored if isinstance(events.stored, bool) else None
