"""Conversations: questions and answers, including incomplete ones."""

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from lib.chat.attachments import Attachment, Kind
from lib.openrouter.annotations import FileAnnotation
from lib.openrouter.events import Citation, GeneratedImage, Usage
from lib.openrouter.request import DataPolicy
from lib.openrouter.routing import Routing
from lib.openrouter.untrusted import one_line

Progress = Literal["waiting", "streaming", "complete", "stopped", "interrupted", "failed"]
"""`stopped` by the user; `interrupted` because the user was away or the app was restarted."""

UNFINISHED: tuple[Progress, ...] = ("waiting", "streaming")

Remedy = Literal["", "smaller_images", "without_files"]
"""A change of the files with which a question may be sent again after an error."""

MAX_QUESTION_LENGTH = 200_000
MAX_TITLE_LENGTH = 60
MAX_TURNS = 1_000
"""Turns of one conversation."""


BEFORE_EDIT = "Before the edit: "
"""Begins the name of a conversation as it was before a question of it was changed."""


def new_id() -> str:
    """Return a random id of 16 hexadecimal digits."""
    return secrets.token_hex(8)


def is_id(text: str) -> bool:
    """Return whether a text has the form of an id."""
    return _ID.fullmatch(text) is not None


_ID = re.compile("[0-9a-f]{16}")


@dataclass
class Answer:
    """An answer, which exists before it is requested; `text` is extended while it is streamed.

    `failure` is a sentence with the reason why the answer failed. What may help then: `help`, a
    link (label, URL); `suggested_models`; `affordable_tokens`, the length that the credit covers;
    `suggested_remedy`. The last two were applied to this answer if it has `max_tokens`, which
    replaces the usual maximum, or a `remedy`.

    `image_links` are URLs of images elsewhere, `unshown_images` the media types of images that
    cannot be shown; `file_annotations` only go back to OpenRouter. `first_token_seconds` is the time
    from the request to the first token of text or reasoning (None if the answer arrived in one
    piece), `seconds` the time to the end. `generation` is the id at OpenRouter.

    An answer that is continued (`resume`) takes several requests: `usage` and `seconds` are of all
    of them, `usage_before` is of those before the latest.
    """

    text: str = ""
    progress: Progress = "waiting"
    failure: str = ""
    help: tuple[str, str] | None = None
    model: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    usage_before: Usage | None = None
    provider: str = ""
    routing: Routing | None = None
    reasoning: str = ""
    citations: list[Citation] = field(default_factory=list)
    images: list[GeneratedImage] = field(default_factory=list)
    first_token_seconds: float | None = None
    seconds: float | None = None
    generation: str = ""
    max_tokens: int | None = None
    affordable_tokens: int | None = None
    image_links: list[str] = field(default_factory=list)
    unshown_images: list[str] = field(default_factory=list)
    file_annotations: list[FileAnnotation] = field(default_factory=list)
    suggested_models: list[str] = field(default_factory=list)
    suggested_remedy: Remedy = ""
    remedy: Remedy = ""
    id: str = field(default_factory=new_id, compare=False)

    @property
    def cost(self) -> float:
        """The cost in USD, as far as OpenRouter has reported it."""
        return (self.usage and self.usage.cost) or 0.0

    @property
    def is_usage_known(self) -> bool:
        """Whether OpenRouter has reported the usage of the latest request."""
        return self.usage is not None and self.usage != self.usage_before

    def add_usage(self, latest: Usage) -> None:
        """Set the usage of the latest request, as far as it is known by now."""
        self.usage = self.usage_before + latest if self.usage_before else latest

    @property
    def is_cut(self) -> bool:
        """Whether it ended before its end, so that it can be continued."""
        is_complete = self.progress == "complete" and self.finish_reason != "length"
        return self.has_text and not is_complete and self.progress not in UNFINISHED

    def resume(self) -> None:
        """Wait for a further request, which continues it."""
        self.progress, self.failure, self.help = "waiting", "", None
        self.affordable_tokens, self.suggested_models, self.suggested_remedy = None, [], ""
        self.usage_before = self.usage
        if self.reasoning:
            self.reasoning += "\n\n"

    @property
    def size(self) -> int:
        """Characters of text and reasoning, plus bytes of images."""
        images = sum(len(image.content) for image in self.images)
        return len(self.text) + len(self.reasoning) + images

    @property
    def has_text(self) -> bool:
        """Whether its text is more than white space, which Anthropic refuses as a message."""
        return bool(self.text) and not self.text.isspace()

    @property
    def is_empty(self) -> bool:
        """Whether it has neither text nor images, not even one that cannot be shown."""
        return not (self.has_text or self.images or self.image_links or self.unshown_images)

    @property
    def tokens_per_second(self) -> float | None:
        """The speed after the first token; None if unknown, or after several requests.

        What was thought out of sight came before it.
        """
        if not self.usage or self.usage_before:
            return None
        if self.seconds is None or self.first_token_seconds is None:
            return None
        streamed = self.seconds - self.first_token_seconds
        hidden = 0 if self.reasoning else self.usage.reasoning_tokens
        shown = self.usage.completion_tokens - hidden
        return shown / streamed if streamed > 0.01 and shown > 0 else None


@dataclass
class Turn:
    """A question and its answers, at least one; `shown` is the index of the one that is shown.

    `id` identifies the turn on the page, and is not stored.
    """

    question: str
    answers: list[Answer]
    attachments: list[Attachment] = field(default_factory=list)
    shown: int = -1
    id: str = field(default_factory=new_id, compare=False)

    @property
    def version(self) -> int:
        """The index of the shown answer, from zero."""
        return self.shown % len(self.answers)

    @property
    def answer(self) -> Answer:
        """The answer that is shown."""
        return self.answers[self.version]

    def ask_again(self, max_tokens: int | None = None, remedy: Remedy = "") -> None:
        """Add a waiting answer, optionally of at most `max_tokens`, or to changed files.

        If an answer is waiting or being streamed, show it instead: a double click asks once.
        """
        self.shown = -1
        if self.answer.progress not in UNFINISHED:
            self.answers.append(Answer(max_tokens=max_tokens, remedy=remedy))

    def sent_answer(self) -> Answer | None:
        """Return the answer that further requests contain: the shown one, or the last with content.

        None if all are empty.
        """
        candidates = (self.answer, *reversed(self.answers))
        return next((answer for answer in candidates if not answer.is_empty), None)


@dataclass(frozen=True)
class Part:
    """What a conversation is in a comparison: a column, or one of two requests to a judge.

    If it `is_blind`, the models of the comparison were hidden at first. `files_in` is the id of the
    conversation with which it shares its files, if it does. Only a request to a judge has a
    `verdict`, the id of both requests; the `round` that is judged; and the `order`, the models whose
    answers the judge got.
    """

    comparison: str
    column: int = 0
    is_blind: bool = False
    files_in: str = ""
    verdict: str = ""
    round: int = 0
    order: tuple[str, ...] = ()


@dataclass
class Conversation:
    """The turns of one conversation, oldest first; `name` is empty until the user sets one.

    `began_at` is in seconds since the epoch. `model` and `part` are set only in a comparison.
    `data_policy` says which providers may get it.
    """

    turns: list[Turn] = field(default_factory=list)
    name: str = ""
    id: str = field(default_factory=new_id)
    began_at: float = field(default_factory=time.time)
    model: str = ""
    data_policy: DataPolicy = "any"
    part: Part | None = None

    @property
    def title(self) -> str:
        """The name, or the beginning of the first question, in one line."""
        first = self.turns[0].question or self.turns[0].attachments[0].name if self.turns else ""
        return _shorten(one_line(self.name or first, 2 * MAX_TITLE_LENGTH))

    @property
    def cost(self) -> float:
        """The cost of all answers in USD, as far as OpenRouter has reported it."""
        return sum(answer.cost for answer in self.answers())

    def answers(self) -> Iterator[Answer]:
        """Yield all answers, including those not shown."""
        for turn in self.turns:
            yield from turn.answers

    def attachment_kinds(self) -> set[Kind]:
        """Return the kinds of files that a request contains."""
        return {attachment.kind for turn in self.turns for attachment in turn.attachments}

    @property
    def pending_turn(self) -> Turn | None:
        """The first turn with a waiting answer, None if there is none."""
        return next((turn for turn in self.turns if turn.answer.progress == "waiting"), None)

    def can_try_again(self) -> bool:
        """Return whether the last question has no complete answer, and none is in progress."""
        if not self.turns:
            return False
        last = self.turns[-1].answer
        return last.progress in ("stopped", "interrupted", "failed") or (
            last.progress == "complete" and last.is_empty
        )

    def copy(self) -> "Conversation":
        """Return a new conversation with these turns, which can be continued independently."""
        turns = [replace(turn, answers=list(turn.answers), id=new_id()) for turn in self.turns]
        return Conversation(turns, data_policy=self.data_policy)

    def before_edit(self) -> "Conversation":
        """Return a copy that stays as it is when a question is changed, next to it by age."""
        name = _shorten(BEFORE_EDIT + self.title.removeprefix(BEFORE_EDIT))
        return replace(self.copy(), name=name, began_at=self.began_at - 0.001)

    def ask(self, question: str, attachments: list[Attachment] | None = None) -> None:
        """Add a question with a waiting answer; one of white space alone, beside files, is empty."""
        question = "" if question.isspace() else question
        self.turns.append(Turn(question, [Answer()], attachments or []))

    def replace(self, turn: Turn, question: str) -> list[Turn]:
        """Replace a turn and all later ones by a new question, and return the replaced turns."""
        index = next(index for index, other in enumerate(self.turns) if other is turn)
        replaced, self.turns[index:] = self.turns[index:], []
        self.ask(question, turn.attachments)
        return replaced

    def delete(self, turn: Turn) -> None:
        """Remove a turn, if it still exists; later ones stay."""
        self.turns[:] = [other for other in self.turns if other is not turn]


def _shorten(title: str) -> str:
    if len(title) <= MAX_TITLE_LENGTH:
        return title
    return f"{title[: MAX_TITLE_LENGTH - 1].rstrip()}…"
