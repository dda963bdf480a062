"""Code: its colours by Pygments, which change none of its characters."""

from html import escape

from pygments.lexer import Lexer  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import STANDARD_TYPES, _TokenType  # type: ignore[import-untyped]

MAX_HIGHLIGHTED = 20_000
"""Characters of a code block that gets colours."""
_NAMES = """
bash c console cpp c++ cs csharp css dart diff docker dockerfile elixir go graphql haskell html ini
java javascript js json jsx julia kotlin latex lua make makefile matlab nginx objective-c perl php
powershell ps1 protobuf py python python3 r rb ruby rs rust scala scss sh shell sql swift terraform
tex toml ts tsx typescript xml yaml yml zsh
"""
LANGUAGES = frozenset(_NAMES.split())
"""Languages that have colours; their lexers are proven to be fast whatever they read."""
_lexers: dict[str, Lexer] = {}


def highlight(code: str, language: str) -> str:
    """Return code as HTML, with a class for each token if its language is known."""
    if language not in LANGUAGES or len(code) > MAX_HIGHLIGHTED:
        return escape(code)
    lexer = _lexers.get(language)
    if lexer is None:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
        _lexers[language] = lexer
    tokens = list(lexer.get_tokens(code))
    if "".join(text for _, text in tokens) != code:
        return escape(code)  # Pygments drops a byte order mark
    return "".join(_span(kind, escape(text)) for kind, text in tokens)


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
