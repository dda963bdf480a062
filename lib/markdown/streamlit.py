"""Text of others inside Streamlit's own markdown, which shows it as it is.

Streamlit's markdown: https://docs.streamlit.io/develop/api-reference/text/st.markdown
"""

import re

from lib.openrouter.events import is_web_url

_WORD_JOINER = "\u2060"


def escape_markdown(text: str) -> str:
    """Return text of others as markdown that shows it as it is."""
    text = _SHORTHAND.sub(rf"\g<0>{_WORD_JOINER}", text)
    text = _SPECIAL.sub(r"\\\g<0>", text)
    return _LINE_BEGIN.sub(r"\1\\", text)


def link(url: str, label: str) -> str:
    """Return a link to a URL of the web; of any other only the label shows."""
    shown = escape_markdown(" ".join(label.split()))
    target = url.replace("(", "%28").replace(")", "%29")
    return f"[{shown}]({target})" if is_web_url(url) else shown


# Streamlit replaces these in what it has parsed, where a backslash is gone already.
_SHORTHAND = re.compile(r":(?=material/|[\w+-]+:)|(?<!\S)[-<>~](?=[->=]{1,2}(?!\S))")
_SPECIAL = re.compile(r"[\\`*_\[\]<>$~:#!|]|&(?=#?\w+;)")
_LINE_BEGIN = re.compile(r"(?:^|(?<=\r))([ \t]*(?:\d+(?=[.)])|(?=[-+=])))", re.MULTILINE)
"""Right before the sign that would make an item of a list, or of the line before a heading."""
