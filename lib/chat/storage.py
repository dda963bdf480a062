"""The conversations in the tab's storage: small records, of which only the changed are sent.

A conversation has one record `id` (its name, its number of turns), and for each turn one record
`id/n`, one `id/n/files` for the files, one `id/n/media` for what its answers have of images and
parsed files, and `id/n/text` and `id/n/reasoning` for the text and the reasoning of the last
answer, which may still be streamed. The columns of a comparison share the files of the first.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from lib.chat.archive import (
    MAX_READ_TURNS,
    NotAConversation,
    decode_turn,
    encode_files,
    encode_media,
    encode_turn,
)
from lib.chat.conversation import MAX_TITLE_LENGTH, Conversation, Part, Turn, is_id
from lib.openrouter.models import is_model_id
from lib.openrouter.request import known_policy

MAX_CONVERSATIONS = 200
MAX_FILES_BYTES = 4_000_000
"""Bytes of the files of one question, or of the images of its answers; as base64, they fill the
quota that browsers give a tab."""
MAX_STORED_LENGTH = 20_000_000
"""Characters of the records as JSON; tab.js has the same limit."""


@dataclass
class StorageChanges:
    """The changes since the previous ones: records to put, to append text to, and to remove.

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
    """Computes the changes since the state that was sent last."""

    def __init__(self) -> None:
        self._id = secrets.token_hex(8)
        self._number = 0
        self._sent: dict[str, object] = {}
        self._texts: dict[str, str] = {}
        self.has_left_out_files = False

    @property
    def has_records(self) -> bool:
        """Whether there are any records in the state that was sent last."""
        return bool(self._sent)

    def mark_stored(self, conversations: Iterable[Conversation], facts: Mapping[str, str]) -> None:
        """Record the current state as stored, after it was restored from the tab."""
        number = self._number
        self.changes(conversations, facts)
        self._number = number

    def changes(
        self, conversations: Iterable[Conversation], facts: Mapping[str, str]
    ) -> StorageChanges | None:
        """Return the changes that store these conversations and facts; None if there are none."""
        changes = StorageChanges(self._id, self._number + 1)
        names: set[str] = set()
        for name, fact in facts.items():
            names.add(name)
            if self._is_new(name, fact):
                changes.put[name] = fact
        for conversation in conversations:
            if not conversation.turns:
                continue
            names.add(conversation.id)
            head = _Head(
                conversation.name,
                len(conversation.turns),
                conversation.began_at,
                conversation.model,
                conversation.data_policy,
                conversation.part,
            )
            if self._is_new(conversation.id, head):
                changes.put[conversation.id] = msgspec.json.encode(head).decode()
            has_files = not (conversation.part and conversation.part.files_in)
            for index, turn in enumerate(conversation.turns):
                key = f"{conversation.id}/{index}"
                names |= self._add_turn(changes, key, turn, has_files=has_files)
        for sent in (self._sent, self._texts):
            removed = [key for key in sent if key not in names]
            changes.remove += removed
            for key in removed:
                del sent[key]
        if not (changes.put or changes.add or changes.remove):
            return None
        self._number += 1
        return changes

    def _is_new(self, key: str, state: object) -> bool:
        is_new = self._sent.get(key) != state
        self._sent[key] = state
        return is_new

    def _add_turn(
        self, changes: StorageChanges, key: str, turn: Turn, *, has_files: bool
    ) -> set[str]:
        names = {key}
        # Equal if nothing has changed, and quick to compare: an ended answer does not change.
        state = (
            turn.question,
            turn.shown,
            [
                (
                    *(answer.progress, answer.seconds, answer.usage),
                    *(len(answer.images), len(answer.citations), len(answer.file_annotations)),
                    *(len(answer.image_links), len(answer.unshown_images)),
                )
                for answer in turn.answers
            ],
        )
        if self._is_new(key, state):
            changes.put[key] = encode_turn(turn)
        if sum(len(file.content) for file in turn.attachments) > MAX_FILES_BYTES:
            self.has_left_out_files = True
        elif turn.attachments and has_files:
            names.add(f"{key}/files")
            files = [(file.name, len(file.content)) for file in turn.attachments]
            if self._is_new(f"{key}/files", files):
                changes.put[f"{key}/files"] = encode_files(turn)
        names |= self._add_media(changes, f"{key}/media", turn)
        last = turn.answers[-1]
        for name, text in (("text", last.text), ("reasoning", last.reasoning)):
            if text:
                names.add(f"{key}/{name}")
                self._add_text(changes, f"{key}/{name}", text)
        return names

    def _add_media(self, changes: StorageChanges, key: str, turn: Turn) -> set[str]:
        images = [[len(image.content) for image in answer.images] for answer in turn.answers]
        files = [[len(one.content) for one in answer.file_annotations] for answer in turn.answers]
        size = sum(map(sum, images))
        if size > MAX_FILES_BYTES:
            self.has_left_out_files = True
            return set()
        has_room = size + sum(map(sum, files)) <= MAX_FILES_BYTES
        if not any(images) and not (has_room and any(files)):
            return set()
        if self._is_new(key, (images, files)):
            changes.put[key] = encode_media(turn, with_annotations=has_room)
        return {key}

    def _add_text(self, changes: StorageChanges, key: str, text: str) -> None:
        before = self._texts.get(key, "")
        self._texts[key] = text
        if not before or not text.startswith(before):
            changes.put[key] = text
        elif len(text) > len(before):
            changes.add[key] = text[len(before) :]


def parse_records(stored: str) -> dict[str, str]:
    """Parse what the browser sent: JSON of records by name. Raises `ValueError` for other input."""
    if len(stored) > MAX_STORED_LENGTH:
        raise ValueError("too long")
    return msgspec.json.decode(stored, type=dict[str, str])


def restore(records: Mapping[str, str]) -> list[Conversation]:
    """Return the conversations in a tab's records, oldest first; invalid records are left out."""
    ids = [key for key in records if is_id(key)][:MAX_CONVERSATIONS]
    restored = (_conversation(conversation_id, records) for conversation_id in ids)
    found = [conversation for conversation in restored if conversation and conversation.turns]
    return sorted(found, key=lambda conversation: conversation.began_at)


def _conversation(conversation_id: str, records: Mapping[str, str]) -> Conversation | None:
    try:
        head = msgspec.json.decode(records[conversation_id], type=_Head)
    except (ValueError, RecursionError):
        return None
    conversation = Conversation([], head.name[:MAX_TITLE_LENGTH], conversation_id, head.began_at)
    conversation.model = head.model if is_model_id(head.model) else ""
    conversation.data_policy = known_policy(head.data_policy)
    conversation.part = head.part
    files_in = (head.part and head.part.files_in) or conversation_id
    for index in range(min(head.turns, MAX_READ_TURNS)):
        key = f"{conversation_id}/{index}"
        if key not in records:
            continue
        files = records.get(f"{files_in}/{index}/files", "[]")
        media = records.get(f"{key}/media", "[]")
        texts = {name: records.get(f"{key}/{name}", "") for name in ("text", "reasoning")}
        try:
            conversation.turns.append(decode_turn(records[key], files, media, **texts))
        except NotAConversation:
            continue
    return conversation


class _Head(msgspec.Struct, frozen=True):
    name: str
    turns: int
    began_at: float
    model: str = ""
    data_policy: str = "any"
    part: Part | None = None
