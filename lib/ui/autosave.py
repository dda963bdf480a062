"""The conversations of a session, kept in the browser's tab: they outlive a reload and a restart."""

import time
from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.chat.storage import StorageChanges, parse_records, restore
from lib.openrouter.untrusted import amount
from lib.settings import MAX_COMPARED
from lib.ui import browser, chat_actions
from lib.ui.session import Session, end_if_unwanted

POLL_INTERVAL_S = 0.25
AUTOSAVE_INTERVAL_S = 1.5
"""Between two messages while an answer streams; browser.py says what they mean to the tab."""

SENT_AGAIN = 0.3
"""Seconds for which changes are sent along again: a new run drops what has not left the server."""
LEFT_OUT = "left out"
"""The record by which the tab says that it brought not all of its chats."""


class Autosave:
    """Keeps what changes in the course of a run: `now`, and while one waits `when_due`."""

    def __init__(self, session: Session, place: DeltaGenerator) -> None:
        self._session, self._place = session, place
        self._kept_at = time.monotonic()

    def when_due(self) -> None:
        """Keep what changed, now and then; the tab hears that its answers are being looked after."""
        if time.monotonic() - self._kept_at >= AUTOSAVE_INTERVAL_S:
            self._send(self._changes(), is_last=False)

    def now(self) -> None:
        """Keep what changed."""
        if changes := self._changes():
            self._send(changes, is_last=False)

    def at_the_end(self) -> None:
        """Keep what changed, as the last thing in a run: the tab may tell of trouble with it."""
        self._send(self._changes(), is_last=True)

    def until_answers_end(self) -> None:
        """Keep what changes until the last answer is whole, on a page that shows none; then end."""
        while self._is_live:
            end_if_unwanted()
            time.sleep(POLL_INTERVAL_S)
            self.when_due()
        self.at_the_end()

    @property
    def _is_live(self) -> bool:
        return any(not stream.is_over for stream in self._session.streams)

    def _changes(self) -> list[StorageChanges]:
        """Return what the tab has not been given yet, and what may not have arrived."""
        session = self._session
        self._kept_at = time.monotonic()
        end_if_unwanted()  # what an ended script takes would never leave
        with session.lock:
            changes = session.storage_diff.changes(session.kept_conversations, _facts(session))
            session.storage_is_full |= session.storage_diff.has_left_out_files
            sent = [one for one in session.sent if self._kept_at - one[0] < SENT_AGAIN]
            session.sent = [*sent, (self._kept_at, changes)] if changes else sent
            return [one for _, one in session.sent]

    def _send(self, changes: list[StorageChanges], *, is_last: bool) -> None:
        with self._place:
            browser.keep(
                changes,
                is_live=self._is_live,
                is_last=is_last,
                on_trouble=self._heard_of_trouble,
            )

    def _heard_of_trouble(self, trouble: str) -> None:
        if trouble == "behind":
            self._session.keep_anew()
        elif trouble == "full":
            self._session.storage_is_full = True


def _facts(session: Session) -> dict[str, str]:
    """What the tab keeps beside the conversations, of those that there are."""
    if not session.kept_conversations and not session.storage_diff.has_records:
        return {}
    facts = {"open": session.conversation.id, "spent": repr(session.spent)}
    return facts | ({"budget": repr(session.budget)} if session.budget else {})


def show_trouble(session: Session) -> None:
    """Say that not everything will outlive a reload, or did not, if so."""
    if session.chats_are_left_out:
        st.warning(
            "The chats in this browser tab are too large to be brought back all at once, so the "
            "oldest are not in the list. They are still in the tab: delete or save some of the "
            "others, then reload.",
            icon=":material/save:",
        )
    if session.storage_is_full:
        st.warning(
            "This browser tab cannot keep all of your chats: it has no room left, or forbids it. Some "
            "would be gone after a reload. Save what you need (This chat, in the sidebar), or delete "
            "old chats.",
            icon=":material/save:",
        )


def start(session: Session) -> Autosave:
    """Return what keeps the conversations in this run."""
    return Autosave(session, st.container(key="kept"))


def take_back(session: Session, kept: str) -> None:
    """Take the conversations that the tab kept into a session that has just begun."""
    try:
        records = parse_records(kept)
    except ValueError:
        return
    with session.lock:  # the script before may still be keeping
        _take_back(session, records)


def _take_back(session: Session, records: Mapping[str, str]) -> None:
    known = {conversation.id for conversation in session.kept_conversations}
    restored = [c for c in restore(records) if c.id not in known]
    session.conversations[:0] = [c for c in restored if not c.model]
    compared = [*session.comparison.values(), *(c for c in restored if c.model)]
    if not session.comparisons:  # else something else is compared by now
        compared.sort(key=lambda conversation: conversation.began_at)
        session.comparison = {c.model: c for c in compared[-MAX_COMPARED:]}
        session.compares_again = bool(session.comparison)
    for conversation in restored:
        if conversation.id == records.get("open") and not session.conversation.turns:
            session.open(conversation)
    session.chats_are_left_out = LEFT_OUT in records
    session.spent += _amount(records, "spent") or 0.0
    session.budget = session.budget or _amount(records, "budget")
    # Not those that were begun meanwhile: the tab has not been given all of them.
    session.storage_diff.mark_stored(restored, _facts(session))
    chat_actions.attach(session, restored)


def _amount(records: Mapping[str, str], name: str) -> float | None:
    try:
        return amount(float(records.get(name, "")))
    except ValueError:
        return None
