"""What only the browser can do for the chat: store conversations in its tab, copy, say goodbye.

The data of components holds tuples for lists: Streamlit loads pandas to see whether a list or a dict is
a table. https://docs.streamlit.io/develop/api-reference/custom-components/st.components.v2.component
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from lib.chat.storage import StorageChanges
from lib.chat.tokens import PER_LETTER, PER_OTHER_BYTE, PER_SIGN
from lib.markdown import SHARED_CSS
from lib.openrouter_sign_in import main_page_url, storage_prefix
from lib.ui.session import Session
from lib.ui.state import ChatState, ComparisonState, StorageState
from lib.ui.widgets import component_value

_HERE = Path(__file__).parent
MAX_ID_LENGTH = 20
QUESTION_LOST = (
    "Your last message did not reach the app: the connection was lost. It is back in the field below. "
    "Send it again, with its files if it had any."
)
FONT_PATH = "app/static/stix-two-math.woff2"
"""Served by Streamlit (`server.enableStaticServing`); the browser loads it with the first formula."""


def _component(
    name: str, html: str = "", *, shared: Sequence[Path] = (), isolate_styles: bool = True
) -> ComponentRenderer:
    """Return the component of `name.css` and `name.js`, with `shared` sources before its own."""
    sources = [*shared, *(_HERE / f"{name}{suffix}" for suffix in (".css", ".js"))]
    css, js = (
        _source(*(path for path in sources if path.suffix == suffix and path.exists()))
        for suffix in (".css", ".js")
    )
    return st.components.v2.component(
        name, html=html, css=css, js=js, isolate_styles=isolate_styles
    )


def _source(*paths: Path) -> str:
    """Read without comments and indentation: Streamlit sends a source at each rendering."""
    lines = (line.strip() for path in paths for line in path.read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


_CLIPBOARD = _HERE / "clipboard.js"
_HIDDEN = _HERE / "hidden.css"
_SESSION_STORAGE = _HERE / "session_storage.js"
# The style of these is the page's.
_tab = _component("tab", shared=(_HERE / "messages.css", _SESSION_STORAGE), isolate_styles=False)
_markdown = _component("markdown", shared=(_CLIPBOARD, SHARED_CSS), isolate_styles=False)
_storage = _component("storage", shared=(_HIDDEN,))
_draft = _component("draft", shared=(_HIDDEN, _SESSION_STORAGE))
_redirect = _component("redirect", shared=(_HIDDEN,))
_pkce = _component(
    "pkce",
    "<div><label>Your own <code>code_verifier</code>"
    '<input maxlength="200" autocomplete="off" spellcheck="false" value="too-short"></label><dl>'
    '<dt>Allowed?</dt><dd><output name="grammar"></output></dd>'
    '<dt>SHA-256, 32 bytes</dt><dd><output name="sha256"></output></dd>'
    "<dt>In base64url: the <code>code_challenge</code></dt>"
    '<dd><output name="challenge"></output></dd></dl>'
    '<button type="button">Take the example of RFC 7636</button></div>',
)
_secrets_toml = _component(
    "secrets_toml",
    '<pre tabindex="0"></pre><button type="button">Copy</button>',
    shared=(_CLIPBOARD,),
)
_copy = _component(
    "copy",
    '<button type="button"><svg viewBox="0 0 24 24" aria-hidden="true">'
    '<rect x="8" y="7" width="12" height="14" rx="2"/><path d="M4 17V5a2 2 0 0 1 2-2h10"/></svg>'
    "<span>Copy</span></button>",
    shared=(_CLIPBOARD,),
)
_cost_estimate = _component("cost_estimate", "<p></p>")


def enhance_markdown() -> None:
    """Show the formulas in the texts of models, and let their code be copied. Once in each run.

    `st.html` passes neither MathML nor scripts on: markdown.js adds both.
    """
    _markdown(key="markdown", data={"font_url": f"{main_page_url()}{FONT_PATH}"})


def copy_button(text: str, key: str, storage_key: str = "") -> None:
    """Render a button that copies a text, which the tab may have stored under a key already."""
    length = len(text.encode("utf-16-le")) // 2  # as the browser counts
    if storage_key:
        where: dict[str, object] = {"storage_key": storage_key, "length": length}
    else:
        where = {"text": text}
    _copy(key=key, data=where, width="content")


def secrets_toml(toml: str) -> None:
    """Render settings in TOML, with a SIGN_IN_SECRET that the browser makes, and a Copy button."""
    _secrets_toml(key="secrets_toml", data={"toml": toml})


class Amounts(NamedTuple):
    """A cost in USD by the number of typed tokens; `steps` are labels from so many tokens on."""

    fixed: float
    per_token: float
    steps: tuple[tuple[int, str], ...]


def cost_estimate(
    key: str,
    fixed: str = "",
    *,
    about: Amounts | None = None,
    most: Amounts | None = None,
) -> None:
    """Render the cost of the question in the chat input: by its length, or in a fixed sentence."""
    weights = (PER_LETTER, PER_SIGN, PER_OTHER_BYTE)
    data = {"fixed": fixed, "about": about, "most": most, "weights": weights}
    _cost_estimate(key=key, data=data)


def pkce_playground() -> None:
    """Render a field for a `code_verifier`, whose challenge changes with each key."""
    _pkce(key="pkce", data={})


def sync_draft(session: Session, state: ChatState | ComparisonState) -> None:
    """Have the tab store what is typed into the chat input, until it is a further question of `state`.

    The tab asks after a question that does not arrive, and puts it back into the input if it is lost.
    """
    storage = session.storage
    _draft(
        key="draft",
        data={
            "prefix": storage_prefix(),
            "signed_in_at": session.user.signed_in_at if session.user else None,
            "session_id": session.id,
            "awaits": session.chat_storage_prefix if storage.wants_restore else None,
            "question_count": state.question_count,
            "answered": storage.missing_question,
        },
        on_missing_change=lambda: note_missing(storage, state, component_value("draft", "missing")),
    )


def note_missing(storage: StorageState, state: ChatState | ComparisonState, report: object) -> None:
    """Note a question that the tab has sent, and say that it is lost if it has not arrived.

    `report` has an `id`, and the `count` of questions when it was sent.
    """
    if isinstance(report, dict):
        storage.missing_question = str(report.get("id"))[:MAX_ID_LENGTH]
        if report.get("count") == state.question_count:
            state.refusal = QUESTION_LOST


def redirect(url: str) -> None:
    """Leave the page for a URL, in the same tab."""
    _redirect(key="redirect", data={"url": url})


def store(
    changes: list[StorageChanges],
    prefix: str,
    *,
    is_live: bool,
    is_last: bool,
    on_trouble: Callable[[str], object],
) -> None:
    """Have the tab store changes under a prefix, those that it has not stored yet.

    At the end of a run (`is_last`) it may report trouble: `full` or `behind`. While answers are
    live, each call is also a sign of life: a tab that misses it for some seconds asks for a new run
    (tab.js).
    """

    def handle_trouble() -> None:
        on_trouble(str(component_value("storage", "trouble")))

    _storage(
        key="storage" if is_last else None,
        # The time makes each call a new one; the browser ignores the same data.
        data={
            "changes": tuple(vars(one) for one in changes),
            "is_live": is_live,
            "is_last": is_last,
            "prefix": prefix,
            "sent_at": time.time(),
        },
        on_trouble_change=handle_trouble if is_last else lambda: None,
    )


def sync_tab(session: Session, restore: Callable[[str], object]) -> None:
    """Tell the tab what its user is looking at. Once in each run.

    `restore` gets what the tab stored of conversations (JSON), once in a session that is signed in.
    """

    def restore_once() -> None:
        stored = component_value("tab", "stored")
        if isinstance(stored, str) and session.storage.wants_restore and session.user:
            session.storage.wants_restore = False
            restore(stored)

    def note_goodbye() -> None:
        session.is_page_closing = True

    events = _tab(
        key="tab",
        data={
            "signed_in_at": session.user.signed_in_at if session.user else None,
            "open_count": session.chat.open_count + session.comparison.open_count,
            "last_question_id": session.chat.last_question_id,
            "view_count": session.chat.view_count,
            "reset_id": session.storage.reset_id,
            "prefix": storage_prefix(),
            "chat_prefix": session.chat_storage_prefix,
            "wants_restore": session.id if session.storage.wants_restore and session.user else None,
        },
        on_stored_change=restore_once,
        on_goodbye_change=note_goodbye,
        on_silence_change=lambda: None,
    )
    session.is_page_closing = bool(events.goodbye)
