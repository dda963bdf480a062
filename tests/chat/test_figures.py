"""Figures of answers that are compared, and the tally of votes."""

from lib.chat.comparison import TIE, Comparison
from lib.chat.conversation import Answer
from lib.chat.figures import Figures, best, figures_of, tally
from lib.openrouter.events import Usage


def answer(cost: float | None = 0.002, seconds: float = 2.0) -> Answer:
    """A complete answer."""
    usage = Usage(10, 100, cost)
    return Answer("Yes.", "complete", usage=usage, seconds=seconds, first_token_seconds=0.5)


def test_figures() -> None:
    """An answer's times, tokens and costs, and how it ended."""
    assert figures_of("One", answer()) == Figures("One", "complete", True, 0.5, 2.0, 100, 0.002)
    assert figures_of("One", answer()).cost_of_thousand == 2
    assert figures_of("One", Answer()).cost_of_thousand is None
    unknown = Answer("a", "complete", usage=Usage(0, 0, 0.01))
    assert figures_of("One", unknown).tokens is None


def test_endings() -> None:
    """Only an answer that is whole counts as complete."""
    endings = {
        "waiting": Answer(),
        "failed": Answer("a", "failed"),
        "stopped": Answer("a", "stopped"),
        "empty": Answer("\n\n", "complete"),
        "cut by a content filter": Answer("", "complete", finish_reason="content_filter"),
        "complete": Answer("a", "complete", finish_reason="stop"),
        "cut: maximum length": Answer("a", "complete", finish_reason="length"),
    }
    found = {figures_of("One", each).ending: figures_of("One", each) for each in endings.values()}
    assert list(found) == list(endings)
    assert [name for name, figures in found.items() if figures.is_complete] == ["complete"]


def test_best() -> None:
    """The lowest value of a complete answer is the best; where all are equal, none is."""
    failed = Figures("Failed", "failed", False, cost=0.0)
    rows = [failed, *(figures_of("One", answer(cost)) for cost in (0.002, 0.001, None))]
    assert best(rows, lambda row: row.cost) == 0.001
    assert best(rows, lambda row: row.seconds) is None


def test_tally() -> None:
    """Wins, ties, mean cost and time by model, of comparisons whose models are shown."""
    comparisons = [Comparison(is_blind=True, is_revealed=shown) for shown in (True, True, False)]
    for comparison, vote in zip(comparisons, ("b/two", TIE, "a/one"), strict=True):
        comparison.ask(["a/one", "b/two"], "Why?", [])
        for conversation in comparison.columns:
            seconds = 1.0 if comparison is comparisons[0] else 3.0
            conversation.turns[0].answers = [answer(seconds=seconds)]
        comparison.votes[0] = vote
    scores = tally(comparisons)
    assert [(model, score.wins, score.ties, score.votes) for model, score in scores.items()] == [
        ("b/two", 1, 1, 2),
        ("a/one", 0, 1, 2),
    ]
    assert (scores["a/one"].seconds, scores["a/one"].cost) == (2.0, 0.002)
    assert tally([]) == {}
