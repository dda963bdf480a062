"""A conversation as Markdown, in which everything except the answers is escaped."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt

from lib.chat.conversation import Answer, Conversation, Turn
from lib.export.facts import (
    answer_facts,
    answer_title,
    conversation_facts,
    conversation_title,
    count,
    ending,
    is_too_long_to_format,
)
from lib.markdown import TOO_LONG, is_too_long
from lib.markdown.formulas import open_delimiter
from lib.markdown.streamlit import escape_markdown, link


def to_markdown(conversation: Conversation) -> bytes:
    """Return a conversation as Markdown: the questions as plain text, with the shown answers.

    Answers are Markdown already, and are included as the models wrote them.
    """
    facts = conversation_facts(conversation)
    parts = [f"# {escape_markdown(conversation_title(conversation))}"]
    parts.append("\n".join(f"- {name}: {escape(value)}" for name, value in facts))
    plain = is_too_long_to_format(conversation)
    for number, turn in enumerate(conversation.turns, 1):
        parts += [f"## Question {number}", *question_to_markdown(turn)]
        parts += [f"### {answer_title(turn)}", *answer_to_markdown(turn.answer, plain)]
    return ("\n\n".join(parts) + "\n").encode(errors="replace")


def question_to_markdown(turn: Turn) -> Iterator[str]:
    """Yield the paragraphs of a question."""
    if turn.question:
        yield _code_block(turn.question)
    if turn.attachments:
        yield f"Files: {', '.join(escape(file.name) for file in turn.attachments)}"


def answer_to_markdown(answer: Answer, plain: bool) -> Iterator[str]:
    """Yield the paragraphs of an answer."""
    if answer.text and (plain or is_too_long(answer.text)):
        yield f"{TOO_LONG}\n\n{_code_block(answer.text)}"
    elif answer.text:
        yield _close_last_block(answer.text)
    if answer.images:
        yield f"{count(len(answer.images), 'image')} made by the model, not included in this file."
    yield from (f"Image at another place: {link(url, url)}" for url in answer.image_links)
    if answer.unshown_images:
        yield f"{count(len(answer.unshown_images), 'image')} made by the model that cannot be shown."
    if answer.citations:
        links = (
            f"{number}. {link(citation.url, citation.title or citation.url)}"
            for number, citation in enumerate(answer.citations, 1)
        )
        yield "\n".join(("Sources", "", *links))
    if sentence := ending(answer):
        yield f"**{escape(sentence)}**"
    yield " · ".join(f"{name}: {escape(value)}" for name, value in answer_facts(answer))


def escape(text: str) -> str:
    """Return Markdown that shows the text as it is, in one line."""
    return escape_markdown(" ".join(text.split()))


def _code_block(text: str) -> str:
    """Return a text as Markdown that shows it literally, with its line breaks."""
    fence = _fence("`", text)
    return f"{fence}text\n{text}\n{fence}"


def _close_last_block(text: str) -> str:
    """Return an answer with its last block closed, so that it does not include what follows."""
    text = _LINE_END.sub("\n", text)
    ends = (_fence("`", text), _fence("~", text), "$$", "-->", "</pre>", "?>", "]]>")
    candidates = (text, *(f"{text}\n{end}" for end in ends))
    return next((each for each in candidates if not _is_open(each)), text)


def _is_open(text: str) -> bool:
    """Return whether what follows would belong to the last block, as other programs read it."""
    last = text.count("\n") + 2
    code = {
        number
        for token in _commonmark.parse(f"{text}\n\nA paragraph")
        if token.type in ("fence", "code_block", "html_block") and token.map
        for number in range(*token.map)
    }
    formula = ""
    for number, line in enumerate(text.split("\n")):
        if number not in code:
            formula = open_delimiter(line, formula)
    return last in code or formula == "$$"


def _fence(character: str, text: str) -> str:
    """Return a fence that is longer than any run of its character in the text."""
    runs = (len(run[0]) for run in _RUN.finditer(text) if run[1] == character)
    return character * max(3, max(runs, default=0) + 1)


_commonmark = MarkdownIt("commonmark").enable("table").disable("inline")
_LINE_END = re.compile(r"\r\n?|\n")
_RUN = re.compile(r"([`~])\1*")
