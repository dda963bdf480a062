"""What a browser's tab keeps of the conversations: small records, of which only the changed travel.

A conversation is one record under its id (its name, how many turns), each turn one under `id/n`, its
files one under `id/n/files`, and the text and reasoning of its last answer, which may still grow, one
each under `id/n/text` and `id/n/reasoning`.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from lib.chat.archive import MAX_TURNS, NotAConversation, decode_turn, encode_files, encode_turn
from lib.chat.conversation import MAX_TITLE_LENGTH, Conversation, Turn
from lib.openrouter.models import is_model_id

MAX_CONVERSATIONS = 200
MAX_FILES_BYTES = 4_000_000
"""Of the files of one question: no browser gives a tab more room than for that, as base64."""
MAX_KEPT = 20_000_000
"""Characters of the records as JSON; the tab sends no more at once (tab.js)."""


@dataclass
class StorageChanges:
    """What changed since the changes before: records to put, to add text to, and to remove.

    Those of one `source` are numbered from 1.
    """

    source: str
    number: int
    put: dict[str, str] = field(default_factory=dict)
    add: dict[str, str] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)


def text_record(conversation: Conversation, number: int) -> str:
    """Return the name of the record with the text of the last answer of a turn."""
    return f"{conversation.id}/{number}/text"


class StorageDiff:
    """Knows what it has given out, and gives out what is new."""

    def __init__(self) -> None:
        self._id = secrets.token_hex(8)
        self._number = 0
        self._given: dict[str, object] = {}
        self._texts: dict[str, str] = {}
        self.has_left_out_files = False

    @property
    def has_given(self) -> bool:
        """Whether there is anything that was given out and is to be kept."""
        return bool(self._given)

    def assume(self, conversations: Iterable[Conversation], facts: Mapping[str, str]) -> None:
        """Take these for kept already: they are where they just came from."""
        number = self._number
        self.changes(conversations, facts)
        self._number = number

    def changes(
        self, conversations: Iterable[Conversation], facts: Mapping[str, str]
    ) -> StorageChanges | None:
        """Return what is to be kept of these conversations, and of some facts, and is not yet.

        None if there is nothing new.
        """
        changes = StorageChanges(self._id, self._number + 1)
        there: set[str] = set()
        for name, fact in facts.items():
            there.add(name)
            if self._is_new(name, fact):
                changes.put[name] = fact
        for conversation in conversations:
            if not conversation.turns:
                continue
            there.add(conversation.id)
            head = _Head(
                conversation.name,
                len(conversation.turns),
                conversation.began_at,
                conversation.model,
            )
            if self._is_new(conversation.id, head):
                changes.put[conversation.id] = msgspec.json.encode(head).decode()
            for place, turn in enumerate(conversation.turns):
                there |= self._add_turn(changes, f"{conversation.id}/{place}", turn)
        for given in (self._given, self._texts):
            gone = [key for key in given if key not in there]
            changes.remove += gone
            for key in gone:
                del given[key]
        if not (changes.put or changes.add or changes.remove):
            return None
        self._number += 1
        return changes

    def _is_new(self, key: str, state: object) -> bool:
        is_new = self._given.get(key) != state
        self._given[key] = state
        return is_new

    def _add_turn(self, changes: StorageChanges, key: str, turn: Turn) -> set[str]:
        there = {key}
        # Equal if nothing changed, and quick to compare: an answer that has ended grows no more.
        state = (
            turn.question,
            turn.shown,
            [
                (
                    *(answer.progress, answer.seconds, answer.usage),
                    *(len(answer.images), len(answer.citations)),
                )
                for answer in turn.answers
            ],
        )
        if self._is_new(key, state):
            changes.put[key] = encode_turn(turn)
        if sum(len(file.content) for file in turn.attachments) > MAX_FILES_BYTES:
            self.has_left_out_files = True
        elif turn.attachments:
            there.add(f"{key}/files")
            names = [(file.name, len(file.content)) for file in turn.attachments]
            if self._is_new(f"{key}/files", names):
                changes.put[f"{key}/files"] = encode_files(turn)
        last = turn.answers[-1]
        for name, text in (("text", last.text), ("reasoning", last.reasoning)):
            if text:
                there.add(f"{key}/{name}")
                self._add_text(changes, f"{key}/{name}", text)
        return there

    def _add_text(self, changes: StorageChanges, key: str, text: str) -> None:
        before = self._texts.get(key, "")
        self._texts[key] = text
        if not before or not text.startswith(before):
            changes.put[key] = text
        elif len(text) > len(before):
            changes.add[key] = text[len(before) :]


def parse_records(kept: str) -> dict[str, str]:
    """Read what a browser sent: JSON of records by name. Raises `ValueError` for anything else."""
    if len(kept) > MAX_KEPT:
        raise ValueError("too long")
    return msgspec.json.decode(kept, type=dict[str, str])


def restore(kept: Mapping[str, str]) -> list[Conversation]:
    """Read the records that a browser kept, the oldest first; whatever is not ours is left out."""
    ids = [key for key in kept if _ID.fullmatch(key)][:MAX_CONVERSATIONS]
    restored = (_conversation(conversation_id, kept) for conversation_id in ids)
    found = [conversation for conversation in restored if conversation and conversation.turns]
    return sorted(found, key=lambda conversation: conversation.began_at)


def _conversation(conversation_id: str, kept: Mapping[str, str]) -> Conversation | None:
    try:
        head = msgspec.json.decode(kept[conversation_id], type=_Head)
    except (ValueError, RecursionError):
        return None
    conversation = Conversation([], head.name[:MAX_TITLE_LENGTH], conversation_id, head.began_at)
    conversation.model = head.model if is_model_id(head.model) else ""
    for place in range(min(head.turns, MAX_TURNS)):
        key = f"{conversation_id}/{place}"
        if key not in kept:
            continue
        files = kept.get(f"{key}/files", "[]")
        texts = (kept.get(f"{key}/text", ""), kept.get(f"{key}/reasoning", ""))
        try:
            conversation.turns.append(decode_turn(kept[key], files, *texts))
        except NotAConversation:
            continue
    return conversation


class _Head(msgspec.Struct, frozen=True):
    name: str
    turns: int
    began_at: float
    model: str = ""


_ID = re.compile("[0-9a-f]{16}")
