"""Files as OpenRouter has parsed them, with which it annotates an answer."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .untrusted import mapping, mappings, one_line, replace_surrogates

MAX_FILE_ANNOTATIONS = 10
MAX_ANNOTATIONS_LENGTH = 4_000_000
"""Characters of the files of one answer; beyond it, a file is parsed again."""


@dataclass(frozen=True)
class FileAnnotation:
    """A file as OpenRouter has parsed it. Sent back, it is not parsed, and paid for, again.

    `content` is the `file` object as JSON, with its hash; it is only sent back, and never shown.
    """

    hash: str
    content: str = field(repr=False)


def read_file_annotations(annotations: object) -> Iterator[FileAnnotation]:
    """Yield the files among annotations, each once; those that are malformed are left out.

    https://openrouter.ai/docs/guides/overview/multimodal/pdfs
    """
    hashes: set[str] = set()
    length = 0
    for annotation in mappings(annotations):
        found = (
            read_file_annotation(annotation.get("file"))
            if annotation.get("type") == "file"
            else None
        )
        if found and found.hash not in hashes and len(hashes) < MAX_FILE_ANNOTATIONS:
            hashes.add(found.hash)
            length += len(found.content)
            if length <= MAX_ANNOTATIONS_LENGTH:
                yield found


def read_file_annotation(file: object) -> FileAnnotation | None:
    """Return the annotation of a file with only the documented fields; None if it is malformed."""
    fields = mapping(file)
    digest, name = one_line(fields.get("hash")), one_line(fields.get("name"))
    if not digest or not isinstance(fields.get("content"), list):
        return None
    parts = [part for one in mappings(fields["content"]) if (part := _part(one))]
    body = {"hash": digest, **({"name": name} if name else {}), "content": parts}
    return FileAnnotation(digest, json.dumps(body, ensure_ascii=False))


def _part(part: Mapping[str, Any]) -> dict[str, Any] | None:
    match part:
        case {"type": "text", "text": str(text)}:
            return {"type": "text", "text": replace_surrogates(text)}
        case {"type": "image_url", "image_url": image} if isinstance(
            mapping(image).get("url"), str
        ):
            return {"type": "image_url", "image_url": {"url": replace_surrogates(image["url"])}}
    return None
