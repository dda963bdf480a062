"""The app's cookies, as the websocket's handshake has them, and its own URL.

Cookies are there on a session's first run, and new ones at the next handshake. JavaScript sets them.
https://docs.streamlit.io/develop/api-reference/caching-and-state/st.context
"""

import secrets
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from .sealing import SealBroken, Sealer
from .state import Options, PendingSignIn, User, digest

KEY, BINDING, PENDING = "key", "binding", "pending_"
_RANDOM_SECRET = secrets.token_urlsafe(32)
_Record = TypeVar("_Record", User, PendingSignIn)


def main_page_url() -> str:
    """Return the URL of the app's main page in the browser, without query and password.

    Empty if unknown.

    Not `st.context.url`: it removes a page's name also from the end of https://team.chat or
    https://example.org/our-chat.
    """
    context = get_script_run_ctx()
    if context is None or context.context_info is None:
        return ""
    url = urlsplit(context.context_info.url)
    folder, _, name = url.path.rstrip("/").rpartition("/")
    pages = {page.get("url_pathname") for page in context.pages_manager.get_pages().values()}
    is_base_path = url.path.strip("/") == str(st.get_option("server.baseUrlPath")).strip("/")
    path = f"{folder}/" if name in pages and not is_base_path else url.path
    host = url.netloc.rpartition("@")[2]  # without a password for the site
    return urlunsplit((url.scheme, host, path or "/", "", ""))


def websocket_key() -> str | None:
    """Return the random key of the session's websocket; None while it has none."""
    return st.context.headers.get("Sec-WebSocket-Key")


def storage_prefix(url: str | None = None) -> str:
    """Return the prefix of all names under which the app at this main page stores in a browser.

    It tells deployments on one host apart: cookies ignore ports, and both cookies and web storage
    ignore base paths. Signing out clears `sessionStorage` under this prefix.
    """
    parts = urlsplit(main_page_url() if url is None else url)
    return f"openrouter_{digest(parts.netloc + parts.path.rstrip('/'))[:8]}_"


def cookie_name(name: str) -> str:
    """Return the full name of a cookie: on https `__Host-` keeps other hosts from setting it."""
    is_https = (st.context.url or "").startswith("https://")
    return f"{'__Host-' if is_https else ''}{storage_prefix()}{name}"


def set_cookie(name: str, value: str, *, max_age: int | None = None) -> str:
    """Return a cookie for `document.cookie`: for the browser session, or for `max_age` seconds.

    Lax: the app's own page opens the websocket, also after a redirect from another site; a
    websocket that another site opens gets no cookie.
    """
    full_name = cookie_name(name)
    lifetime = "" if max_age is None else f"; Max-Age={max_age}"
    secure = "; Secure" if full_name.startswith("__Host-") else ""
    return f"{full_name}={value}; Path=/; SameSite=Lax{lifetime}{secure}"


def delete_cookie(name: str) -> str:
    """Return what deletes a cookie when it is assigned to `document.cookie`."""
    return set_cookie(name, "", max_age=0)


def read_cookie(name: str) -> str | None:
    """Return the value of a cookie at the handshake."""
    return st.context.cookies.get(cookie_name(name))


def sealer(options: Options, purpose: str) -> Sealer:
    """Return the sealer for one purpose; without a secret its seals end with the process."""
    return Sealer(options.secret or _RANDOM_SECRET, purpose)


def unseal(
    options: Options, purpose: str, kind: type[_Record], *, max_age: int
) -> dict[str, _Record]:
    """Return the records in the cookies whose names begin with `purpose`, by the rest of the name.

    Skips those that are older than `max_age` seconds, of another secret or of an unknown OpenRouter.
    """
    records, prefix = {}, cookie_name(purpose)
    for name, value in st.context.cookies.items():
        if name.startswith(prefix):
            try:
                record = kind(**sealer(options, purpose).unseal(value, max_age=max_age))
            except (SealBroken, TypeError):
                continue
            if record.base_url in options.auth_urls:
                records[name.removeprefix(prefix)] = record
    return records
