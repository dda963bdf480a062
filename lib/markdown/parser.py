"""The one parser for what models write: CommonMark with tables, footnotes, formulas and URLs.

It differs from CommonMark (https://spec.commonmark.org/0.31.2/) where models do: the modules of the
rules say how. HTML is text, except `<br>`.
"""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, fence, lheading
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from lib.markdown.emphasis import add_emphasis
from lib.markdown.footnotes import add_footnotes
from lib.markdown.formulas import add_formulas, line_of
from lib.markdown.tables import add_tables
from lib.markdown.urls import add_urls

MAX_NESTING = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile(r"<br\s{0,9}/?>", re.I)
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_ALERT = re.compile(r"\[!(note|tip|important|warning|caution)\](?=\s|\Z)", re.I)
_MARKDOWN = re.compile(r"\A\s*(?:markdown|md|mdx)\b", re.I)
_FENCE_INSIDE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*+[\w{][^`\n]*$", re.MULTILINE)
_FENCE_END = re.compile(r"\A(`{3,}|~{3,})[ \t]*\Z")
_SENTENCE_ENDS = tuple(".:;,!?。：；，！？")


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  # markdown-it's name
        """Accept every target: the renderer makes a link only of those that are allowed."""
        return True


def parse(text: str) -> list[Token]:
    """Return the tokens of a whole text."""
    return _whole.parse(normalize(text), {})


def parse_blocks(text: str, env: dict[str, Any]) -> list[Token]:
    """Return the tokens of a text without those inside of lines."""
    return _blocks.parse(text, env)


def normalize(text: str) -> str:
    r"""Return a text whose line ends are `\n`, and which can be encoded."""
    return _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A fence whose token says in `meta` whether it is closed.

    Of Markdown in a fence, the fences are part: what closes them does not close it.
    """
    if not fence(state, start, end, silent):
        return False
    if not silent:
        token = state.tokens[-1]
        if _MARKDOWN.match(token.info) and _FENCE_INSIDE.search(token.content):
            _extend(state, token, start)
        lines = token.content.count("\n") + (
            not token.content.endswith("\n") and token.content > ""
        )
        token.meta = {"closed": state.line - start - 1 > lines}
    return True


def _extend(state: StateBlock, token: Token, start: int) -> None:
    """Let a fence end where the fences inside of it have ended, if it does there."""
    depth = 0
    for number in range(start + 1, state.lineMax):
        if state.sCount[number] < state.blkIndent and not state.isEmpty(number):
            return
        line = line_of(state, number)
        if _FENCE_INSIDE.match(line):
            depth += 1
        elif (run := _FENCE_END.match(line)) and depth:
            depth -= 1
        elif run and len(run[1]) >= len(token.markup):
            state.line, end = number + 1, number
            break
    else:
        if not state.env.get("is_growing"):
            return
        state.line = end = state.lineMax
    token.content = state.getLines(start + 1, end, state.sCount[start], True)
    token.map = [start, state.line]


def _underlined_heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """One line above a line of `-` is a heading, unless it ends as a sentence does.

    Of more lines, or a sentence, models separate what follows.
    """
    count = len(state.tokens)
    if not lheading(state, start, end, silent):
        return False
    if silent or state.tokens[-1].markup == "=":
        return True
    is_sentence = state.tokens[-2].content.endswith(_SENTENCE_ENDS)
    if state.line - start > 2 or is_sentence:
        del state.tokens[count:]
        state.line = start
        return False
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
        is_item = item.type == "list_item_open" and paragraph.type == "paragraph_open"
        if is_item and (found := _TASK.match(inline.content)):
            box = "☐" if found[1] == " " else "☑"
            inline.content = f"{box}{inline.content[found.end() :]}"


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
    options = {"html": False, "maxNesting": MAX_NESTING, "inline_definitions": True}
    parser = _Parser("commonmark", options)
    parser.enable("strikethrough")
    add_tables(parser)
    add_formulas(parser)
    add_emphasis(parser)
    add_urls(parser)
    add_footnotes(parser)
    parser.block.ruler.at(
        "fence", _fence, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.block.ruler.at("lheading", _underlined_heading)
    parser.inline.ruler.before("autolink", "line_break", _line_break)
    parser.core.ruler.before("inline", "alerts", _alerts)
    parser.core.ruler.before("inline", "tasks", _tasks)
    return parser


_whole = make_parser()
_blocks = make_parser().disable(["inline", "footnote_tail", "text_join"])
