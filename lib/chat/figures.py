"""The figures of answers that are compared: times, tokens, costs, and a tally of votes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lib.chat.comparison import TIE, Comparison
from lib.chat.conversation import Answer

_ENDINGS = {
    "waiting": "waiting",
    "streaming": "being written",
    "stopped": "stopped",
    "interrupted": "broken off",
    "failed": "failed",
}
_CUT_SHORT = {"length": "cut: maximum length", "content_filter": "cut by a content filter"}


@dataclass(frozen=True)
class Figures:
    """What one answer took; None where it is unknown. Times are in seconds, costs in USD."""

    name: str
    ending: str
    is_complete: bool
    first_token: float | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None

    @property
    def cost_of_thousand(self) -> float | None:
        """The cost of a thousand such answers."""
        return None if self.cost is None else 1_000 * self.cost


def figures_of(name: str, answer: Answer) -> Figures:
    """Return the figures of an answer, under the name of its model."""
    usual = "empty" if answer.is_empty else "complete"
    ending = _ENDINGS.get(answer.progress) or _CUT_SHORT.get(answer.finish_reason, usual)
    usage = answer.usage
    return Figures(
        name,
        ending,
        ending == "complete",
        answer.first_token_seconds,
        answer.seconds,
        (usage.completion_tokens or None) if usage else None,
        usage.cost if usage else None,
    )


def best(rows: Iterable[Figures], value: Callable[[Figures], float | None]) -> float | None:
    """Return the lowest value of the complete answers; None unless it is lower than another."""
    values = {found for row in rows if row.is_complete and (found := value(row)) is not None}
    return min(values) if len(values) > 1 else None


@dataclass
class Score:
    """How often a model won in blind votes; the mean cost and time of its answers there."""

    votes: int = 0
    wins: int = 0
    ties: int = 0
    cost: float | None = None
    seconds: float | None = None


def tally(comparisons: Iterable[Comparison]) -> Mapping[str, Score]:
    """Return the scores by model, most wins first, of the comparisons whose models are shown."""
    scores: dict[str, Score] = {}
    answers: dict[str, list[Answer]] = {}
    for comparison in comparisons:
        if comparison.hides_models:
            continue
        for index, vote in comparison.votes.items():
            for model, answer in comparison.answers(index).items():
                score = scores.setdefault(model, Score())
                score.votes += 1
                score.wins += vote == model
                score.ties += vote == TIE
                answers.setdefault(model, []).append(answer)
    for model, score in scores.items():
        score.cost = _mean(one.usage.cost if one.usage else None for one in answers[model])
        score.seconds = _mean(one.seconds for one in answers[model])
    ordered = sorted(scores.items(), key=lambda item: (-item[1].wins, -item[1].ties))
    return dict(ordered)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
