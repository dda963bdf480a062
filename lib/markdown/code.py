"""Code: its colours by Pygments, which change none of its characters."""

import re
from html import escape

from pygments.lexer import Lexer  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import STANDARD_TYPES, _TokenType  # type: ignore[import-untyped]

from lib.markdown.curly import CurlyLexer

MAX_HIGHLIGHTED = 10_000
"""Characters of a code block that gets colours."""
_NAMES = """
bash c console cpp c++ cs csharp css dart diff docker dockerfile elixir go graphql haskell html ini
java javascript js json jsx julia kotlin latex lua matlab nginx objective-c perl php
powershell ps1 protobuf py python python3 r rb ruby rs rust scala scss sh shell sql swift terraform
tex toml ts tsx typescript xml yaml yml zsh
"""
LANGUAGES = frozenset(_NAMES.split())
"""Languages that have colours; their lexers are proven to be fast whatever they read."""
_SLOW = re.compile(r"[^\n]{501}|\s{201}")
"""Lines and gaps so long that patterns of a lexer could take a time that grows with their square."""
_OPENERS = ("/*", "<!--", "<?", "<<", "$", "(*", "{-", '"""', "'''")
_MAX_OPENERS = 300
"""So many comments, say, each of which a lexer may look for the end of."""
_lexers: dict[str, Lexer] = {}


def highlight(code: str, language: str) -> str:
    """Return code as HTML, with a class for each token if its language is known."""
    if language not in LANGUAGES or _may_be_slow(code):
        return escape(code)
    lexer = _lexers.get(language)
    if lexer is None:
        is_curly = language in ("java", "csharp", "cs")
        options = {"stripnl": False, "ensurenl": False}
        lexer = CurlyLexer(**options) if is_curly else get_lexer_by_name(language, **options)
        _lexers[language] = lexer
    tokens = list(lexer.get_tokens(code))
    if "".join(text for _, text in tokens) != code:
        return escape(code)  # Pygments drops a byte order mark
    return "".join(_span(kind, escape(text)) for kind, text in tokens)


def _may_be_slow(code: str) -> bool:
    if len(code) > MAX_HIGHLIGHTED or _SLOW.search(code):
        return True
    return any(code.count(opener) > _MAX_OPENERS for opener in _OPENERS)


def _span(kind: _TokenType, content: str) -> str:
    name = next(STANDARD_TYPES[each] for each in reversed(kind.split()) if each in STANDARD_TYPES)
    return f'<span class="{name}">{content}</span>' if name and content.strip() else content


def code_block(code: str, language: str, *, highlighted: bool, button: bool) -> str:
    """Return a code block that scrolls, takes the focus and has a name.

    The text of its `<pre>` is the code, without the line end before the closing fence.
    """
    code = code.removesuffix("\n")
    name = f"Code, {language}" if language else "Code"
    content = highlight(code, language.lower()) if highlighted else escape(code)
    copy = '<button type="button" class="copy">Copy</button>' if button else ""
    # `<code>` keeps a browser from dropping a line end right after `<pre>`.
    return (
        f'<div class="code"><pre tabindex="0" role="region" aria-label="{escape(name)}" dir="ltr">'
        f"<code>{content}</code></pre>{copy}</div>"
    )
