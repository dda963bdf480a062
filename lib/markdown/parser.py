"""The one parser for what models write: CommonMark with tables, footnotes, formulas and URLs.

It differs from CommonMark (https://spec.commonmark.org/0.31.2/) where models do: the modules of the
rules say how. HTML is text, except `<br>`.
"""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, fence
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from lib.markdown.emphasis import add_emphasis
from lib.markdown.footnotes import add_footnotes
from lib.markdown.formulas import add_formulas
from lib.markdown.tables import add_tables
from lib.markdown.urls import add_urls

MAX_NESTING = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile(r"<br\s{0,9}/?>", re.I)
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_ALERT = re.compile(r"\[!(note|tip|important|warning|caution)\](?=\s|\Z)", re.I)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  # markdown-it's name
        """Accept every target: the renderer makes a link only of those that are allowed."""
        return True


def parse(text: str, env: dict[str, Any] | None = None) -> list[Token]:
    """Return the tokens of a whole text, or of a part of it with the definitions in `env`."""
    return _whole.parse(normalize(text), env if env is not None else {})


def parse_blocks(text: str, env: dict[str, Any] | None = None) -> list[Token]:
    """Return the tokens of a text without those inside of lines."""
    return _blocks.parse(text, env if env is not None else {})


def normalize(text: str) -> str:
    r"""Return a text whose line ends are `\n`, and which can be encoded."""
    return _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A fence whose token says in `meta` whether it is closed."""
    if not fence(state, start, end, silent):
        return False
    if not silent:
        token = state.tokens[-1]
        lines = token.content.count("\n") + (
            not token.content.endswith("\n") and token.content > ""
        )
        token.meta = {"closed": state.line - start - 1 > lines}
    return True


def _line_break(state: StateInline, silent: bool) -> bool:
    """`<br>` is a line break, also where a line end cannot be: in a table."""
    found = _BREAK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _tasks(state: StateCore) -> None:
    """`[ ]` and `[x]` at the beginning of a list item are a box, empty or ticked."""
    for index in range(len(state.tokens) - 2):
        item, paragraph, inline = state.tokens[index : index + 3]
        if item.type == "list_item_open" and paragraph.type == "paragraph_open":
            inline.content = (
                _TASK.sub(_box, inline.content, count=1)
                if (inline.content.startswith("["))
                else inline.content
            )


def _box(found: re.Match[str]) -> str:
    return "☐" if found[1] == " " else "☑"


def _alerts(state: StateCore) -> None:
    """`[!NOTE]` at the beginning of a quotation is a word in bold.

    GitHub calls this an alert (https://docs.github.com/get-started/writing-on-github, "Alerts").
    """
    for index in range(len(state.tokens) - 2):
        quotation, paragraph, inline = state.tokens[index : index + 3]
        if quotation.type == "blockquote_open" and paragraph.type == "paragraph_open":
            found = _ALERT.match(inline.content)
            if found:
                inline.content = f"**{found[1].capitalize()}**{inline.content[found.end() :]}"


def make_parser() -> MarkdownIt:
    """Return a parser with all rules."""
    parser = _Parser("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    parser.enable("strikethrough")
    add_tables(parser)
    add_formulas(parser)
    add_emphasis(parser)
    add_urls(parser)
    add_footnotes(parser)
    parser.block.ruler.at(
        "fence", _fence, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.inline.ruler.before("autolink", "line_break", _line_break)
    parser.core.ruler.before("inline", "alerts", _alerts)
    parser.core.ruler.before("inline", "tasks", _tasks)
    return parser


_whole = make_parser()
_blocks = make_parser().disable(["inline", "footnote_tail", "text_join"])
