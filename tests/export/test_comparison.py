"""Comparisons to give to others: what the page, the Markdown and the JSON hold."""

import json
import re
from itertools import pairwise

import pytest

from lib.chat.attachments import Attachment
from lib.chat.comparison import Comparison
from lib.chat.conversation import Answer, Conversation, Part, Turn
from lib.chat.figures import Figures
from lib.export import comparison_to_html, comparison_to_json, comparison_to_markdown
from lib.export.summary import SUMMARY_CSS, summary_html
from lib.openrouter.events import Usage
from tests.export.test_export import AT, Page, assert_harmless
from tests.markdown.hostile import HOSTILE

MODELS = ("a/one", "b/two")


def comparison(*texts: str, question: str = "Why?", file: str = "a.txt") -> Comparison:
    """A blind comparison of answers with these texts, with a vote and a verdict."""
    compared = Comparison(is_blind=True, is_revealed=True)
    compared.ask(MODELS, question, [Attachment(file, "text", "txt", b"A file.")])
    compared.columns.sort(key=lambda one: one.model)
    for number, (conversation, text) in enumerate(zip(compared.columns, texts, strict=True), 1):
        usage = Usage(10, 100 * number, 0.001 * number)
        answer = Answer(text, "complete", model=conversation.model, usage=usage)
        answer.seconds, answer.first_token_seconds = 2.0 * number, 0.5
        conversation.turns[0].answers = [answer]
    for order, text in (
        (MODELS, "Answer 1: 8\nAnswer 2: 6"),
        (MODELS[::-1], "Answer 1: 5\nAnswer 2: 9"),
    ):
        part = Part(compared.id, verdict="v", order=order)
        turn = Turn("Judge!", [Answer(text, "complete", usage=Usage(10, 10, 0.01))])
        compared.judges.append(Conversation([turn], model="j/udge", part=part))
    compared.votes[0] = "b/two"
    return compared


def page(compared: Comparison) -> Page:
    """The exported page of a comparison."""
    return Page(comparison_to_html(compared, exported_at=AT).decode())


def test_page() -> None:
    """The page has question, file, figures, vote, answers, verdict, models, cost and date."""
    found = page(comparison("**Because.**", "I do not know."))
    assert_harmless(found)
    for expected in (
        "Why?",
        "a.txt",
        "Blind vote: b/two",
        "Judged by j/udge",
        "In both orders the judge prefers a/one.",
        "Because.",
        "I do not know.",
        "Answer 1 is b/two, Answer 2 is a/one",
    ):
        assert expected in found.text
    assert "<strong>Because.</strong>" in found.html
    assert "$0.023, including $0.02 for the judge" in found.html
    assert "9 March 2026, 08:05 UTC" in found.html
    assert "script" not in {tag for tag, _ in found.elements}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile(hostile: str) -> None:
    """Whatever models and files are called, and whatever is written, it runs and loads nothing."""
    compared = comparison(hostile, hostile, question=hostile, file=hostile)
    for conversation in compared.conversations():
        conversation.model = hostile
        conversation.turns[0].answer.model = hostile
    compared.columns[1].model = "b/two"
    compared.votes[0] = hostile
    for judge in compared.judges:
        judge.part = Part(compared.id, verdict="v", order=(hostile, "b/two"))
    assert_harmless(page(compared))


def test_markdown() -> None:
    """Markdown has the same, the best of each figure in bold and in words."""
    text = comparison_to_markdown(comparison("**Because.**", "I do not know.")).decode()
    assert (
        "| a/one | 0.50 s | **2.00 s** (fastest) | **100** (shortest) | **$0.001** (cheapest)"
        in text
    )
    for expected in (
        "## Question 1",
        "Blind vote",
        "**Because.**",
        "### Judged by j/udge",
        "a.txt",
    ):
        assert expected in text


def test_json() -> None:
    """JSON has figures, votes, scores and answers for another program."""
    body = json.loads(comparison_to_json(comparison("Because.", "I do not know.")))
    (asked,) = body["rounds"]
    assert (body["models"], asked["question"], asked["files"]) == (list(MODELS), "Why?", ["a.txt"])
    assert asked["vote"] == "Blind vote: b/two"
    assert [row["cost_of_thousand"] for row in asked["figures"]] == [1, 2]
    assert asked["answers"]["a/one"]["text"] == "Because."
    assert asked["verdicts"][0]["judgments"][1]["scores"] == {"b/two": 5, "a/one": 9}


def figures(*points: tuple[float, float]) -> list[Figures]:
    """Complete answers of these seconds and costs."""
    return [
        Figures(f"Model {number}", "complete", True, 0.1, seconds, 10, cost)
        for number, (seconds, cost) in enumerate(points)
    ]


@pytest.mark.parametrize(
    "points",
    [
        [(1, 0.001), (1, 0.001), (1, 0.001), (1, 0.001)],
        [(1, 0), (2, 0)],
        [(0, 0), (0, 0)],
        [(1, 10), (2, 10.1), (3, 0.1), (100, 10.2)],
    ],
)
def test_plot(points: list[tuple[float, float]]) -> None:
    """Each point is inside the plot, and no label lies on another, wherever the points are."""
    html = summary_html(figures(*points))
    dots = re.findall(r'class="dot" style="left:([\d.]+)%;bottom:([\d.]+)%"', html)
    assert len(dots) == len(points)
    assert all(0 <= float(place) <= 100 for dot in dots for place in dot)
    heights = [float(place) for place in re.findall(r'class="label"[^>]*bottom:([\d.-]+)%', html)]
    assert all(0 <= height <= 95 for height in heights)
    gaps = [upper - lower for lower, upper in pairwise(heights)]
    assert min(gaps) > 8


def test_free_plot() -> None:
    """Where all answers are free, the axis of the cost names no amount that none of them costs."""
    html = summary_html(figures((1, 0), (2, 0)))
    assert 'max-cost">$0.00<' in html


def test_no_plot() -> None:
    """One point is no plot, and a table of one answer marks nothing."""
    html = summary_html(figures((1, 0.001)))
    assert "plot" not in html
    assert "best" not in html


def test_accessible() -> None:
    """The table is a named region that can be focused; the plot says in words what it shows."""
    html = summary_html(figures((1, 0.001), (2, 0.002)))
    assert 'role="region" aria-label="Summary of the answers" tabindex="0"' in html
    assert "Model 0: $0.001 after 1.00 s; Model 1: $0.002 after 2.00 s" in html


def test_style_is_in_the_page() -> None:
    """The page brings the style of the summary along."""
    assert "light-dark(" in page(comparison("a", "b")).html
    assert SUMMARY_CSS.read_text() in page(comparison("a", "b")).html
