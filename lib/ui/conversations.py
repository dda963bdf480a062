"""The chats in the sidebar: open, rename, save, delete, upload."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from lib.chat.archive import NotAConversation, decode, encode
from lib.chat.comparison import Comparison
from lib.chat.conversation import MAX_TITLE_LENGTH, Conversation
from lib.chat.search import find
from lib.export import to_html, to_markdown
from lib.markdown.streamlit import escape_markdown
from lib.ui import chat_actions
from lib.ui.formatting import small
from lib.ui.session import Session
from lib.ui.widgets import widget_value

MAX_SAVED_CHAT_MB = 50
"""Of a saved chat."""
MIN_CHATS_TO_FIND = 5
"""Chats from which on words can be found in them."""
MAX_HITS = 20
MAX_QUERY_LENGTH = 100
_NOT_WORD = re.compile(r"\W+")
_MEDIA_TYPES = {"html": "text/html", "md": "text/markdown", "json": "application/json"}
T = TypeVar("T", Conversation, Comparison)


def render_list(session: Session) -> None:
    """Render the button for a new chat, and the chats, the latest first."""
    chat = session.chat
    listed = [conversation for conversation in chat.conversations if conversation.turns]
    render_items(
        "New chat",
        listed,
        chat.conversation,
        chat.open,
        Conversation,
        find=lambda: len(listed) >= MIN_CHATS_TO_FIND and _render_found(session, listed),
    )
    # Their content is rendered while they are open. By its key, none stays open for another chat.
    opens: dict[str, Any] = {"width": "stretch", "on_change": "rerun"}
    if session.chat.conversation.turns:
        key = f"menu_{session.chat.conversation.id}"
        menu = st.popover("This chat", icon=":material/more_horiz:", key=key, **opens)
        if menu.open:
            with menu:
                _render_chat_menu(session, session.chat.conversation)
    upload = st.popover("Open a saved chat", icon=":material/upload_file:", key="upload", **opens)
    if upload.open:
        with upload:
            _render_upload(session)


def render_items(
    new_label: str,
    items: Sequence[T],
    opened: T,
    open_item: Callable[[T], None],
    new_item: Callable[[], T],
    find: Callable[[], bool] = lambda: False,
) -> None:
    """Render a button for a new item, and one for each of the others, the latest first.

    Between them stands what `find` renders; if it returns True, in place of the others.
    """
    st.button(
        new_label,
        icon=":material/add:",
        on_click=open_item,
        args=(new_item(),),
        width="stretch",
    )
    if find():
        return
    with st.container(gap="xxsmall", key="chats"):
        for item in reversed(items):
            is_open = item is opened
            st.button(
                escape_markdown(item.title),
                key=f"open_{item.id}",
                icon=":material/chat_bubble:" if is_open else ":material/chat_bubble_outline:",
                type="secondary" if is_open else "tertiary",
                on_click=open_item,
                args=(item,),
                width="stretch",
            )


def render_downloads(title: str, *files: tuple[str, str, Callable[[], bytes]]) -> None:
    """Render buttons that save files: label, ending, and what writes the content on a click."""
    name = _NOT_WORD.sub("-", title).strip("-").lower() or "chat"
    for label, ending, write in files:
        st.download_button(
            label,
            write,
            f"{name}.{ending}",
            _MEDIA_TYPES[ending],
            key=f"save_{ending}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )


def _render_found(session: Session, listed: Sequence[Conversation]) -> bool:
    """Render the field that finds words, and what it finds; return whether something is sought."""
    query = st.text_input(
        "Find in chats",
        key="find",
        type="search",
        placeholder="Find in chats",
        label_visibility="collapsed",
        live=True,
    )
    if not query or not query.strip():
        return False
    hits = find(listed, query[:MAX_QUERY_LENGTH], MAX_HITS, session.chat.folded)
    with st.container(gap="xxsmall", key="found"):
        if not hits:
            small("No chat has these words.")
        title = ""
        for hit in hits:
            if hit.conversation.title != title:
                title = hit.conversation.title
                small(f"**{escape_markdown(title)}**")
            before, found, after = map(escape_markdown, (hit.before, hit.found, hit.after))
            st.button(
                f"{before}**{found}**{after}",
                key=f"found_{hit.conversation.id}_{hit.turn.id}",
                type="tertiary",
                on_click=session.chat.show,
                args=(hit.conversation, hit.turn),
                width="stretch",
                wrap=True,
            )
        if len(hits) == MAX_HITS:
            small("There may be more. Add a word to find fewer.")
    return True


def _render_chat_menu(session: Session, conversation: Conversation) -> None:
    key = f"name_{conversation.id}"

    def rename() -> None:
        conversation.name = str(widget_value(key)).strip()

    def delete() -> None:
        chat_actions.stop(session, *conversation.answers())
        session.chat.conversations = [
            c for c in session.chat.conversations if c is not conversation
        ]
        session.chat.open(Conversation())
        if session.storage.is_full:  # now there is room
            session.reset_storage()

    st.text_input("Name", conversation.title, key=key, max_chars=MAX_TITLE_LENGTH, on_change=rename)
    render_downloads(
        conversation.title,
        ("Save as a page, to send to others", "html", partial(_page, conversation)),
        ("Save as Markdown", "md", partial(to_markdown, conversation)),
        ("Save as JSON, to open it again", "json", partial(encode, conversation)),
    )
    st.button(
        "Delete this chat",
        icon=":material/delete:",
        key="delete_chat",
        on_click=delete,
        width="stretch",
    )


def _page(conversation: Conversation) -> bytes:
    return to_html(conversation, exported_at=datetime.now(UTC))


def _render_upload(session: Session) -> None:
    def take() -> None:
        file = widget_value("saved_chat")
        if file is None:
            return
        try:
            conversation = decode(file.getvalue())
        except NotAConversation:
            session.chat.upload_failure = (
                "This file is not a chat that was saved here as JSON, so it was not opened."
            )
        else:
            session.chat.upload_failure = ""
            session.chat.open(conversation)

    st.file_uploader(
        "A chat that was saved as JSON",
        "json",
        key="saved_chat",
        max_upload_size=MAX_SAVED_CHAT_MB,
        on_change=take,
    )
    if session.chat.upload_failure:
        st.error(session.chat.upload_failure, icon=":material/error:")
