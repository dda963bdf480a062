"""Conversations as JSON, for the browser's tab and to take away; read as an upload is read."""

from dataclasses import replace
from typing import TypeVar

import msgspec

from lib.attachments import Attachment, NotAttachable, attachment
from lib.conversation import LONGEST_TITLE, Answer, Conversation, Turn
from lib.openrouter.events import IMAGE_TYPES, is_address
from lib.openrouter.models import is_model_id

FORMAT = "openrouter-chat/1"
LARGEST = 50_000_000
"""Bytes of a conversation at most."""
MOST_TURNS = 2_000
MOST_ANSWERS = 100
_TOO_LARGE = 1e15
_Kind = TypeVar("_Kind")


class NotAConversation(ValueError):
    """What was read is no conversation of ours."""


def encode(conversation: Conversation) -> bytes:
    """Return a conversation as a file to take away."""
    body = {"format": FORMAT, "name": conversation.name, "turns": conversation.turns}
    return msgspec.json.format(msgspec.json.encode(body), indent=1)


def decode(content: bytes) -> Conversation:
    """Read what `encode` returned, into a conversation of its own. Raises `NotAConversation`."""
    file = _decode(content, _File)
    if file.format != FORMAT or len(file.turns) > MOST_TURNS:
        raise NotAConversation
    return Conversation([_checked(turn) for turn in file.turns], name=file.name[:LONGEST_TITLE])


def encode_turn(turn: Turn) -> str:
    """Return a turn as JSON, without its files, and without the text of its last answer."""
    answers = [*turn.answers[:-1], replace(turn.answers[-1], text="", reasoning="")]
    return msgspec.json.encode(replace(turn, answers=answers, attachments=[])).decode()


def encode_files(turn: Turn) -> str:
    """Return the files of a turn as JSON."""
    return msgspec.json.encode(turn.attachments).decode()


def decode_turn(content: str, files: str = "[]", text: str = "", reasoning: str = "") -> Turn:
    """Read what `encode_turn` and `encode_files` returned, and the text of the last answer.

    Raises `NotAConversation`.
    """
    turn = _decode(content, Turn)
    turn.attachments = _decode(files, list[Attachment])
    if turn.answers:
        turn.answers[-1].text, turn.answers[-1].reasoning = text, reasoning
    return _checked(turn)


class _File(msgspec.Struct):
    format: str
    name: str
    turns: list[Turn]


def _decode(content: bytes | str, kind: type[_Kind]) -> _Kind:
    """Only this shape, with text that is text; msgspec knows neither NaN nor half an emoji."""
    if len(content) > LARGEST:
        raise NotAConversation
    try:
        return msgspec.json.decode(content, type=kind)
    except (ValueError, RecursionError) as error:
        raise NotAConversation from error


def _checked(turn: Turn) -> Turn:
    """Return the turn with nobody at work on it. Nothing in it leads anywhere but where we say."""
    if not 1 <= len(turn.answers) <= MOST_ANSWERS or not (turn.question or turn.attachments):
        raise NotAConversation
    try:
        turn.attachments = [attachment(file.name, file.content) for file in turn.attachments]
    except NotAttachable as error:
        raise NotAConversation from error
    if not -len(turn.answers) <= turn.shown < len(turn.answers):
        turn.shown = -1
    for answer in turn.answers:
        _check(answer)
    return turn


def _check(answer: Answer) -> None:
    if answer.progress in ("waiting", "streaming"):
        answer.progress = "stopped"
    answer.help = None
    if not is_model_id(answer.model):
        answer.model = ""
    answer.citations = [citation for citation in answer.citations if is_address(citation.url)]
    answer.images = [image for image in answer.images if image.media_type in IMAGE_TYPES]
    usage = answer.usage
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.cost) if usage else ()
    numbers = (*counts, answer.seconds, answer.first_token_seconds, answer.max_tokens)
    answer.affordable_tokens = None
    if not all(value is None or 0 <= value < _TOO_LARGE for value in numbers):
        raise NotAConversation
