"""Reasoning that a model writes into its text, between `<think>` and `</think>`."""

from typing import Literal

_TAGS = ("<think>", "<thinking>", "<thought>", "<mm:think>", "<seed:think>", "[think]")
_KNOWN = (*_TAGS, *(f"{tag[0]}/{tag[1:]}" for tag in _TAGS))
_MAX_SPACE = 200
"""Characters of white space before a tag; they are held back until something follows."""


class ThinkingSplitter:
    """Splits the reasoning at the beginning off a text, however that is cut into pieces.

    An end tag without a beginning, as templates of models leave it, is left out there.
    """

    def __init__(self) -> None:
        self._state: Literal["beginning", "reasoning", "text"] = "beginning"
        self._end_tag = ""
        self._held = ""
        self._skips_space = False

    @property
    def is_open(self) -> bool:
        """Whether the reasoning has begun and has not ended."""
        return self._state == "reasoning"

    def split(self, text: str) -> tuple[str, str]:
        """Return the reasoning and the text in the next piece."""
        text, self._held = self._held + text, ""
        reasoning = ""
        while self._state != "text":
            text = text.lstrip() if self._skips_space else text
            if self._state == "reasoning":
                self._skips_space = self._skips_space and not text
                thought, end, rest = text.partition(self._end_tag)
                if not end:
                    cut = len(text) - _overlap(text, self._end_tag)
                    self._held = text[cut:]
                    return reasoning + text[:cut], ""
                reasoning, text = reasoning + thought, rest
                self._state, self._skips_space = "beginning", True
                continue
            stripped = text.lstrip()
            start = stripped[: max(map(len, _KNOWN))].lower()
            is_indented = len(text) - len(stripped) > _MAX_SPACE
            tag = next((tag for tag in _KNOWN if start.startswith(tag) and not is_indented), "")
            if tag:
                if tag in _TAGS:
                    self._state, self._end_tag = "reasoning", f"{start[0]}/{stripped[1 : len(tag)]}"
                self._skips_space, text = True, stripped[len(tag) :]
            elif not is_indented and any(tag.startswith(start) for tag in _KNOWN):
                self._held = text
                return reasoning, ""
            else:
                self._state = "text"
        return reasoning, text

    def rest(self) -> tuple[str, str]:
        """Return the reasoning and the text that are still held back, at the end."""
        held, self._held = self._held, ""
        return (held, "") if self._state == "reasoning" else ("", held)


def _overlap(text: str, tag: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a tag."""
    return next((size for size in range(len(tag), 0, -1) if text.endswith(tag[:size])), 0)
