"""A lexer for Java and C#, whose own lexers in Pygments take minutes for a file of short lines."""

from pygments.lexer import RegexLexer, words  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

_KEYWORDS = """
abstract as assert async await base break case catch checked class const continue default delegate
do else enum event explicit extends extern false final finally fixed for foreach goto if implements
implicit import in init instanceof interface internal is lock namespace native new null operator out
override package params partial permits private protected public readonly record ref return sealed
sizeof stackalloc static strictfp super switch synchronized this throw throws transient true try
typeof unchecked unsafe using virtual volatile when where while with yield
"""
_TYPES = """
bool boolean byte char decimal double dynamic float int long nint nuint object sbyte short string
uint ulong ushort var void
"""


class CurlyLexer(RegexLexer):  # type: ignore[misc]
    """Comments, strings, numbers, keywords and names, each of which one pattern reads."""

    tokens = {  # noqa: RUF012  # as Pygments has it
        "root": [
            (r"\s+", Whitespace),
            (r"//[^\n]*", Comment.Single),
            (r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?", Comment.Multiline),
            (r'"""(?:[^"]|"(?!""))*+(?:""")?', String),
            (r'@"[^"]*"?', String),
            (r'\$?"(?:\\.|[^"\\\n])*+"?', String),
            (r"'(?:\\.|[^'\\\n])*+'?", String.Char),
            (r"@\w+", Name.Decorator),
            (r"0[xX][0-9a-fA-F_]+|\d[\d_]*+(?:\.\d+)?(?:[eE][+-]?\d+)?\w?", Number),
            (words(_TYPES.split(), suffix=r"\b"), Keyword.Type),
            (words(_KEYWORDS.split(), suffix=r"\b"), Keyword),
            (r"\w+(?=\()", Name.Function),
            (r"[A-Z]\w*", Name.Class),
            (r"\w+", Name),
            (r"[(){}\[\];,.]", Punctuation),
            (r".", Operator),
        ]
    }
