"""The summary of a round as HTML, for the screen and for a saved page: figures, and a plot.

The plot is of positioned elements: `st.html` removes SVG.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.chat.figures import Figures, Score, best
from lib.chat.judging import Verdict
from lib.chat.labels import rounded_usd, usd
from lib.export.templates import templates

SUMMARY_CSS = Path(__file__).with_name("summary.css")
_Value = Callable[[Figures], float | None]
_COLUMNS: tuple[tuple[str, _Value, Callable[[float], str], str], ...] = (
    ("First token", lambda row: row.first_token, lambda value: f"{value:.2f} s", "first"),
    ("Whole answer", lambda row: row.seconds, lambda value: f"{value:.2f} s", "fastest"),
    ("Tokens", lambda row: row.tokens, lambda value: f"{value:,.0f}", "shortest"),
    ("Cost", lambda row: row.cost, usd, "cheapest"),
    ("Cost of 1,000", lambda row: row.cost_of_thousand, rounded_usd, "cheapest"),
)
"""Headings, values, their formats, and the word for the best."""
_HEADROOM = 1.15
"""The end of an axis, relative to the largest value."""
_LABEL_HEIGHT = 9.0
"""Percent of the plot's height between two labels."""


@dataclass(frozen=True)
class Row:
    """A row of the summary; a cell is a text, whether it is the best, and the word for that."""

    name: str
    cells: list[tuple[str, bool, str]]
    ending: str


@dataclass
class _Point:
    """A model in the plot; positions are in percent. The label is on the side with more room."""

    name: str
    x: float
    y: float
    label_y: float

    @property
    def side(self) -> str:
        return "left" if self.x <= 50 else "right"

    @property
    def offset(self) -> float:
        return self.x if self.x <= 50 else round(100 - self.x, 1)


def headings() -> list[str]:
    """Return the headings of the summary."""
    return ["Model", *(heading for heading, *_ in _COLUMNS), "How it ended"]


def table_rows(figures: Sequence[Figures]) -> list[Row]:
    """Return the figures as texts, with the best of each column marked."""
    lowest = [best(figures, value) for _, value, _, _ in _COLUMNS]
    return [
        Row(
            row.name, [_cell(row, *each) for each in zip(_COLUMNS, lowest, strict=True)], row.ending
        )
        for row in figures
    ]


def summary_html(figures: Sequence[Figures]) -> str:
    """Return a table of the figures, in which the best are marked, and cost against time."""
    plotted = [
        (row.name, row.seconds, row.cost)
        for row in figures
        if row.is_complete and row.seconds is not None and row.cost is not None
    ]
    plot = _plot(plotted) if len(plotted) > 1 else {"points": []}
    template = templates.get_template("summary.html")
    return template.render(headings=headings(), rows=table_rows(figures), **plot)


def _cell(
    row: Figures,
    column: tuple[str, _Value, Callable[[float], str], str],
    lowest: float | None,
) -> tuple[str, bool, str]:
    _, value, text, word = column
    found = value(row)
    is_best = row.is_complete and found is not None and found == lowest
    return ("–" if found is None else text(found), is_best, word)


def _plot(plotted: Sequence[tuple[str, float, float]]) -> dict[str, object]:
    max_seconds = _HEADROOM * max(seconds for _, seconds, _ in plotted)
    max_cost = _HEADROOM * max(cost for _, _, cost in plotted)
    points: list[_Point] = []
    for name, seconds, cost in sorted(plotted, key=lambda point: point[2]):
        x = round(100 * seconds / (max_seconds or 1), 1)
        y = round(100 * cost / (max_cost or 1), 1)  # all may be free
        floor = points[-1].label_y + _LABEL_HEIGHT if points else 3.0
        points.append(_Point(name, x, y, max(y, floor)))
    if (excess := points[-1].label_y - 90) > 0:  # push them down again, below the top
        ceiling = points[-1].label_y - excess
        for point in reversed(points):
            point.label_y = min(point.label_y, ceiling)
            ceiling = point.label_y - _LABEL_HEIGHT
    for point in points:
        point.label_y = round(point.label_y, 1)
    each = (f"{name}: {usd(cost)} after {seconds:.2f} s" for name, seconds, cost in plotted)
    return {
        "points": points,
        "max_seconds": f"{max_seconds:.2f} s",
        "max_cost": usd(float(f"{max_cost:.2g}")),
        "description": f"Cost against time. {'; '.join(each)}",
    }


def tally_html(scores: Mapping[str, Score], names: Mapping[str, str]) -> str:
    """Return a table of the votes by model."""
    titles = ("Model", "Wins", "Ties", "Votes", "Mean cost", "Mean time")
    rows = [
        (
            names[model],
            *(str(number) for number in (score.wins, score.ties, score.votes)),
            "–" if score.cost is None else usd(score.cost),
            "–" if score.seconds is None else f"{score.seconds:.2f} s",
        )
        for model, score in scores.items()
    ]
    return _table("Votes", titles, rows)


def verdict_html(verdict: Verdict, names: Mapping[str, str]) -> str:
    """Return a table of the scores in both orders."""
    scores = [judgment.scores for judgment in verdict.judgments]
    orders = ("First order", "Reversed order")[: len(scores)]
    rows = []
    for model in verdict.models:
        known = [one[model] for one in scores if model in one]
        mean = sum(known) / len(known) if len(known) == len(scores) else None
        values = (*(one.get(model) for one in scores), mean)
        rows.append((names[model], *("–" if value is None else f"{value:g}" for value in values)))
    return _table("Scores", ("Model", *orders, "Mean score"), rows)


def _table(label: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return templates.get_template("table.html").render(label=label, headings=titles, rows=rows)
