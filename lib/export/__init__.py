"""A conversation to give to others: as Markdown, or as one page of HTML that needs nothing else."""

from lib.export.html import to_html
from lib.export.markdown import to_markdown

__all__ = ["to_html", "to_markdown"]
