"""Server-sent events: bytes in, events out.

HTML standard, section 9.2.6, https://html.spec.whatwg.org/multipage/server-sent-events.html.
`id` and `retry` are ignored. In some ways it is more lenient, so that what was sent is not lost: an
event counts without its empty line at the end of the stream, and between two JSON objects; and a
JSON object may stand in place of an event, as proxies send errors.
"""

import codecs
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_EVENT = 28_000_000
"""Characters of an event: an image of 20 MB in base64, and a little more."""
MAX_COMMENTS = 1_000_000
"""Characters of all comments of a stream; OpenRouter sends about 25 per second."""


class EventTooLarge(Exception):
    """A line, an event or the comments of a stream exceed the limit."""


class ServerSentEvent(NamedTuple):
    """The data of an event, and its `event` field; a comment has neither.

    Not `is_complete` if the stream ended before the empty line that ends an event.
    """

    data: str = ""
    name: str = ""
    is_complete: bool = True


def decode_events(
    chunks: Iterable[bytes], *, max_event: int = MAX_EVENT, max_comments: int = MAX_COMMENTS
) -> Iterator[ServerSentEvent]:
    """Yield each event; the chunks may be split anywhere.

    An event stream is UTF-8, regardless of headers; an invalid sequence becomes U+FFFD. A comment,
    which OpenRouter sends to keep the connection alive, is an event without data. Raises
    `EventTooLarge` for an event of more than `max_event` characters, and for comments of more than
    `max_comments` characters in total.
    """
    data: list[str] = []
    name, is_json = "", False
    size = comments = 0
    for line in _lines(chunks, max_event):
        if not line:
            if data:
                yield ServerSentEvent("\n".join(data), name)
            data, name, is_json, size = [], "", False, 0
            continue
        if is_json and line.startswith(("data:", ":")):
            yield ServerSentEvent("\n".join(data))
            data, is_json, size = [], False, 0
        is_json = is_json or (not data and line.lstrip().startswith("{"))
        field, _, value = ("data", "", line) if is_json else line.partition(":")
        match field:
            case "":
                comments += len(line) + 1
                if comments > max_comments:
                    raise EventTooLarge
                yield ServerSentEvent()
            case "data":
                value = value if is_json else value.removeprefix(" ")
                if data and data[-1].endswith("}") and value.startswith(("{", "[DONE]")):
                    yield ServerSentEvent("\n".join(data), name)  # no JSON goes on so
                    data, name, size = [], "", 0
                data.append(value)
                size += len(value) + 1
                if size > max_event:
                    raise EventTooLarge
            case "event":
                name = value.strip()
    if data:
        yield ServerSentEvent("\n".join(data), name, is_complete=False)


def _lines(chunks: Iterable[bytes], max_length: int) -> Iterator[str]:
    """Yield the lines, which end in CR LF, LF or CR, and what follows the last of these."""
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
    if pieces:
        yield "".join(pieces)
