"""The templates of this folder, which escape everything except the HTML of `lib.markdown`."""

import base64
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import lib.markdown
from lib.export import facts
from lib.markdown import render_html, render_plain
from lib.markdown.renderer import link


def trusted(function: Callable[..., str]) -> Callable[..., Markup]:
    """Return a function whose HTML the templates do not escape: it is sanitized already."""
    return lambda *values: Markup(function(*values))  # noqa: S704  # its HTML is sanitized


def answer_renderer(*, is_plain: bool) -> Callable[[str], Markup]:
    """Return what renders an answer for a page; if all are too long together, as plain text."""
    return trusted(render_plain if is_plain else _render_answer)


def _render_answer(text: str) -> str:
    return render_html(text, headings_above=3)


templates = Environment(
    loader=FileSystemLoader([Path(__file__).parent, Path(lib.markdown.__file__).parent]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
templates.filters["base64"] = lambda content: base64.b64encode(content).decode()
templates.globals |= {
    "link": trusted(link),
    "answer_title": facts.answer_title,
    "answer_facts": facts.answer_facts,
    "ending": facts.ending,
}
