"""Conversations as files: as Markdown, or as one self-contained HTML page."""

from lib.export.html import to_html
from lib.export.markdown import to_markdown

__all__ = ["to_html", "to_markdown"]
