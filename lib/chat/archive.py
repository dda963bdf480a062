"""Conversations as JSON, for the tab's storage and for files; decoded as untrusted input."""

import codecs
import json
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec

from lib.chat.attachments import LEFT_OUT, MAX_FILES, Attachment, NotAttachable, attachment
from lib.chat.conversation import (
    MAX_QUESTION_LENGTH,
    MAX_TITLE_LENGTH,
    UNFINISHED,
    Answer,
    Conversation,
    Turn,
    new_id,
)
from lib.openrouter.annotations import FileAnnotation, read_file_annotations
from lib.openrouter.events import (
    IMAGE_TYPES,
    MAX_CITATIONS,
    MAX_IMAGES,
    Citation,
    GeneratedImage,
    is_web_url,
)
from lib.openrouter.models import is_model_id
from lib.openrouter.request import known_policy
from lib.openrouter.untrusted import amount, check_items, one_line

FORMAT = "openrouter-chat/1"
MAX_BYTES = 50_000_000
"""Bytes of an encoded conversation."""
MAX_READ_TURNS = 2_000
MAX_ANSWERS = 100
MAX_FAILURE_LENGTH = 4_000
"""Characters of an error message; the longest contains the name of each file."""
_T = TypeVar("_T")


class NotAConversation(ValueError):
    """The input is not a conversation in the format of `encode`."""


def encode(conversation: Conversation) -> bytes:
    """Return a conversation as the content of a file.

    If the file would be too large to be read again, it is without the files that were parsed, which
    only save their being parsed again; if need be also without those of the questions, which name
    them then, and without the images that models made, which are then said not to be shown.
    """
    content, turns = _encode(conversation, conversation.turns), conversation.turns
    for leave_out in (_without_parsed, _without_files, _without_images):
        if len(content) > MAX_BYTES:
            turns = [leave_out(turn) for turn in turns]
            content = _encode(conversation, turns)
    return content


def _without_parsed(turn: Turn) -> Turn:
    return replace(turn, answers=[replace(one, file_annotations=[]) for one in turn.answers])


def _without_files(turn: Turn) -> Turn:
    if not turn.attachments:
        return turn
    left_out = LEFT_OUT.format(", ".join(file.name for file in turn.attachments))
    question = f"{turn.question}\n\n{left_out}".strip()
    return replace(turn, question=question[-MAX_QUESTION_LENGTH:], attachments=[])


def _without_images(turn: Turn) -> Turn:
    answers = [
        replace(
            one,
            images=[],
            unshown_images=one.unshown_images + [image.media_type for image in one.images],
        )
        for one in turn.answers
    ]
    return replace(turn, answers=answers)


def _encode(conversation: Conversation, turns: list[Turn]) -> bytes:
    body = {
        "format": FORMAT,
        "name": conversation.name,
        "data_policy": conversation.data_policy,
        "turns": turns,
    }
    return msgspec.json.format(msgspec.json.encode(body), indent=1)


def decode(content: bytes) -> Conversation:
    """Decode the output of `encode`, with new ids, and without suggestions, which may be anyone's.

    Raises `NotAConversation`.
    """
    file = _decode(content.removeprefix(codecs.BOM_UTF8), _File)
    if file.format != FORMAT or len(file.turns) > MAX_READ_TURNS:
        raise NotAConversation
    turns = [_checked(turn) for turn in file.turns]
    for turn in turns:
        turn.id = new_id()
        for answer in turn.answers:
            answer.id = new_id()
            answer.affordable_tokens, answer.suggested_models = None, []
            answer.suggested_remedy = ""
    name, policy = file.name[:MAX_TITLE_LENGTH], known_policy(file.data_policy)
    return Conversation(turns, name, data_policy=policy)


def encode_turn(turn: Turn) -> str:
    """Return a turn as JSON, without its files, and with what its last answer's text has to be."""
    last = turn.answers[-1]
    answers = [*turn.answers[:-1], replace(last, text="", reasoning="")]
    record = _TurnRecord(
        turn.question,
        [replace(answer, images=[], file_annotations=[]) for answer in answers],
        shown=turn.shown,
        file_names=[file.name for file in turn.attachments],
        text_length=len(last.text),
        reasoning_length=len(last.reasoning),
        image_counts=[len(answer.images) for answer in answers],
    )
    return msgspec.json.encode(record).decode()


def encode_files(turn: Turn) -> str:
    """Return the files of a turn as JSON."""
    return msgspec.json.encode(turn.attachments).decode()


def encode_media(turn: Turn, *, with_annotations: bool = True) -> str:
    """Return the generated images of a turn's answers, and the files that were parsed, as JSON."""
    media = [
        _Media(answer.images, answer.file_annotations if with_annotations else [])
        for answer in turn.answers
    ]
    return msgspec.json.encode(media).decode()


def decode_turn(
    content: str, files: str = "[]", media: str = "[]", *, text: str = "", reasoning: str = ""
) -> Turn:
    """Decode the output of `encode_turn`, `encode_files` and `encode_media`.

    `text` and `reasoning` are of the last answer. An answer is marked as truncated if one of them
    is shorter than recorded, or if images are missing. A question that had only files, which are
    missing, names them. Raises `NotAConversation`.
    """
    record = _decode(content, _TurnRecord)
    turn = Turn(record.question, record.answers, _decode(files, list[Attachment]), record.shown)
    if record.file_names and not (turn.question or turn.attachments):
        turn.question = LEFT_OUT.format(", ".join(record.file_names))
    for answer, found in zip(turn.answers, _decode(media, list[_Media]), strict=False):
        answer.images, answer.file_annotations = found.images, found.files
    for answer, count in zip(turn.answers, record.image_counts, strict=False):
        _mark_truncated(answer, len(answer.images) < count)
    if turn.answers:
        last = turn.answers[-1]
        last.text, last.reasoning = text, reasoning
        is_short = len(text) < record.text_length or len(reasoning) < record.reasoning_length
        _mark_truncated(last, is_short)
    return _checked(turn)


def _mark_truncated(answer: Answer, is_truncated: bool) -> None:
    if is_truncated and answer.progress not in UNFINISHED:
        answer.progress, answer.failure = "interrupted", TRUNCATED


TRUNCATED = "The rest of this answer is missing: the browser tab had no room left to store it."


@dataclass
class _TurnRecord(Turn):
    """A turn as the tab stores it; the lengths are in characters, the images are of each answer."""

    file_names: list[str] = field(default_factory=list)
    text_length: int = 0
    reasoning_length: int = 0
    image_counts: list[int] = field(default_factory=list)


class _Media(msgspec.Struct):
    images: list[GeneratedImage]
    files: list[FileAnnotation]


class _File(msgspec.Struct):
    format: str
    name: str
    turns: list[Turn]
    data_policy: str = "any"


def _decode(content: bytes | str, expected: type[_T]) -> _T:
    """Decode and validate; msgspec rejects NaN and lone surrogates."""
    if len(content) > MAX_BYTES:
        raise NotAConversation
    try:
        check_items(content)
        return msgspec.json.decode(content, type=expected)
    except (ValueError, RecursionError) as error:
        raise NotAConversation from error


def _checked(turn: Turn) -> Turn:
    """Return the turn, validated, with no answer in progress and no link of unknown origin."""
    if not 1 <= len(turn.answers) <= MAX_ANSWERS or not (turn.question or turn.attachments):
        raise NotAConversation
    if len(turn.question) > MAX_QUESTION_LENGTH or len(turn.attachments) > MAX_FILES:
        raise NotAConversation
    try:
        turn.attachments = [
            replace(attachment(file.name, file.content), note=one_line(file.note))
            for file in turn.attachments
        ]
    except NotAttachable as error:
        raise NotAConversation from error
    if not -len(turn.answers) <= turn.shown < len(turn.answers):
        turn.shown = -1
    for answer in turn.answers:
        _check(answer)
    return turn


def _check(answer: Answer) -> None:
    if answer.progress in UNFINISHED:
        answer.progress = "interrupted"
    answer.help = None
    answer.suggested_models = [name for name in answer.suggested_models if is_model_id(name)]
    if not is_model_id(answer.model):
        answer.model = ""
    answer.failure = one_line(answer.failure, MAX_FAILURE_LENGTH)
    answer.provider = one_line(answer.provider)
    answer.finish_reason = one_line(answer.finish_reason)
    answer.generation = one_line(answer.generation)
    citations = [citation for citation in answer.citations if is_web_url(citation.url)]
    answer.citations = [
        Citation(citation.url, one_line(citation.title)) for citation in citations[:MAX_CITATIONS]
    ]
    images = [image for image in answer.images if image.media_type in IMAGE_TYPES]
    answer.images = images[:MAX_IMAGES]
    answer.image_links = [url for url in answer.image_links if is_web_url(url)][:MAX_IMAGES]
    answer.unshown_images = [one_line(one) for one in answer.unshown_images[:MAX_IMAGES]]
    answer.file_annotations = _checked_annotations(answer.file_annotations)
    answer.routing = answer.routing and answer.routing.checked()
    usages = [usage for usage in (answer.usage, answer.usage_before) if usage]
    counts = [count for usage in usages for count in vars(usage).values()]
    numbers = (*counts, answer.seconds, answer.first_token_seconds)
    numbers += (answer.max_tokens, answer.affordable_tokens)
    if not all(value is None or amount(value) is not None for value in numbers):
        raise NotAConversation


def _checked_annotations(annotations: list[FileAnnotation]) -> list[FileAnnotation]:
    """Return the annotations in the form in which an answer has them; others raise."""
    try:
        files = [{"type": "file", "file": json.loads(one.content)} for one in annotations]
    except (ValueError, RecursionError) as error:
        raise NotAConversation from error
    return list(read_file_annotations(files))
