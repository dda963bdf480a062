"""A conversation: what was asked and what was answered, also when an answer broke off."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lib.chat.attachments import Attachment, Kind
from lib.openrouter.chat import ChatMessage
from lib.openrouter.events import Citation, GeneratedImage, Usage
from lib.openrouter.untrusted import one_line

Progress = Literal["waiting", "streaming", "complete", "stopped", "interrupted", "failed"]
"""`stopped` by its reader, `interrupted` since the reader was gone or the app was restarted."""

MAX_QUESTION_LENGTH = 200_000
MAX_TITLE_LENGTH = 60
MAX_TURNS = 1_000
"""Questions in one conversation."""


def new_id() -> str:
    """Return a random name, of 16 hexadecimal digits."""
    return secrets.token_hex(8)


@dataclass
class Answer:
    """An answer, from before it is asked for: it grows in `text`.

    `failure` says in one sentence why a failed answer ended, and `help` is a link (label, address)
    that may mend it. `first_token_seconds` count from the request to the first word or thought
    (None where the answer came in one piece), `seconds` to the end. `generation` is OpenRouter's
    name for it. `max_tokens` is asked for in place of the usual; `affordable_tokens` is what the
    credit covers, where an answer failed for want of it.
    """

    text: str = ""
    progress: Progress = "waiting"
    failure: str = ""
    help: tuple[str, str] | None = None
    model: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    provider: str = ""
    reasoning: str = ""
    citations: list[Citation] = field(default_factory=list)
    images: list[GeneratedImage] = field(default_factory=list)
    first_token_seconds: float | None = None
    seconds: float | None = None
    generation: str = ""
    max_tokens: int | None = None
    affordable_tokens: int | None = None
    id: str = field(default_factory=new_id, compare=False)

    @property
    def cost(self) -> float:
        """What it cost in USD, as far as OpenRouter said."""
        return (self.usage and self.usage.cost) or 0.0

    @property
    def size(self) -> int:
        """How much it holds: characters of text and thoughts, and bytes of images."""
        images = sum(len(image.content) for image in self.images)
        return len(self.text) + len(self.reasoning) + images

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read or see in it."""
        return not self.text and not self.images

    @property
    def tokens_per_second(self) -> float | None:
        """How fast the tokens came after the first; None where it cannot be told."""
        if not self.usage or self.seconds is None or self.first_token_seconds is None:
            return None
        streamed = self.seconds - self.first_token_seconds
        return self.usage.completion_tokens / streamed if streamed > 0.01 else None


@dataclass
class Turn:
    """A question and the answers it got, at least one; `shown` is the one that counts.

    `id` tells it apart on the page, and is not kept.
    """

    question: str
    answers: list[Answer]
    attachments: list[Attachment] = field(default_factory=list)
    shown: int = -1
    id: str = field(default_factory=new_id, compare=False)

    @property
    def version(self) -> int:
        """The number of the shown answer, from zero."""
        return self.shown % len(self.answers)

    @property
    def answer(self) -> Answer:
        """The answer that is shown, and that the conversation goes on from."""
        return self.answers[self.version]

    def ask_again(self, max_tokens: int | None = None) -> None:
        """Let one more answer wait to be asked for, perhaps of so many tokens at most.

        While one is on its way, show that one instead: a double click asks once.
        """
        self.shown = -1
        if self.answer.progress not in ("waiting", "streaming"):
            self.answers.append(Answer(max_tokens=max_tokens))

    def text_before(self) -> str:
        """Return what the conversation goes on from: of the shown answer, or the last that has."""
        texts = [answer.text for answer in self.answers if answer.text]
        return self.answer.text or (texts[-1] if texts else "")


@dataclass
class Conversation:
    """The turns of one conversation, the oldest first; `name` is empty until somebody names it.

    `began_at` is in seconds since the epoch. One of a comparison is with its `model` alone.
    """

    turns: list[Turn] = field(default_factory=list)
    name: str = ""
    id: str = field(default_factory=new_id)
    began_at: float = field(default_factory=time.time)
    model: str = ""

    @property
    def title(self) -> str:
        """Its name, which is its first question until it has one of its own; in one line."""
        first = self.turns[0].question or self.turns[0].attachments[0].name if self.turns else ""
        title = one_line(self.name or first, 2 * MAX_TITLE_LENGTH)
        return (
            title
            if len(title) <= MAX_TITLE_LENGTH
            else f"{title[: MAX_TITLE_LENGTH - 1].rstrip()}…"
        )

    @property
    def cost(self) -> float:
        """What its answers cost in USD, as far as OpenRouter said."""
        return sum(answer.cost for answer in self.answers())

    def answers(self) -> Iterator[Answer]:
        """Yield all answers, the versions of each among them."""
        for turn in self.turns:
            yield from turn.answers

    def attached(self) -> set[Kind]:
        """Return what kinds of files a request carries."""
        return {attachment.kind for turn in self.turns for attachment in turn.attachments}

    def messages(self, last: Turn | None = None) -> list[ChatMessage]:
        """Return what a request carries: of each turn the question and the answer that counts.

        Up to a question that waits, by default the last one. Others that got no text at all are
        left out.
        """
        messages: list[ChatMessage] = []
        for turn in self.turns:
            if turn is (last or self.turns[-1]):
                return [*messages, {"role": "user", "content": _content(turn)}]
            if text := turn.text_before():
                messages.append({"role": "user", "content": _content(turn)})
                messages.append({"role": "assistant", "content": text})
        return messages

    @property
    def pending_turn(self) -> Turn | None:
        """The first turn whose answer waits to be asked for, if any does."""
        return next((turn for turn in self.turns if turn.answer.progress == "waiting"), None)

    def can_try_again(self) -> bool:
        """Tell whether the last question has no whole answer, and nobody is at work on one."""
        if not self.turns:
            return False
        last = self.turns[-1].answer
        return last.progress in ("stopped", "interrupted", "failed") or (
            last.progress == "complete" and last.is_empty
        )

    def copy(self) -> "Conversation":
        """Return a chat that goes on from here, and leaves this one as it is."""
        return Conversation([replace(turn, answers=list(turn.answers)) for turn in self.turns])

    def ask(self, question: str, attachments: list[Attachment] | None = None) -> None:
        """Add a question, whose answer waits to be asked for."""
        self.turns.append(Turn(question, [Answer()], attachments or []))

    def replace(self, turn: Turn, question: str) -> list[Turn]:
        """Ask anew from this turn on: it and what follows give way, and are returned."""
        index = next(index for index, other in enumerate(self.turns) if other is turn)
        replaced, self.turns[index:] = self.turns[index:], []
        self.ask(question, turn.attachments)
        return replaced

    def delete(self, turn: Turn) -> None:
        """Take a turn out, if it is still there; what follows stays."""
        self.turns[:] = [other for other in self.turns if other is not turn]


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if not turn.attachments:
        return turn.question
    parts = [attachment.part() for attachment in turn.attachments]
    return [{"type": "text", "text": turn.question}, *parts] if turn.question else parts
