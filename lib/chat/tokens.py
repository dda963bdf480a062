"""How many tokens a conversation has, estimated: each model has a tokenizer, and none is at hand.

The figures are averages of the tokenizers of OpenAI, Anthropic, Google and Meta, which differ from
each other by up to a half. What a past answer reported corrects the estimate of what it got.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from lib.chat.attachments import Attachment
from lib.chat.conversation import Answer, Conversation, Remedy, Turn
from lib.chat.images import count_pixels
from lib.chat.request_messages import sent_turns

PER_LETTER = 0.24
"""Of ASCII letters and spaces: an English token is about four characters, a German one three."""
PER_SIGN = 0.6
"""Of other ASCII characters: digits come one to three in a token, punctuation mostly alone."""
PER_OTHER_BYTE = 0.3
"""Of other bytes of UTF-8: an accented or Cyrillic letter has two, a Chinese character three."""
LETTERS = " \nabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PIXELS_PER_TOKEN = 750
"""https://platform.claude.com/docs/en/build-with-claude/vision; others count tiles, to like sums."""
_USUAL_IMAGE = (85, 1_600)
"""Tokens of the smallest and of the largest image, as most models scale it."""
_MAX_PER_IMAGE = 5_000
_PER_PAGE = 600
_MAX_PER_PAGE = 5_000
"""With the text, some models get a picture of each page."""
_BYTES_PER_PAGE = 50_000
"""Of a PDF whose pages cannot be counted."""
_PER_AUDIO_SECOND = 25
_MAX_PER_AUDIO_SECOND = 50
_AUDIO_BYTES_PER_SECOND = {"wav": (64_000, 16_000), "flac": (48_000, 16_000)}
_COMPRESSED = (16_000, 3_000)
"""Bytes per second, usual and least."""
_PAGE = re.compile(rb"/Type\s*/Page(?!s)")
_DIGITS_AND_SIGNS = bytes(set(range(128)) - set(LETTERS.encode()))


@dataclass(frozen=True)
class Tokens:
    """A number of tokens: `about` so many, and `most` at most."""

    about: float = 0.0
    most: float = 0.0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.about + other.about, self.most + other.most)

    def corrected(self, counted: int) -> "Tokens":
        """Return the estimate corrected by a count.

        A count that is far from it is that of something else, which was changed since.
        """
        if not self.about / 3 <= counted <= self.most:
            return self
        return Tokens(counted, min(self.most, 1.5 * max(counted, self.about)))


@dataclass(frozen=True)
class Prompt:
    """The tokens of a prompt, those of it that were sent before, and the files in it."""

    tokens: Tokens
    sent_before: float
    images: int
    has_audio: bool


PER_MESSAGE = Tokens(4, 16)
"""The role, and the signs around a message."""


def of_text(text: str) -> Tokens:
    """Estimate the tokens of a text: at most one for each byte of UTF-8, as tokenizers are made."""
    encoded = text.encode(errors="replace")
    ascii_bytes = text.encode("ascii", "ignore")
    letters = len(ascii_bytes.translate(None, _DIGITS_AND_SIGNS))
    signs, others = len(ascii_bytes) - letters, len(encoded) - len(ascii_bytes)
    about = PER_LETTER * letters + PER_SIGN * signs + PER_OTHER_BYTE * others
    return Tokens(about, len(encoded))


def of_prompt(
    conversation: Conversation, instructions: str, last: Turn | None, *, takes_images: bool = True
) -> Prompt:
    """Estimate what a request contains: up to the question of `last`, or all before a new one."""
    tokens = of_text(instructions) + PER_MESSAGE if instructions else Tokens()
    sent_before, images, has_audio = 0.0, 0, False
    remedy = last.answer.remedy if last else ""
    turns = [*sent_turns(conversation, last), *([(last, None)] if last else [])]
    for turn, answer in turns:
        tokens += _of_question(turn, remedy or (answer.remedy if answer else ""))
        kinds = [file.kind for file in turn.attachments]
        images += kinds.count("image")
        has_audio |= "audio" in kinds
        if answer is None:
            if turn.answer.progress == "waiting" and turn.answer.has_text:  # it is continued
                tokens += _of_answer(turn.answer, takes_images=False) + PER_MESSAGE
            continue
        if answer.usage and answer.usage.prompt_tokens and not answer.usage_before:
            tokens = tokens.corrected(answer.usage.prompt_tokens)
            sent_before = tokens.about
        tokens += _of_answer(answer, takes_images=takes_images)
        images += len(answer.images) if takes_images else 0
    return Prompt(tokens, sent_before, images, has_audio)


def _of_question(turn: Turn, remedy: Remedy) -> Tokens:
    files = () if remedy == "without_files" else turn.attachments
    return _sum([PER_MESSAGE, of_text(turn.question), *map(_of_file, files)])


def _of_answer(answer: Answer, *, takes_images: bool) -> Tokens:
    text = of_text(answer.text)
    if answer.usage and not answer.reasoning:  # what was thought is counted too, and not sent
        text = text.corrected(answer.usage.completion_tokens)
    images = [_of_image(image.content) for image in answer.images] if takes_images else []
    return _sum([PER_MESSAGE, text, *images])


def _of_file(file: Attachment) -> Tokens:
    match file.kind:
        case "text":
            return of_text(file.name) + of_text(file.content.decode(errors="replace"))
        case "image":
            return _of_image(file.content)
        case "audio":
            usual, least = _AUDIO_BYTES_PER_SECOND.get(file.form, _COMPRESSED)
            seconds, most_seconds = len(file.content) / usual, len(file.content) / least
            return Tokens(_PER_AUDIO_SECOND * seconds, _MAX_PER_AUDIO_SECOND * most_seconds)
        case "pdf":
            pages = len(_PAGE.findall(file.content))
            pages = pages or math.ceil(len(file.content) / _BYTES_PER_PAGE)
            return Tokens(_PER_PAGE * pages, _MAX_PER_PAGE * pages)


def _of_image(content: bytes) -> Tokens:
    least, most = _USUAL_IMAGE
    pixels = count_pixels(content) or math.inf
    return Tokens(min(max(pixels / _PIXELS_PER_TOKEN, least), most), _MAX_PER_IMAGE)


def _sum(parts: Iterable[Tokens]) -> Tokens:
    return sum(parts, Tokens())
