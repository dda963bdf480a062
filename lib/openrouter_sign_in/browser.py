"""What only the browser can do: store a cookie, clean its URL, hear of a sign-out in another tab."""

import secrets
from pathlib import Path
from typing import cast

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from .cookies import cookie_name, delete_cookie, set_cookie, storage_prefix
from .state import Commands, State, widget_value

_HERE = Path(__file__).parent


def _component(name: str, html: str = "", css: str = "") -> ComponentRenderer:
    lines = map(str.strip, (_HERE / f"{name}.js").read_text("utf-8").splitlines())
    # Without comments and indentation: Streamlit sends it at each paint.
    js = "\n".join(line for line in lines if line and not line.startswith("//"))
    return st.components.v2.component(f"openrouter_{name}", html=html, css=css, js=js)


_browser = _component("browser", css=":host { display: none; }")
_probe = _component("probe", css=":host { display: none; }")
_link = _component(
    "link", '<a class="sign-in" rel="noreferrer"></a>', (_HERE / "link.css").read_text("utf-8")
)


def queue(
    state: State,
    *,
    cookies: tuple[str, ...] = (),
    cleans_url: bool = False,
    signs_in: bool = False,
    signed_out_at: float | None = None,
    clears_storage: bool = False,
) -> None:
    """Add to what the browser has to do at the next `sync`."""
    before = Commands() if state.commands.is_acknowledged else state.commands
    state.commands = Commands(
        id=secrets.token_hex(8),
        is_acknowledged=False,
        cookies=(*before.cookies, *cookies),
        cleans_url=before.cleans_url or cleans_url,
        signs_in=signs_in or (before.signs_in and not signed_out_at),
        signed_out_at=signed_out_at or before.signed_out_at,
        # By a name of its own: it happens once, though the commands come again with another.
        clears_storage=secrets.token_hex(8) if clears_storage else before.clears_storage,
    )


def sync(state: State, key_cookie: str) -> bool:
    """Send the browser its commands; return whether its user signed out in another tab.

    Once in each run. A browser that has the cookie `key_cookie` is signed in.
    """

    def acknowledge(command_id: object) -> None:
        if command_id == state.commands.id:
            state.commands.is_acknowledged = True
            state.is_announced &= not state.commands.signs_in

    heard = _browser(
        key="openrouter_browser",
        data={
            "commands": () if state.commands.is_acknowledged else (vars(state.commands),),
            "is_heard": state.exchange is None,
            "signed_in_at": state.user.signed_in_at if state.user else None,
            "key_cookie": cookie_name(key_cookie),
            "prefix": storage_prefix(),
        },
        on_acknowledged_change=lambda: acknowledge(_said("openrouter_browser", "acknowledged")),
        on_signed_out_elsewhere_change=lambda: None,
    )
    # Here too: after a run of another page, a report that comes late calls no callback any more.
    acknowledge(heard.acknowledged)
    return bool(state.user and heard.signed_out_elsewhere)


def keeps_cookies(*, says_yes: bool = True) -> bool | None:
    """Tell whether this browser stores cookies; None until it has said so.

    Each answer costs a run of the page: without `says_yes` the browser says so only if it does not.
    """
    key = f"openrouter_probe_{says_yes}"
    heard = _probe(
        key=key,
        data={
            "cookie": set_cookie("probe", "1", max_age=60),
            "deleted": delete_cookie("probe"),
            "said": _said(key, "kept") if says_yes else _said(key, "kept") is not False,
        },
        on_kept_change=lambda: None,
    )
    return heard.kept if isinstance(heard.kept, bool) else None


def show_link(label: str, href: str, *, cookie: str, cookie_prefix: str, max_age_s: int) -> None:
    """Show a real link that first stores a cookie; of those with this prefix a few remain.

    The cookie is good for a click within `max_age_s`; then the link has the page run again, and
    leaves with the new one.
    """
    _link(
        key="openrouter_link",
        data={
            "label": label,
            "href": href,
            "cookie": cookie,
            "prefix": cookie_name(cookie_prefix),
            "max_age": max_age_s,
        },
        on_stale_change=lambda: None,
    )


def _said(key: str, name: str) -> object:
    """Return what a component said under `name`, None if it is gone."""
    said = widget_value(key)
    return cast("dict[str, object]", said).get(name) if said else None
