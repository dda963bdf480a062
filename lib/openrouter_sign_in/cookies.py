"""What the browser stores for the app, and its own URL: what Streamlit can read of both.

`st.context.cookies` are those of the websocket's handshake: they are there on a session's first run,
and new ones show at the next handshake. JavaScript writes them (browser.js, link.js).
https://docs.streamlit.io/develop/api-reference/caching-and-state/st.context
"""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from .state import digest


def main_page_url() -> str:
    """Return the URL of the app's main page as the browser has it, without query.

    Not `st.context.url`: that cuts off the name of a page where a URL merely ends so, as
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


def storage_prefix(url: str | None = None) -> str:
    """Return how names begin under which the app at this main page stores something in a browser.

    Cookies know no ports, and neither they nor web storage know base paths: without it two
    deployments on one host would sign each other out. What is in `sessionStorage` under names that
    begin so is removed at sign-out.
    """
    parts = urlsplit(main_page_url() if url is None else url)
    place = f"{parts.netloc}{parts.path.rstrip('/')}"
    return f"openrouter_{digest(place)[:8]}_"


def cookie_name(name: str) -> str:
    """Return the full name of a cookie: on https `__Host-` keeps other hosts from setting it."""
    return f"{'__Host-' if _is_https() else ''}{storage_prefix()}{name}"


def set_cookie(name: str, value: str, *, max_age: int | None = None) -> str:
    """Return a cookie as `document.cookie` takes it: for the session, or for `max_age` seconds.

    Lax: the websocket's handshake is begun by the app's own page, wherever the user came from, and
    no cookie goes along with one that another site begins.
    """
    parts = [f"{cookie_name(name)}={value}", "Path=/", "SameSite=Lax"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if _is_https():
        parts.append("Secure")
    return "; ".join(parts)


def delete_cookie(name: str) -> str:
    """Return what deletes a cookie."""
    return set_cookie(name, "", max_age=0)


def read_cookie(name: str) -> str | None:
    """Return the value of a cookie at the handshake."""
    return st.context.cookies.get(cookie_name(name))


def read_cookies(prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the cookies whose names begin so, as (rest of the name, value)."""
    begin = cookie_name(prefix)
    for name, value in st.context.cookies.items():
        if name.startswith(begin):
            yield name.removeprefix(begin), value


def _is_https() -> bool:
    return (st.context.url or "").startswith("https://")
