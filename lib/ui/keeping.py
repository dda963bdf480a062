"""The conversations of a session, kept in the browser's tab: they outlive a reload and a restart."""

import contextlib
import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.keeping import restore
from lib.openrouter.untrusted import number, parse_json
from lib.ui import browser
from lib.ui.session import Session, end_if_unwanted

PATIENCE = 0.25
"""Seconds between two looks at whether there is anything to do."""
INTERVAL = 1.5
"""Seconds between two changes that are sent while an answer streams."""

SENT_AGAIN = 0.3
"""Seconds for which changes are sent along again: a new run drops what has not left the server."""


class Keeping:
    """Keeps what changes in the course of a run: `now`, and while one waits `when_due`."""

    def __init__(self, session: Session, place: DeltaGenerator) -> None:
        self._session, self._place = session, place
        self._kept_at = time.monotonic()

    def when_due(self) -> None:
        """Keep what changed, now and then."""
        if time.monotonic() - self._kept_at >= INTERVAL:
            self.now()

    def now(self, *, is_last: bool = False) -> None:
        """Keep what changed; at the end of a run the tab may tell of trouble with it."""
        session = self._session
        self._kept_at = time.monotonic()
        if not session.conversations and not session.keeper.has_given:
            return
        changes = session.keeper.changes(session.conversations, _facts(session))
        if not (changes or is_last):
            return
        session.sent = [one for one in session.sent if self._kept_at - one[0] < SENT_AGAIN]
        if changes:
            session.sent.append((self._kept_at, changes))
        with self._place:
            browser.keep([one for _, one in session.sent], is_last, self._heard_of_trouble)

    def to_the_end(self) -> None:
        """Keep what changes until the last answer is whole, on a page that shows none; then end."""
        while any(not answering.is_over for answering in self._session.answerings):
            end_if_unwanted()
            time.sleep(PATIENCE)
            self.when_due()
        self.now(is_last=True)

    def _heard_of_trouble(self, trouble: str) -> None:
        if trouble == "behind":
            keep_anew(self._session)
        elif trouble == "full":
            self._session.storage_is_full = True


def _facts(session: Session) -> dict[str, str]:
    return {"open": session.conversation.id, "spent": repr(session.spent)}


def keep_anew(session: Session) -> None:
    """Have the tab forget what it kept, and keep everything once more."""
    browser.order(session, forget_conversations=True)
    session.keep_anew()


def show_trouble(session: Session) -> None:
    """Say that not everything will outlive a reload, if so."""
    if session.storage_is_full:
        st.warning(
            "This browser tab cannot keep all of your chats: it has no room left, or forbids it. Some "
            "would be gone after a reload. Save what you need (This chat, in the sidebar), or delete "
            "old chats.",
            icon=":material/save:",
        )


def start(session: Session) -> Keeping:
    """Return what keeps the conversations in this run."""
    return Keeping(session, st.container(key="kept"))


def take_back(session: Session, kept: str) -> None:
    """Take the conversations that the tab kept into a session that has just begun."""
    try:
        records = parse_json(kept)
    except ValueError:
        return
    known = {conversation.id for conversation in session.conversations}
    restored = [c for c in restore(records) if c.id not in known]
    session.conversations[:0] = restored
    for conversation in restored:
        if conversation.id == records.get("open") and not session.conversation.turns:
            session.open(conversation)
    # Not those that were begun meanwhile: the tab has not been given all of them.
    session.keeper.assume(restored, _facts(session))
    with contextlib.suppress(KeyError, TypeError, ValueError):  # nothing spent, or not ours
        session.spent += max(0.0, number(float(records["spent"])) or 0.0)
