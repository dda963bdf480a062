"""Judges: what they are asked, how leniently their scores are read, and what follows from them."""

import pytest

from lib.chat.conversation import Answer, Progress
from lib.chat.judging import (
    DEFAULT_CRITERIA,
    MAX_QUOTED_LENGTH,
    SHORTENED,
    Judgment,
    Verdict,
    judge_prompt,
    read_scores,
)

ORDER = ("a/one", "b/two")
NAMES = {"a/one": "One", "b/two": "Two"}


def test_prompt() -> None:
    """A judge gets criteria, question and answers, and no names of models or contents of files."""
    prompt = judge_prompt("Why?", ["a.txt"], ["First.", "Second."], "Is it short?")
    for expected in ("Is it short?", "Why?", "a.txt", "<answer 1>\nFirst.", "<answer 2>\nSecond."):
        assert expected in prompt
    assert DEFAULT_CRITERIA not in prompt
    assert DEFAULT_CRITERIA in judge_prompt("Why?", [], ["a", "b"], "  ")


def test_earlier_questions() -> None:
    """A judge of a later round gets the questions before, after the one that counts."""
    prompt = judge_prompt("And then?", [], ["a", "b"], "", ["Why?", "How?"])
    assert prompt.index("And then?") < prompt.index("Why?\n\nHow?")


def test_long_answers() -> None:
    """Long answers are shortened, and are said to be."""
    prompt = judge_prompt("Why?", [], ["x" * 500_000] * 4, "y" * 500_000)
    assert len(prompt) < 5 * MAX_QUOTED_LENGTH
    assert prompt.count(SHORTENED) == 4


@pytest.mark.parametrize(
    "written",
    [
        "Answer 1: 8\nAnswer 2: 6.5",
        "**Answer 1:** 8/10\n**Answer 2:** 6,5/10",
        "- answer 1 — score: 8\n- answer 2 — score: 6.5",
        "Answer 1: 2 of the facts are wrong.\n\nAnswer 2: fine.\n\nAnswer 1: 8\nAnswer 2: 6.5",
        "| Answer 1 | 8 |\n| Answer 2 | 6.5 |",
        "Answer 1: 8, Answer 2: 6.50\n\nA small gap: Answer 2 (2 slips) stays behind.",
        "Answer 1: 8 — clear\nAnswer 2: 6.5 points",
        "Answer 1: 8.\nAnswer 2: 6.5.",
        "Answer 1: 8 (clear)\nAnswer 2: 6.5 (long)",
        "Answer 1: 8/10: clear\nAnswer 2: 6.5 / 10, since it is long",
        "Answer 1: 8.0/10.0\nAnswer 2: 6.5 out of 10",
        "Answer 1: 8: clear\nAnswer 2: 6.5: long",
        "Answer 1's score: 8\nAnswer 2’s score: 6.5",
        '{"answer 1": {"score": 8, "why": "clear"}, "answer 2": {"score": 6.5, "why": "long"}}',
        "Answer 1: 8\nAnswer 2: 6.5\nAnswer 3: 9\nAnswer 1: 99\nAnswer 2: 100",
    ],
)
def test_scores(written: str) -> None:
    """Scores are read in the forms that models write; impossible ones are left out."""
    assert read_scores(written, ORDER) == {"a/one": 8, "b/two": 6.5}


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Both are fine.",
        "Answer 0: 5",
        "Answer 1: " * 10_000,
        "Answer 1: 3 of the 4 claims are wrong.",
        "### Answer 1\n\n1. Right.\n2. Clear.",
        "Answer 1: 8/100",
        "Answer 1: -1",
    ],
)
def test_no_scores(written: str) -> None:
    """Words without scores have none."""
    assert read_scores(written, ORDER) == {}


def verdict(first: str, second: str, progress: Progress = "complete") -> Verdict:
    """A verdict of these words, the second about the answers in reversed order."""
    return Verdict(
        "j/udge",
        (
            Judgment(ORDER, Answer(first, "complete")),
            Judgment(ORDER[::-1], Answer(second, progress)),
        ),
    )


@pytest.mark.parametrize(
    ("first", "second", "conclusion"),
    [
        (
            "Answer 1: 8, Answer 2: 6",
            "Answer 1: 5, Answer 2: 9",
            "In both orders the judge prefers One.",
        ),
        ("Answer 1: 8, Answer 2: 6", "Answer 1: 8, Answer 2: 6", "The judge disagrees with itself"),
        ("Answer 1: 8, Answer 2: 8", "Answer 1: 8, Answer 2: 6", "The judge disagrees with itself"),
        ("Answer 1: 8, Answer 2: 8", "Answer 1: 7, Answer 2: 7", "all answers the same score"),
        ("Answer 1: 8", "Answer 1: 8, Answer 2: 6", "Not all scores could be read"),
        ("Answer 1: 8, Answer 2: 6", "", "there is no verdict"),
    ],
)
def test_conclusion(first: str, second: str, conclusion: str) -> None:
    """A judge is believed only if it prefers the same in both orders."""
    assert conclusion in verdict(first, second).conclusion(NAMES)


@pytest.mark.parametrize("progress", ["stopped", "interrupted", "failed"])
def test_cut_off(progress: Progress) -> None:
    """Of a judge that did not come to its end nothing follows, whatever numbers it wrote."""
    cut = verdict("Answer 1: 8\nAnswer 2: 6", "Answer 1: 6\nAnswer 2: 8", progress)
    assert "there is no verdict" in cut.conclusion(NAMES)


def test_unfinished() -> None:
    """Nothing follows while the judge writes."""
    assert verdict("Answer 1: 8, Answer 2: 6", "Answer", "streaming").conclusion(NAMES) == (
        "The judge is still writing."
    )
