"""The conversations of a session, in the sidebar: switch, name, delete, take away, bring back."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from lib.chat.archive import NotAConversation, decode, encode
from lib.chat.conversation import MAX_TITLE_LENGTH, Conversation
from lib.export import to_html, to_markdown
from lib.markdown.streamlit_markdown import literal
from lib.ui import chat_actions
from lib.ui.session import Session, widget_value

MAX_UPLOAD_MB = 50
"""Megabytes of a saved chat."""
_NO_WORD = re.compile(r"\W+")


def show_list(session: Session) -> None:
    """Show the way to a new conversation, and to those that there are, the latest first."""
    st.button(
        "New chat",
        icon=":material/add:",
        on_click=session.open,
        args=(Conversation(),),
        width="stretch",
    )
    listed = [conversation for conversation in session.conversations if conversation.turns]
    with st.container(gap="xxsmall", key="chats"):
        for conversation in reversed(listed):
            is_open = conversation is session.conversation
            st.button(
                literal(conversation.title),
                key=f"open_{conversation.id}",
                icon=":material/chat_bubble:" if is_open else ":material/chat_bubble_outline:",
                type="secondary" if is_open else "tertiary",
                on_click=session.open,
                args=(conversation,),
                width="stretch",
            )
    # What they open is made while they are open; by its key none stays open in another's place.
    opens: dict[str, Any] = {"width": "stretch", "on_change": "rerun"}
    if session.conversation.turns:
        key = f"ways_{session.conversation.id}"
        ways = st.popover("This chat", icon=":material/more_horiz:", key=key, **opens)
        if ways.open:
            with ways:
                _show_ways(session, session.conversation)
    upload = st.popover("Open a saved chat", icon=":material/upload_file:", key="upload", **opens)
    if upload.open:
        with upload:
            _show_upload(session)


def _show_ways(session: Session, conversation: Conversation) -> None:
    key = f"name_{conversation.id}"

    def rename() -> None:
        conversation.name = str(widget_value(key)).strip()

    def delete() -> None:
        chat_actions.stop(session, *conversation.answers())
        session.conversations = [c for c in session.conversations if c is not conversation]
        session.open(Conversation())
        if session.storage_is_full:  # now there is room
            session.keep_anew()

    st.text_input("Name", conversation.title, key=key, max_chars=MAX_TITLE_LENGTH, on_change=rename)
    name = _NO_WORD.sub("-", conversation.title).strip("-").lower() or "chat"
    for label, ending, media_type, write in (
        ("Save as a page, to send to others", "html", "text/html", _page),
        ("Save as Markdown", "md", "text/markdown", to_markdown),
        ("Save as JSON, to open it again", "json", "application/json", encode),
    ):
        st.download_button(
            label,
            partial(write, conversation),
            f"{name}.{ending}",
            media_type,
            key=f"save_{ending}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
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


def _show_upload(session: Session) -> None:
    def take() -> None:
        file = widget_value("saved_chat")
        if file is None:
            return
        try:
            conversation = decode(file.getvalue())
        except NotAConversation:
            session.upload_failure = (
                "This file is no chat that was saved here as JSON, so it was not opened."
            )
        else:
            session.upload_failure = ""
            session.open(conversation)

    st.file_uploader(
        "A chat that was saved as JSON",
        "json",
        key="saved_chat",
        max_upload_size=MAX_UPLOAD_MB,
        on_change=take,
    )
    if session.upload_failure:
        st.error(session.upload_failure, icon=":material/error:")
