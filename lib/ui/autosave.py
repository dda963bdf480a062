"""Save the conversations of a session in the browser's tab: they outlive a reload and a restart."""

import json
import time
from collections.abc import Mapping

import msgspec
import streamlit as st

from lib.chat.comparison import restore_comparisons, to_records
from lib.chat.conversation import Conversation
from lib.chat.storage import StorageChanges, parse_records, restore
from lib.openrouter.models import is_model_id
from lib.openrouter.untrusted import amount
from lib.settings import MAX_COMPARED, Settings
from lib.ui import browser, chat_actions, models
from lib.ui.session import Session
from lib.ui.state import MAX_COUNTED_MODELS, SignInRecord
from lib.ui.widgets import yield_point

POLL_INTERVAL_S = 0.25
AUTOSAVE_INTERVAL_S = 1.5
"""Between two messages while an answer streams; browser.py says what they mean to the tab."""
RESEND_S = 0.3
"""Changes are sent again for so long: a new run drops what has not left the server."""
OMITTED_RECORD = "left out"
"""The record by which the tab reports that it sent not all of its chats."""


class Autosave:
    """Saves what changes in the course of a run."""

    def __init__(self, settings: Settings, session: Session) -> None:
        self._settings, self._session = settings, session
        self._slot = st.container(key="storage_slot")
        self._saved_at = time.monotonic()

    def save(self) -> None:
        """Save what changed."""
        if changes := self._changes():
            self._send(changes, is_last=False)

    def save_if_due(self) -> None:
        """Save what changed, now and then; it is also a sign of life to the tab."""
        if time.monotonic() - self._saved_at >= AUTOSAVE_INTERVAL_S:
            self._send(self._changes(), is_last=False)

    def finish(self, shown: Conversation | None = None) -> None:
        """Save until the last answer has ended, also one that this page does not show.

        A question that waits for one in a chat which is not `shown` is sent meanwhile. The last call
        of a run: the tab may report trouble.
        """
        while True:
            was_live = self._is_live  # read first: a question may wait for what ends now
            self._start_waiting(shown)
            if not (was_live or self._is_live):
                break
            yield_point()
            time.sleep(POLL_INTERVAL_S)
            self.save_if_due()
        self._send(self._changes(), is_last=True)

    def _start_waiting(self, shown: Conversation | None) -> None:
        settings, session = self._settings, self._session
        for one in session.chat.conversations:
            if one is not shown and one.pending_turn:
                request = models.chosen_request(settings, session)
                chat_actions.start_pending_answer(settings, session, session.user, one, request)

    @property
    def _is_live(self) -> bool:
        return any(not stream.is_over for stream in self._session.streams)

    def _changes(self) -> list[StorageChanges]:
        """Return what the tab has not been given yet, and what may not have arrived."""
        session, storage = self._session, self._session.storage
        self._saved_at = time.monotonic()
        yield_point()  # what an ended script takes would never leave
        with session.lock:
            changes = storage.diff.changes(session.stored_conversations, _facts(session))
            storage.is_full |= storage.diff.has_left_out_files
            sent = [one for one in storage.sent if self._saved_at - one[0] < RESEND_S]
            storage.sent = [*sent, (self._saved_at, changes)] if changes else sent
            return [one for _, one in storage.sent]

    def _send(self, changes: list[StorageChanges], *, is_last: bool) -> None:
        with self._slot:
            browser.store(
                changes,
                self._session.chat_storage_prefix,
                is_live=self._is_live,
                is_last=is_last,
                on_trouble=self._handle_trouble,
            )

    def _handle_trouble(self, trouble: str) -> None:
        if trouble == "behind":
            self._session.reset_storage()
        elif trouble == "full":
            self._session.storage.is_full = True


def _facts(session: Session) -> dict[str, str]:
    """Return what the tab stores beside the conversations, if there are any."""
    has_steps = session.sign_in != SignInRecord()
    if not (session.stored_conversations or session.storage.diff.has_records or has_steps):
        return {}
    spending = session.spending
    facts = {"open": session.chat.conversation.id, "spent": repr(spending.spent)}
    if spending.by_model:
        facts["spent_by_model"] = json.dumps(spending.by_model)
    facts |= to_records(session.comparison.comparisons)
    if has_steps:
        facts["sign_in"] = msgspec.json.encode(session.sign_in).decode()
    return facts | ({"budget": repr(spending.budget)} if spending.budget else {})


def render_storage_warnings(session: Session) -> None:
    """Say that not everything will outlive a reload, or did not, if so."""
    if session.storage.has_omitted_chats:
        st.warning(
            "The chats in this browser tab are too large to be brought back all at once, so the "
            "oldest are not in the list. They are still in the tab: delete or save some of the "
            "others, then reload.",
            icon=":material/save:",
        )
    if session.storage.is_full:
        st.warning(
            "This browser tab cannot store all of your chats: it has no room left, or forbids it. "
            "Some would be gone after a reload. Save what you need (This chat, in the sidebar), or "
            "delete old chats.",
            icon=":material/save:",
        )


def restore_stored(session: Session, stored: str) -> None:
    """Restore the conversations that the tab stored into a session that has just begun."""
    try:
        records = parse_records(stored)
    except ValueError:
        return
    with session.lock:  # the script before may still be saving
        _restore(session, records)


def _restore(session: Session, records: Mapping[str, str]) -> None:
    chat, spending = session.chat, session.spending
    known = {conversation.id for conversation in session.stored_conversations}
    stored = restore(records)
    restored = [c for c in stored if c.id not in known]
    chat.conversations[:0] = [c for c in restored if not c.model]
    session.comparison.restore(restore_comparisons(stored, records, MAX_COMPARED))
    for conversation in restored:
        if conversation.id == records.get("open") and not chat.conversation.turns:
            chat.open(conversation)
    session.storage.has_omitted_chats = OMITTED_RECORD in records
    spending.spent += _amount(records, "spent") or 0.0
    for model, cost in _costs(records).items():
        spending.by_model[model] = spending.by_model.get(model, 0.0) + cost
    spending.budget = spending.budget or _amount(records, "budget")
    if session.sign_in.exchanged is None:
        session.sign_in = _sign_in_record(records)
    # Not those that were begun meanwhile: the tab has not been given all of them.
    session.storage.diff.mark_stored(restored, _facts(session))
    chat_actions.attach(session, restored)


def _sign_in_record(records: Mapping[str, str]) -> SignInRecord:
    try:
        return msgspec.json.decode(records.get("sign_in", ""), type=SignInRecord)
    except (ValueError, RecursionError):
        return SignInRecord()


def _costs(records: Mapping[str, str]) -> dict[str, float]:
    """Return the costs by model that the tab stored; entries that are none are left out."""
    try:
        stored = json.loads(records.get("spent_by_model", ""))
    except (ValueError, RecursionError):
        return {}
    listed = list(stored.items())[:MAX_COUNTED_MODELS] if isinstance(stored, dict) else []
    return {name: cost for name, each in listed if is_model_id(name) and (cost := amount(each))}


def _amount(records: Mapping[str, str], name: str) -> float | None:
    try:
        return amount(float(records.get(name, "")))
    except ValueError:
        return None
