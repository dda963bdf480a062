"""Server-sent events: bytes in, events out.

HTML standard, section 9.2.6, https://html.spec.whatwg.org/multipage/server-sent-events.html.
OpenRouter's streams use only `data`; `event`, `id` and `retry` are ignored.
"""

import codecs
from collections.abc import Iterable, Iterator

MAX_COMMENTS = 1_000_000
"""Characters of all comments of a stream; OpenRouter sends about 25 per second."""


class EventTooLarge(Exception):
    """A line, an event or the comments of a stream exceed the limit."""


def decode_events(
    chunks: Iterable[bytes], *, max_event: int = 8_000_000, max_comments: int = MAX_COMMENTS
) -> Iterator[str]:
    """Yield the data of each event; the chunks may be split anywhere.

    An event stream is UTF-8, regardless of headers; an invalid sequence becomes U+FFFD. A comment,
    which OpenRouter sends to keep the connection alive, yields an empty string. An incomplete event
    at the end of the stream is dropped. Raises `EventTooLarge` for an event of more than
    `max_event` characters, and for comments of more than `max_comments` characters in total.
    """
    data: list[str] = []
    size = comments = 0
    for line in _lines(chunks, max_event):
        if not line:
            if data:
                yield "\n".join(data)
                data, size = [], 0
        elif line.startswith(":"):
            comments += len(line) + 1
            if comments > max_comments:
                raise EventTooLarge
            yield ""
        else:
            name, _, value = line.partition(":")
            if name == "data":
                data.append(value.removeprefix(" "))
                size += len(value) + 1
                if size > max_event:
                    raise EventTooLarge


def _lines(chunks: Iterable[bytes], max_length: int) -> Iterator[str]:
    """Yield the lines, which end in CR LF, LF or CR; an unterminated last line is dropped."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    pieces: list[str] = []
    size = 0
    after_cr = False
    for chunk in chunks:
        text = decoder.decode(chunk)
        if after_cr and text:
            text, after_cr = text.removeprefix("\n"), False
        after_cr = after_cr or text.endswith("\r")
        *ended, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in ended:
            if size + len(line) > max_length:
                raise EventTooLarge
            yield "".join([*pieces, line])
            pieces, size = [], 0
        if rest:
            pieces.append(rest)
            size += len(rest)
            if size > max_length:
                raise EventTooLarge
