"""Reasoning that a model writes into its text, between `<think>` and `</think>`."""

from typing import Literal

_TAGS = ("<think>", "<thinking>", "<thought>")
_MAX_SPACE = 200
"""Characters of white space before a tag; they are held back until something follows."""


class ThinkingSplitter:
    """Splits the reasoning at the beginning off a text, however that is cut into pieces."""

    def __init__(self) -> None:
        self._state: Literal["beginning", "reasoning", "text"] = "beginning"
        self._end_tag = ""
        self._held = ""
        self._skips_space = False

    def split(self, text: str) -> tuple[str, str]:
        """Return the reasoning and the text in the next piece."""
        text, self._held = self._held + text, ""
        reasoning = ""
        if self._state == "beginning":
            stripped = text.lstrip()
            tag = next((tag for tag in _TAGS if stripped.startswith(tag)), "")
            if len(text) - len(stripped) > _MAX_SPACE:
                self._state = "text"
            elif tag:
                self._state, self._end_tag = "reasoning", tag.replace("<", "</")
                self._skips_space, text = True, stripped[len(tag) :]
            elif any(tag.startswith(stripped) for tag in _TAGS):
                self._held = text
                return "", ""
            else:
                self._state = "text"
        if self._state == "reasoning":
            text = self._skip_space(text)
            reasoning, end, rest = text.partition(self._end_tag)
            if not end:
                cut = len(text) - _overlap(text, self._end_tag)
                self._held = text[cut:]
                return text[:cut], ""
            self._state, self._skips_space, text = "text", True, rest
        return reasoning, self._skip_space(text)

    def rest(self) -> tuple[str, str]:
        """Return the reasoning and the text that are still held back, at the end."""
        held, self._held = self._held, ""
        return (held, "") if self._state == "reasoning" else ("", held)

    def _skip_space(self, text: str) -> str:
        """Return the text without the white space that follows a tag."""
        if self._skips_space:
            text = text.lstrip()
            self._skips_space = not text
        return text


def _overlap(text: str, tag: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a tag."""
    return next((size for size in range(len(tag), 0, -1) if text.endswith(tag[:size])), 0)
