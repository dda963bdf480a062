"""A conversation: what was asked and what was answered, also when an answer broke off."""

from dataclasses import dataclass, field
from typing import Any, Literal

from lib.openrouter.chat import ChatMessage, Citation, GeneratedImage, Usage

Progress = Literal["waiting", "streaming", "complete", "stopped", "failed"]

LONGEST_QUESTION = 200_000
LONGEST_TEXT = 1_000_000
MOST_TURNS = 500


@dataclass
class Answer:
    """An answer, from before it is asked for: it grows in `text`.

    `failure` says in one sentence why a failed answer ended, and `help` is a link (label, address)
    that may mend it. `first_token_seconds` count from the request to the first word or thought,
    `seconds` to the end.
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

    @property
    def cost(self) -> float:
        """What it cost in USD, as far as OpenRouter said."""
        return (self.usage and self.usage.cost) or 0.0

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
    """A question and the answers it got, at least one: more if the first ones failed."""

    question: str
    answers: list[Answer]


@dataclass
class Conversation:
    """The turns of one conversation, the oldest first."""

    turns: list[Turn] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """What its answers cost in USD, as far as OpenRouter said."""
        return sum(answer.cost for turn in self.turns for answer in turn.answers)

    def messages(self, instructions: str = "") -> list[ChatMessage]:
        """Return what a request carries: of each turn the question and the last answer with text.

        `instructions` come first, as the system prompt. A question that got no text at all is left
        out, unless it is the last: it waits.
        """
        messages: list[ChatMessage] = []
        if instructions:
            messages.append({"role": "system", "content": instructions})
        for turn in self.turns:
            texts = [answer.text for answer in turn.answers if answer.text]
            is_waiting = turn is self.turns[-1]
            if texts or is_waiting:
                messages.append({"role": "user", "content": turn.question})
            if texts and not is_waiting:
                messages.append({"role": "assistant", "content": texts[-1]})
        return messages

    def settle(self) -> None:
        """Mark an answer that no script is streaming any more as stopped."""
        for turn in self.turns[-1:]:
            for answer in turn.answers:
                if answer.progress == "streaming":
                    answer.progress = "stopped"

    def can_try_again(self) -> bool:
        """Tell whether the last question has no whole answer, and nobody is at work on one."""
        if not self.turns:
            return False
        last = self.turns[-1].answers[-1]
        return last.progress in ("stopped", "failed") or (
            last.progress == "complete" and last.is_empty
        )

    def ask(self, question: str) -> None:
        """Add a question, whose answer waits to be asked for."""
        self.turns.append(Turn(question, [Answer()]))

    def replace(self, turn: Turn, question: str) -> None:
        """Ask anew from this turn on: it and what follows give way to the new question."""
        del self.turns[self._place(turn) :]
        self.ask(question)

    def delete(self, turn: Turn) -> None:
        """Take a turn out; what follows stays."""
        del self.turns[self._place(turn)]

    def _place(self, turn: Turn) -> int:
        return next(place for place, other in enumerate(self.turns) if other is turn)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the turns as JSON types, for `from_json`. Tokens, cost and help stay behind."""
        return [
            {
                "question": turn.question,
                "answers": [
                    {name: getattr(answer, name) for name in _KEPT_OF_ANSWER}
                    for answer in turn.answers
                ],
            }
            for turn in self.turns
        ]


_KEPT_OF_ANSWER = ("text", "progress", "failure", "model", "finish_reason")


def from_json(turns: Any) -> Conversation:
    """Read what `to_json` returned. It comes from a browser: `ValueError` if it is anything else."""
    try:
        if not isinstance(turns, list) or len(turns) > MOST_TURNS:
            raise ValueError("turns: no list, or too many")
        conversation = Conversation(
            [
                Turn(
                    question=_text(turn["question"]),
                    answers=[
                        Answer(**{name: _text(answer[name]) for name in _KEPT_OF_ANSWER})  # type: ignore[arg-type]
                        for answer in turn["answers"]
                    ],
                )
                for turn in turns
            ]
        )
    except (TypeError, KeyError) as error:
        raise ValueError("turns: not a conversation") from error
    for turn in conversation.turns:
        if not turn.answers:
            raise ValueError("answers: none")
        for answer in turn.answers:
            if answer.progress not in ("complete", "failed"):
                answer.progress = "stopped"
    return conversation


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValueError("not a text, or too long")
    return value
