"""A conversation to give to others: as Markdown, or as one page of HTML that needs nothing else."""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from html import escape
from pathlib import Path

from lib.chat.attachments import Attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.labels import CUT_SHORT, INTERRUPTED, STOPPED, usd
from lib.markdown.blocks import TOO_LONG, code_lines, is_too_long
from lib.markdown.html import link, render, render_plain
from lib.markdown.streamlit_markdown import literal
from lib.openrouter.events import Citation, is_address

MAX_FORMATTED = 5
"""Texts of the longest length that are formatted: of more, an export shows all texts plain."""

_STYLE = Path(__file__).parent / "page.css"
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)


def to_markdown(conversation: Conversation) -> bytes:
    """Return a conversation as Markdown: questions as they were written, of each the shown answer.

    An answer is Markdown already and stands as its model wrote it.
    """
    parts = [f"# {literal(_title(conversation))}"]
    parts.append("\n".join(f"- {name}: {_words(value)}" for name, value in _totals(conversation)))
    is_plain = _is_too_long(conversation)
    for number, turn in enumerate(conversation.turns, 1):
        parts += [f"## Question {number}", *_question_markdown(turn)]
        parts += [f"### {_answer_title(turn)}", *_answer_markdown(turn.answer, is_plain)]
    return ("\n\n".join(parts) + "\n").encode(errors="replace")


def to_html(conversation: Conversation, *, exported_at: datetime) -> bytes:
    """Return a conversation as a page that runs no script and loads nothing from outside."""
    title = escape(_title(conversation))
    saved = f"{exported_at.day} {exported_at:%B %Y, %H:%M %Z}".strip()
    to_text = render_plain if _is_too_long(conversation) else render
    turns = (_turn_html(turn, number, to_text) for number, turn in enumerate(conversation.turns, 1))
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{_STYLE.read_text("utf-8")}</style>
</head>
<body>
<header>
<h1 lang="" dir="auto">{title}</h1>
{_facts_html([*_totals(conversation), ("Saved", saved)])}
</header>
<main>
{"".join(turns)}</main>
<footer>The answers were written by language models, asked through OpenRouter.</footer>
</body>
</html>
"""
    return page.encode(errors="replace")


def _is_too_long(conversation: Conversation) -> bool:
    shown = [turn.answer for turn in conversation.turns]
    texts = (text for answer in shown for text in (answer.text, answer.reasoning))
    return is_too_long(*texts, times=MAX_FORMATTED)


def _title(conversation: Conversation) -> str:
    return conversation.title or "Conversation"


def _totals(conversation: Conversation) -> list[tuple[str, str]]:
    shown = [turn.answer for turn in conversation.turns]
    others = [
        answer
        for turn in conversation.turns
        for answer in turn.answers
        if answer is not turn.answer
    ]
    models = dict.fromkeys(answer.model for answer in shown if answer.model)
    unknown = sum(not _is_cost_known(answer) for answer in shown + others)
    cost = "not known"
    if unknown < len(shown + others):
        cost = usd(conversation.cost)
        if others:
            hidden = usd(sum(answer.cost for answer in others))
            cost += f", of it {hidden} for {_count(len(others), 'answer')} not shown here"
        if unknown:
            cost += f"; that of {_count(unknown, 'answer')} is not known"
    facts = [("Model" if len(models) == 1 else "Models", ", ".join(models))] if models else []
    return [*facts, ("Cost", cost), ("Questions", str(len(shown)))]


def _facts(answer: Answer) -> Iterator[tuple[str, str]]:
    if answer.model:
        yield "Model", answer.model
    if answer.provider:
        yield "Provider", answer.provider
    yield "Cost", usd(answer.cost) if _is_cost_known(answer) else "not known"
    if answer.usage:
        tokens = answer.usage.prompt_tokens, answer.usage.completion_tokens
        yield "Tokens", "{:,} of the prompt, {:,} of the answer".format(*tokens)
    if answer.first_token_seconds is not None:
        yield "First word", f"after {answer.first_token_seconds:.2f} s"
    if answer.seconds is not None:
        yield "Whole answer", f"after {answer.seconds:.2f} s"
    if answer.tokens_per_second:
        yield "Speed", f"{answer.tokens_per_second:,.0f} tokens a second"


def _ending(answer: Answer) -> str:
    """Say how an answer ended that is not simply whole."""
    match answer.progress:
        case "stopped":
            return STOPPED
        case "interrupted":
            return answer.failure or INTERRUPTED
        case "failed":
            return answer.failure or "This answer failed."
        case "complete" if answer.is_empty:
            return "The model finished without an answer."
        case "complete":
            return CUT_SHORT.get(answer.finish_reason, "")
    return "This answer was still being written."


def _answer_title(turn: Turn) -> str:
    count = len(turn.answers)
    return f"Answer {turn.version + 1} of {count}" if count > 1 else "Answer"


def _is_cost_known(answer: Answer) -> bool:
    return answer.usage is not None and answer.usage.cost is not None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _words(text: str) -> str:
    """Return text of others as Markdown that shows it as it is, in one line."""
    return literal(" ".join(text.split()))


def _question_markdown(turn: Turn) -> Iterator[str]:
    if turn.question:
        yield _fenced(turn.question)
    if turn.attachments:
        yield f"Files: {', '.join(_words(file.name) for file in turn.attachments)}"


def _answer_markdown(answer: Answer, is_plain: bool) -> Iterator[str]:
    if answer.text and (is_plain or is_too_long(answer.text)):
        yield f"{TOO_LONG}\n\n{_fenced(answer.text)}"
    elif answer.text:
        yield _closed(answer.text)
    if answer.images:
        yield f"{_count(len(answer.images), 'image')} made by the model, not in this file."
    if answer.citations:
        numbered = enumerate(answer.citations, 1)
        yield "\n".join(("Sources", "", *(f"{n}. {_source(source)}" for n, source in numbered)))
    if ending := _ending(answer):
        yield f"**{_words(ending)}**"
    yield " · ".join(f"{name}: {_words(value)}" for name, value in _facts(answer))


def _source(citation: Citation) -> str:
    url = citation.url.replace("(", "%28").replace(")", "%29")
    label = _words(citation.title or citation.url)
    return f"[{label}]({url})" if is_address(url) else label


def _closed(text: str) -> str:
    """Return an answer with the block closed in which it broke off, lest it swallow the rest."""
    text = _LINE_END.sub("\n", text)
    ends = (_fence("`", text), _fence("~", text), "$$", "-->", "</pre>")
    ways = (text, *(f"{text}\n{end}" for end in ends))
    return next((way for way in ways if not _is_open(way)), text)


def _is_open(text: str) -> bool:
    return text.count("\n") + 2 in code_lines(f"{text}\n\nA paragraph")


def _fenced(text: str) -> str:
    """Return a text as Markdown that shows it as it was written, whatever it holds."""
    fence = _fence("`", text)
    return f"{fence}text\n{text}\n{fence}"


def _fence(mark: str, text: str) -> str:
    """Return a fence that nothing in the text is as long as."""
    runs = (len(run[0]) for run in _RUN.finditer(text) if run[1] == mark)
    return mark * max(3, max(runs, default=0) + 1)


_LINE_END = re.compile(r"\r\n?|\n")
_RUN = re.compile(r"([`~])\1*")


def _turn_html(turn: Turn, number: int, to_text: Callable[[str], str]) -> str:
    answer = turn.answer
    parts = [f"<article>\n<h2>Question {number}</h2>"]
    if turn.question:
        parts.append(f'<div class="question" lang="" dir="auto">{escape(turn.question)}</div>')
    parts += map(_attachment_html, turn.attachments)
    parts.append(f"<h3>{_answer_title(turn)}</h3>")
    if answer.reasoning:
        parts.append(
            "<details>\n<summary>How the model came to its answer</summary>\n"
            f'<div lang="">{to_text(answer.reasoning)}</div>\n</details>'
        )
    if answer.text:
        parts.append(f'<div class="answer" lang="">\n{to_text(answer.text)}</div>')
    for place, image in enumerate(answer.images, 1):
        about = f"Image {place}, made by the model"
        parts.append(_image_html(image.media_type, image.content, about))
    if answer.citations:
        sources = (link(source.url, source.title or source.url) for source in answer.citations)
        listed = "".join(f'<li lang="" dir="auto">{source}</li>\n' for source in sources)
        parts.append(f'<h4>Sources</h4>\n<ol class="sources">\n{listed}</ol>')
    if ending := _ending(answer):
        parts.append(f'<p class="ending {answer.progress}">{escape(ending)}</p>')
    parts.append(_facts_html(_facts(answer)))
    return "\n".join([*parts, "</article>\n"])


def _facts_html(facts: Iterable[tuple[str, str]]) -> str:
    rows = (f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>\n" for name, value in facts)
    return f"<dl>\n{''.join(rows)}</dl>"


def _attachment_html(file: Attachment) -> str:
    if file.kind == "image":
        return _image_html(file.media_type, file.content, file.name)
    size = f"{len(file.content) / 1000:,.0f} KB"
    return f'<p class="file">File: <span dir="auto">{escape(file.name)}</span> · {size}</p>'


def _image_html(media_type: str, content: bytes, about: str) -> str:
    data = f"data:{escape(media_type)};base64,{base64.b64encode(content).decode()}"
    about = escape(about)
    return (
        f'<figure><img src="{data}" alt="{about}">'
        f'<figcaption dir="auto">{about}</figcaption></figure>'
    )
