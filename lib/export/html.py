"""A conversation as one HTML page; `page.html` escapes everything except the answers' HTML."""

import base64
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import lib.markdown
from lib.chat.conversation import Conversation
from lib.export import facts
from lib.markdown import render_html, render_plain
from lib.markdown.renderer import link


def to_html(conversation: Conversation, *, exported_at: datetime) -> bytes:
    """Return a conversation as a page without scripts and without external resources."""
    saved = f"{exported_at.day} {exported_at:%B %Y, %H:%M %Z}".strip()
    is_plain = facts.is_too_long_to_format(conversation)
    page = _templates.get_template("page.html").render(
        title=facts.conversation_title(conversation),
        facts=[*facts.conversation_facts(conversation), ("Saved", saved)],
        turns=conversation.turns,
        render_markdown=_trusted(render_plain if is_plain else _render_answer),
    )
    return page.encode(errors="replace")


def _render_answer(text: str) -> str:
    return render_html(text, headings_above=3)


def _trusted(function: Callable[..., str]) -> Callable[..., Markup]:
    """Return a function of `lib.markdown` whose HTML the template does not escape."""
    return lambda *texts: Markup(function(*texts))  # noqa: S704  # its HTML is sanitized


_templates = Environment(
    loader=FileSystemLoader([Path(__file__).parent, Path(lib.markdown.__file__).parent]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_templates.filters["base64"] = lambda content: base64.b64encode(content).decode()
_templates.globals |= {
    "link": _trusted(link),
    "answer_title": facts.answer_title,
    "answer_facts": facts.answer_facts,
    "ending": facts.ending,
}
