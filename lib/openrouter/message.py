"""The message of an answer, out of the deltas of a stream or in one piece, in each known shape."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from .annotations import read_file_annotations
from .events import (
    MAX_CITATIONS,
    MAX_IMAGES,
    Citation,
    Event,
    ReasoningDelta,
    TextDelta,
    is_web_url,
)
from .images import read_image
from .thinking import ThinkingSplitter
from .untrusted import SurrogateJoiner, mapping, mappings, one_line

_MAX_DEPTH = 4
_Kind = Literal["text", "reasoning", "image"]


class MessageReader:
    """Reads the message of one answer.

    Providers send reasoning under several names, and some under more than one: only the first that
    brings any is read. A `message` in a stream repeats what the deltas have brought; what they have
    not, it brings.
    """

    def __init__(self) -> None:
        self.has_content = False
        self._has_citations = False
        self._sources: list[object] = []
        self._thoughts: list[str] = []
        self._streamed: set[_Kind] = set()
        self._reasoning_name = ""
        self._joiners = {"text": SurrogateJoiner(), "reasoning": SurrogateJoiner()}
        self._thinking = ThinkingSplitter()

    def read(self, choice: Mapping[str, Any]) -> Iterator[Event]:
        """Yield the events of a choice: of its `delta`, and of its `message`."""
        delta = mapping(choice.get("delta"))
        for event in self._read(delta, frozenset()):
            if isinstance(event, TextDelta):
                self._streamed.add("text")
            elif isinstance(event, ReasoningDelta):
                self._streamed.add("reasoning")
            yield event
        if message := mapping(choice.get("message")):
            yield from self._read(message, frozenset(self._streamed))

    def read_sources(self, urls: object) -> None:
        """Note the `citations` of a chunk: plain URLs, which Perplexity sends also as annotations."""
        self._sources = urls[:MAX_CITATIONS] if isinstance(urls, list) else self._sources

    def finish(self, finish_reason: str) -> Iterator[Event]:
        """Yield what was held back, at the end of the stream."""
        yield from self._thoughts_and_text(self._thinking.rest())
        if finish_reason == "stop" and self._thinking.is_open and not self.has_content:
            # The model is done, and has not ended its reasoning: that is its answer.
            self.has_content = True
            yield TextDelta("".join(self._thoughts))
        if not self._has_citations:
            for url in self._sources:
                yield from _citation({"url": url})

    def _read(self, message: Mapping[str, Any], known: frozenset[_Kind]) -> Iterator[Event]:
        if "reasoning" not in known:
            for name in ("reasoning", "reasoning_content", "reasoning_details"):
                if name in message:
                    for _, text in _parts(message[name], "reasoning"):
                        yield from self._reasoning(name, text)
        texts = [message[name] for name in ("content", "refusal") if name in message]
        for kind, part in _parts(texts, "text", depth=-1):
            if kind == "image":
                yield from self._image(part)
            elif kind not in known:
                if kind == "reasoning":
                    yield from self._reasoning("content", part)
                elif isinstance(part, str) and (text := self._joiners["text"].join(part)):
                    yield from self._thoughts_and_text(self._thinking.split(text))
        annotations = mappings(message.get("annotations"))
        for annotation in annotations[:MAX_CITATIONS]:
            for citation in _citation(annotation.get("url_citation")):
                self._has_citations = True
                yield citation
        yield from read_file_annotations(annotations)
        images = message.get("images")
        for image in images[:MAX_IMAGES] if isinstance(images, list) else ():
            yield from self._image(image)

    def _reasoning(self, name: str, text: object) -> Iterator[Event]:
        if isinstance(text, str) and text and self._reasoning_name in ("", name):
            self._reasoning_name = name if text.strip() else self._reasoning_name
            if text := self._joiners["reasoning"].join(text):
                yield ReasoningDelta(text)

    def _thoughts_and_text(self, split: tuple[str, str]) -> Iterator[Event]:
        reasoning, text = split
        self._thoughts.append(reasoning)
        yield from self._reasoning("thinking", reasoning)
        if text:
            self.has_content = True
            yield TextDelta(text)

    def _image(self, image: object) -> Iterator[Event]:
        if found := read_image(image):
            self.has_content = True
            yield found


def _parts(content: object, kind: _Kind, depth: int = 0) -> Iterator[tuple[_Kind, object]]:
    """Yield the texts, the reasoning and the images in content: a text, or parts, also nested."""
    match content:
        case str():
            yield kind, content
        case list() if depth < _MAX_DEPTH:
            for part in content:
                yield from _parts(part, kind, depth + 1)
        case {"image_url": image}:
            yield "image", image
        case Mapping() if depth < _MAX_DEPTH:
            names = ("thinking", "reasoning", "summary", "text", "refusal", "content")
            name = next((name for name in names if content.get(name)), "")
            type_ = content.get("type")
            is_reasoning = name in names[:3] or str(type_).startswith(names[:2])
            yield from _parts(content.get(name), "reasoning" if is_reasoning else kind, depth + 1)


def _citation(citation: object) -> Iterator[Citation]:
    match citation:
        case {"url": str(url), "title": str(title)} if is_web_url(url):
            yield Citation(url, one_line(title))
        case {"url": str(url)} if is_web_url(url):
            yield Citation(url, "")
