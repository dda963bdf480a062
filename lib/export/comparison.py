"""A comparison as a page, as Markdown, and as JSON: answers, figures, votes, verdicts."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import msgspec

from lib.chat.comparison import TIE, Comparison
from lib.chat.conversation import Answer, Turn
from lib.chat.figures import Figures, figures_of
from lib.chat.judging import Verdict, verdict_of
from lib.chat.labels import DATA_POLICY_LABELS, usd
from lib.export.facts import count, is_cost_known, is_too_long_to_format, moment
from lib.export.markdown import answer_to_markdown, escape, question_to_markdown
from lib.export.summary import headings, summary_html, table_rows, verdict_html
from lib.export.templates import answer_renderer, templates, trusted

FORMAT = "openrouter-comparison/1"


@dataclass(frozen=True)
class _Round:
    """What a round holds; `answers` are by model."""

    question: Turn
    answers: dict[str, Answer]
    vote: str
    verdicts: list[Verdict]

    @property
    def figures(self) -> list[Figures]:
        return [figures_of(model, answer) for model, answer in self.answers.items()]


def comparison_to_html(comparison: Comparison, *, exported_at: datetime) -> bytes:
    """Return a comparison as a page without scripts and without external resources."""
    is_plain = any(is_too_long_to_format(one) for one in comparison.conversations())
    names = {model: model for model in comparison.models}
    page = templates.get_template("comparison.html").render(
        title=comparison.title or "Comparison",
        facts=[*_facts(comparison), ("Saved", moment(exported_at))],
        rounds=list(_rounds(comparison)),
        names=names,
        summary=trusted(summary_html),
        scores=trusted(verdict_html),
        render_markdown=answer_renderer(is_plain=is_plain),
    )
    return page.encode(errors="replace")


def comparison_to_markdown(comparison: Comparison) -> bytes:
    """Return a comparison as Markdown: the questions as plain text, the answers as written."""
    plain = any(is_too_long_to_format(one) for one in comparison.conversations())
    names = {model: model for model in comparison.models}
    parts = [f"# {escape(comparison.title or 'Comparison')}"]
    parts.append("\n".join(f"- {name}: {escape(value)}" for name, value in _facts(comparison)))
    for number, each in enumerate(_rounds(comparison), 1):
        parts += [f"## Question {number}", *question_to_markdown(each.question)]
        parts.append(_markdown_table(each.figures))
        if each.vote:
            parts.append(f"**{escape(each.vote)}**")
        for model, answer in each.answers.items():
            parts += [f"### {escape(model)}", *answer_to_markdown(answer, plain)]
        for verdict in each.verdicts:
            parts += [f"### Judged by {escape(verdict.judge)}", escape(verdict.conclusion(names))]
            for judgment in verdict.judgments:
                order = ", ".join(f"{i}. {escape(one)}" for i, one in enumerate(judgment.order, 1))
                parts += [f"Order of the answers: {order}"]
                parts += answer_to_markdown(judgment.answer, plain)
    return ("\n\n".join(parts) + "\n").encode(errors="replace")


def comparison_to_json(comparison: Comparison) -> bytes:
    """Return a comparison as JSON; files are named only, and what was parsed is left out."""
    body = {
        "format": FORMAT,
        "models": comparison.models,
        "data_policy": comparison.data_policy,
        "is_blind": comparison.is_blind,
        "began_at": comparison.began_at,
        "cost": comparison.cost,
        "rounds": [
            {
                "question": each.question.question,
                "files": [file.name for file in each.question.attachments],
                "answers": {model: _plain(answer) for model, answer in each.answers.items()},
                "figures": [
                    asdict(row) | {"cost_of_thousand": row.cost_of_thousand} for row in each.figures
                ],
                "vote": each.vote,
                "verdicts": [
                    {
                        "judge": verdict.judge,
                        "judgments": [
                            {"order": one.order, "scores": one.scores, "answer": _plain(one.answer)}
                            for one in verdict.judgments
                        ],
                    }
                    for verdict in each.verdicts
                ],
            }
            for each in _rounds(comparison)
        ],
    }
    return msgspec.json.format(msgspec.json.encode(body), indent=1)


def _plain(answer: Answer) -> Answer:
    return replace(answer, file_annotations=[])


def _rounds(comparison: Comparison) -> Iterator[_Round]:
    for index in range(comparison.round_count):
        turns = comparison.round(index)
        verdicts = [verdict_of(judges) for judges in comparison.verdicts(index)]
        vote = comparison.votes.get(index)
        sentence = "" if vote is None else f"Blind vote: {'a tie' if vote == TIE else vote}"
        yield _Round(turns[0][1], comparison.answers(index), sentence, verdicts)


def _facts(comparison: Comparison) -> Iterator[tuple[str, str]]:
    yield "Models", ", ".join(comparison.models)
    if comparison.data_policy != "any":
        yield "Who may see it", DATA_POLICY_LABELS[comparison.data_policy]
    if comparison.is_blind:
        yield "Blind", "the models were hidden while the answers were read"
    answers = [answer for one in comparison.conversations() for answer in one.answers()]
    unknown = sum(not is_cost_known(answer) for answer in answers)
    cost = usd(comparison.cost)
    if judged := sum(judge.cost for judge in comparison.judges):
        cost += f", including {usd(judged)} for the judge"
    if unknown:
        cost += f"; that of {count(unknown, 'answer')} is not known"
    yield "Cost", cost
    yield "Questions", str(comparison.round_count)


def _markdown_table(figures: list[Figures]) -> str:
    lines = [list(headings()), ["---"] * len(headings())]
    for row in table_rows(figures):
        cells = [f"**{text}** ({word})" if is_best else text for text, is_best, word in row.cells]
        lines.append([escape(row.name), *cells, row.ending])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
