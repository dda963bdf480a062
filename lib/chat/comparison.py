"""Comparisons: questions to several models, the user's votes, and what judges wrote."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from lib.chat.attachments import Attachment
from lib.chat.conversation import Answer, Conversation, Part, Turn, is_id, new_id
from lib.openrouter.request import DataPolicy

TIE = ""
"""The vote for no model."""
LETTERS = "ABCDEFGH"
"""The names of the models while they are hidden."""
_RECORD_PREFIX = "comparison/"


@dataclass
class Comparison:
    """One conversation for each model, in the order of the columns; each question goes to all.

    `judges` are the requests to judges, two for each verdict. `votes` are the models that the user
    preferred, by the index of the round. If it is blind, the models are hidden until revealed.
    """

    columns: list[Conversation] = field(default_factory=list)
    judges: list[Conversation] = field(default_factory=list)
    votes: dict[int, str] = field(default_factory=dict)
    is_blind: bool = False
    is_revealed: bool = False
    data_policy: DataPolicy = "any"
    id: str = field(default_factory=new_id)

    @property
    def models(self) -> list[str]:
        """The models' ids, in the order of the columns."""
        return [conversation.model for conversation in self.columns]

    @property
    def hides_models(self) -> bool:
        """Whether names and figures are hidden."""
        return self.is_blind and not self.is_revealed

    @property
    def title(self) -> str:
        """The beginning of the first question, in one line."""
        return self.columns[0].title if self.columns else ""

    @property
    def began_at(self) -> float:
        """When its first question was asked, in seconds since the epoch."""
        return min((conversation.began_at for conversation in self.columns), default=0.0)

    @property
    def round_count(self) -> int:
        """How many questions were asked."""
        return max((len(conversation.turns) for conversation in self.columns), default=0)

    @property
    def cost(self) -> float:
        """The cost of all answers and verdicts in USD, as far as OpenRouter has reported it."""
        return sum(conversation.cost for conversation in self.conversations())

    def conversations(self) -> Iterator[Conversation]:
        """Yield the conversations of the models and of the judges."""
        yield from self.columns
        yield from self.judges

    def round(self, index: int) -> list[tuple[Conversation, Turn]]:
        """Return the turn of each model in a round; one that was not restored is left out."""
        return [(one, one.turns[index]) for one in self.columns if index < len(one.turns)]

    def answers(self, index: int) -> dict[str, Answer]:
        """Return the answers of a round, by model."""
        return {conversation.model: turn.answer for conversation, turn in self.round(index)}

    def letter(self, model: str) -> str:
        """Return the name of a model while it is hidden."""
        parts = (one.part for one in self.columns if one.model == model)
        return LETTERS[next(part.column for part in parts if part)]

    def ask(self, models: Iterable[str], question: str, attachments: list[Attachment]) -> None:
        """Ask all models a question; the first one decides which models, in random order if blind."""
        if not self.columns:
            chosen = list(models)
            if self.is_blind:
                random.shuffle(chosen)
            for column, model in enumerate(chosen):
                files_in = self.columns[0].id if column else ""
                part = Part(self.id, column, self.is_blind, files_in)
                self.columns.append(Conversation(model=model, part=part))
        for conversation in self.columns:
            conversation.data_policy = self.data_policy
            conversation.ask(question, list(attachments))

    def put(self, conversation: Conversation) -> None:
        """Add a conversation of this comparison, or replace its older copy."""
        part = conversation.part
        assert part
        group = self.judges if part.verdict else self.columns
        group[:] = [one for one in group if one.id != conversation.id]
        group.append(conversation)
        if not part.verdict:
            group.sort(key=lambda one: one.part.column if one.part else 0)
            self.data_policy, self.is_blind = conversation.data_policy, part.is_blind

    def verdicts(self, index: int) -> list[list[Conversation]]:
        """Return the requests to judges about a round, grouped by verdict."""
        grouped: dict[str, list[Conversation]] = {}
        for judge in self.judges:
            if judge.part and judge.part.round == index and judge.turns:
                grouped.setdefault(judge.part.verdict, []).append(judge)
        return list(grouped.values())


def to_records(comparisons: Iterable[Comparison]) -> dict[str, str]:
    """Return a record for each comparison with what its conversations do not hold."""
    return {
        f"{_RECORD_PREFIX}{one.id}": msgspec.json.encode(
            _Record(one.votes, one.is_revealed)
        ).decode()
        for one in comparisons
        if one.columns
    }


def restore_comparisons(
    conversations: Iterable[Conversation], records: Mapping[str, str], max_columns: int
) -> list[Comparison]:
    """Return the comparisons of which these conversations are parts, oldest first.

    What is not a part of a comparison of at most `max_columns` models is left out.
    """
    found: dict[str, Comparison] = {}
    for conversation in conversations:
        part = conversation.part
        if part and conversation.model and is_id(part.comparison):
            found.setdefault(part.comparison, Comparison(id=part.comparison)).put(conversation)
    for comparison in found.values():
        _check(comparison, max_columns)
        record = _decode(records.get(f"{_RECORD_PREFIX}{comparison.id}", ""))
        comparison.is_revealed = record.is_revealed
        known, rounds = {TIE, *comparison.models}, range(comparison.round_count)
        votes = record.votes.items()
        comparison.votes = {
            index: vote for index, vote in votes if vote in known and index in rounds
        }
    comparisons = (one for one in found.values() if one.columns)
    return sorted(comparisons, key=lambda comparison: comparison.began_at)


def _check(comparison: Comparison, max_columns: int) -> None:
    """Drop what is no part of a comparison that the app has made."""
    by_model = {
        conversation.model: conversation
        for conversation in comparison.columns
        if conversation.part and 0 <= conversation.part.column < max_columns
    }
    comparison.columns = list(by_model.values())[:max_columns]
    models = set(comparison.models)
    comparison.judges = [
        judge for judge in comparison.judges if judge.part and set(judge.part.order) <= models
    ]


def _decode(record: str) -> "_Record":
    try:
        return msgspec.json.decode(record, type=_Record)
    except (ValueError, RecursionError):
        return _Record({}, is_revealed=False)


class _Record(msgspec.Struct):
    votes: dict[int, str]
    is_revealed: bool
