"""Conversations and comparisons as files: as Markdown, JSON, or one self-contained HTML page."""

from lib.export.comparison import comparison_to_html, comparison_to_json, comparison_to_markdown
from lib.export.html import to_html
from lib.export.markdown import to_markdown

__all__ = [
    "comparison_to_html",
    "comparison_to_json",
    "comparison_to_markdown",
    "to_html",
    "to_markdown",
]
