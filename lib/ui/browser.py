"""What only the browser can do: keep a cookie, clean the address, hear of a sign-out elsewhere.

Streamlit can read cookies (`st.context.cookies`: those of the websocket's handshake) and not write
them; components here do, in the page itself. What they get holds tuples for lists: Streamlit
loads pandas to see whether a list or a dict is a table.
https://docs.streamlit.io/develop/api-reference/custom-components/st.components.v2.component
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.chat.conversation import new_id
from lib.chat.storage import Changes
from lib.ui.session import BrowserOrder, Session, component_value

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


_link = _component("sign_in_link", '<a class="sign-in" rel="noreferrer"></a>')
_tab = _component("tab", isolate_styles=False)  # its style is the page's
_keep = _component("keep")
_cookies = _component("cookies")
_copy = _component("copy", '<button type="button">Copy</button>')


def main_page_address() -> str:
    """Return the address of the main page, from that of the page which the browser shows or left.

    Not by `st.context.url`: it cuts off the name of a page where an address merely ends so, as
    https://team.chat and https://example.org/our-chat do. Empty if the browser has not told it.
    """
    context = get_script_run_ctx()
    if context is None or context.context_info is None:
        return ""
    url = urlsplit(context.context_info.url)
    folder, _, name = url.path.rstrip("/").rpartition("/")
    pages = {page.get("url_pathname") for page in context.pages_manager.get_pages().values()}
    is_base_path = url.path.strip("/") == str(st.get_option("server.baseUrlPath")).strip("/")
    path = f"{folder}/" if name in pages and not is_base_path else url.path
    return urlunsplit((url.scheme, url.netloc, path or "/", "", ""))


def websocket_key() -> str | None:
    """Return the random key of the websocket that has the session; None while none has it."""
    return st.context.headers.get("Sec-WebSocket-Key")


def is_https() -> bool:
    """Tell whether the browser has this page over https, as the browser itself says."""
    return (st.context.url or "").startswith("https://")


def storage_prefix(url: str) -> str:
    """Return how the names begin that the app at this main page gives to what a browser stores.

    Cookies know no ports, and neither they nor the web storage know base paths: without it two
    deployments on one host would sign each other out.
    """
    parts = urlsplit(url)
    place = f"{parts.netloc}{parts.path.rstrip('/')}"
    return f"openrouter_{hashlib.sha256(place.encode()).hexdigest()[:8]}_"


def cookie_name(name: str) -> str:
    """Return the name that a cookie of ours has: `__Host-` keeps other hosts from setting it."""
    return f"{'__Host-' if is_https() else ''}{storage_prefix(main_page_address())}{name}"


def cookie(name: str, value: str, *, max_age: int | None = None) -> str:
    """Return a cookie as `document.cookie` takes it: for the session, or for `max_age` seconds.

    The cookie is read off the websocket's handshake, which the app's own page begins: Lax, it comes
    along wherever the user came from, and with no websocket that another site begins.
    """
    parts = [f"{cookie_name(name)}={value}", "Path=/", "SameSite=Lax"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if is_https():
        parts.append("Secure")
    return "; ".join(parts)


def read_cookie(name: str) -> str | None:
    """Return the value that a cookie of ours had at the websocket's handshake."""
    return st.context.cookies.get(cookie_name(name))


def read_cookies(prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the cookies whose names begin so, as (rest of the name, value)."""
    begin = cookie_name(prefix)
    for name, value in st.context.cookies.items():
        if name.startswith(begin):
            yield name.removeprefix(begin), value


def keeps_cookies() -> bool | None:
    """Tell whether this browser keeps a cookie of ours; None until it has said so."""
    name = "check"
    heard = _cookies(
        key="cookies",
        data={
            "cookie": cookie(name, "1", max_age=60),
            "dropped": cookie(name, "", max_age=0),
            "said": component_value("cookies", "kept"),
        },
        on_kept_change=lambda: None,
    )
    return heard.kept if isinstance(heard.kept, bool) else None


def sign_in_link(
    session: Session, label: str, href: str, keep: str, prefix: str, max_age: int
) -> None:
    """Show a real link that first keeps the cookie `keep`; of those of `prefix` a few remain.

    Once the cookie is `max_age` seconds old, the link has the page run again for a fresh one.
    """

    def blocked() -> None:
        session.cookies_are_blocked = True

    _link(
        key="sign_in_link",
        data={
            "label": label,
            "href": href,
            "cookie": keep,
            "prefix": cookie_name(prefix),
            "probe": cookie("probe", "1"),
            "max_age": max_age,
        },
        on_blocked_change=blocked,
        on_stale_change=lambda: None,
    )


def copy_button(text: str, key: str, kept_as: str = "") -> None:
    """Show a button that copies a text to the clipboard; the tab may keep it under a name."""
    length = len(text.encode("utf-16-le")) // 2  # as the browser counts
    if kept_as:
        name = f"{storage_prefix(main_page_address())}chat/{kept_as}"
        where: dict[str, object] = {"kept_as": name, "length": length}
    else:
        where = {"text": text}
    _copy(key=key, data=where, width="content")


def keep(
    changes: list[Changes], *, is_live: bool, is_last: bool, on_trouble: Callable[[str], object]
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
            "prefix": storage_prefix(main_page_address()),
            "sent_at": time.time(),
        },
        on_trouble_change=troubled if is_last else lambda: None,
    )


def order(
    session: Session,
    *,
    cookies: tuple[str, ...] = (),
    clean_address: bool = False,
    signed_out_at: float | None = None,
    forget_conversations: bool = False,
    then_open_chat: bool = False,
) -> None:
    """Add to what the browser has to do at the next `attend_tab`."""
    before = session.order
    if before.is_carried_out:
        before = BrowserOrder()
    session.order = BrowserOrder(
        id=new_id(),
        is_carried_out=False,
        cookies=[*before.cookies, *cookies],
        clean_address=before.clean_address or clean_address,
        signed_out_at=signed_out_at or before.signed_out_at,
        # By a name of its own: the tab forgets once, though an order comes again with another.
        forget_conversations=new_id() if forget_conversations else before.forget_conversations,
        then_open_chat=then_open_chat,
    )


def attend_tab(session: Session, take_back: Callable[[str], object], key_cookie: str) -> bool:
    """Give the tab its orders; return whether its user signed out elsewhere. Once in each run.

    `take_back` gets what the tab kept of conversations (JSON), once in a session that is signed in.
    A browser that has the cookie `key_cookie` is signed in.
    """

    def take_report(order_id: object) -> None:
        if order_id == session.order.id:
            session.order.is_carried_out = True
            session.opens_chat |= session.order.then_open_chat

    def kept_came_back() -> None:
        kept = component_value("tab", "kept")
        if isinstance(kept, str) and session.wants_kept and session.sign_in:
            session.wants_kept = False
            take_back(kept)

    def goodbye_was_said() -> None:
        session.has_said_goodbye = True

    heard = _tab(
        key="tab",
        data={
            "orders": () if session.order.is_carried_out else (vars(session.order),),
            "is_heard": session.exchange is None,
            "signed_in_at": session.sign_in.at if session.sign_in else None,
            "key_cookie": cookie_name(key_cookie),
            "opened": session.opened,
            "prefix": storage_prefix(main_page_address()),
            "asked": session.asked,
            "wants_kept": session.id if session.wants_kept and session.sign_in else None,
        },
        on_carried_out_change=lambda: take_report(component_value("tab", "carried_out")),
        on_kept_change=kept_came_back,
        on_signed_out_elsewhere_change=lambda: None,
        on_goodbye_change=goodbye_was_said,
        on_silence_change=lambda: None,
    )
    session.has_said_goodbye = bool(heard.goodbye)
    # Here too: a report that comes late, after a run of the chat page, calls no callback any more.
    take_report(heard.carried_out)
    return bool(session.sign_in and heard.signed_out_elsewhere)
