"""The messages of a request, out of a conversation."""

import base64
import json
from typing import Any

from lib.chat.attachments import LEFT_OUT, shrink
from lib.chat.conversation import UNFINISHED, Answer, Conversation, Remedy, Turn
from lib.openrouter.annotations import FileAnnotation
from lib.openrouter.events import GeneratedImage
from lib.openrouter.request import ChatMessage

MAX_IMAGE_BYTES = 20_000_000
"""Bytes of the generated images in a request, the latest first."""
NO_IMAGE = "[an image]"
"""In place of an image, if it is not sent and its answer has no text."""
FILE_READ = "I have read the file."
"""The assistant's message that carries a file that was parsed before the answer failed."""
CONTINUE = (
    "Your answer was cut off. Continue it exactly where it ends, in the middle of a word if need be: "
    "repeat nothing, and say nothing about it."
)
"""The user's message after an answer that is to be continued.

An answer at the end of the messages would ask for the same (a prefill), but several providers refuse
it, Anthropic's latest models among them, and others begin anew; no catalogue says which.
"""


def request_messages(
    conversation: Conversation, last: Turn | None = None, *, takes_images: bool = True
) -> list[ChatMessage]:
    """Return the messages of a request: the question and one answer of each turn.

    They end with the question of `last`, by default the last turn; if its answer has text already,
    with that and `CONTINUE`. Earlier turns whose answers have
    no content are left out. Generated images go to a model that `takes_images`, and files that
    OpenRouter has parsed go back as it returned them.
    """
    if not conversation.turns:
        return []
    last = last or conversation.turns[-1]
    answered = sent_turns(conversation, last)
    sent = _latest_images([answer for _, answer in answered]) if takes_images else []
    messages: list[ChatMessage] = []
    for turn, answer in answered:
        content = _content(turn, last.answer.remedy or answer.remedy)
        messages.append({"role": "user", "content": content})
        messages.append(_answer_message(turn, answer, sent))
    messages += _question_messages(last)
    if last.answer.progress in UNFINISHED and last.answer.has_text:
        messages.append({"role": "assistant", "content": last.answer.text})
        messages.append({"role": "user", "content": CONTINUE})
    return messages


def sent_turns(conversation: Conversation, last: Turn | None = None) -> list[tuple[Turn, Answer]]:
    """Return the turns before `last` that a request contains, each with the answer; else all."""
    turns = conversation.turns
    index = next((i for i, turn in enumerate(turns) if turn is last), len(turns))
    return [(turn, answer) for turn in turns[:index] if (answer := turn.sent_answer())]


def _question_messages(turn: Turn) -> list[ChatMessage]:
    """Return the question; if its files were parsed before an answer failed, with what was read."""
    content = _content(turn, turn.answer.remedy)
    parts = [] if isinstance(content, str) else content
    files = [part for part in parts if part["type"] == "file"]
    others = [part for part in parts if part["type"] != "file"]
    annotations = _annotations(turn)
    if not (annotations and files and others):
        return [{"role": "user", "content": content}]
    return [
        {"role": "user", "content": files},
        {"role": "assistant", "content": FILE_READ, "annotations": annotations},
        {"role": "user", "content": others},
    ]


def _answer_message(turn: Turn, answer: Answer, sent: list[GeneratedImage]) -> ChatMessage:
    images = [_image_part(image) for image in answer.images if any(image is one for one in sent)]
    text = answer.text if answer.has_text else "" if images else NO_IMAGE
    message: ChatMessage = {"role": "assistant", "content": text}
    if images:
        message["images"] = images
    if annotations := _annotations(turn):
        message["annotations"] = annotations
    return message


def _annotations(turn: Turn) -> list[dict[str, Any]]:
    """Return the files of a turn as they were parsed, for whichever of its answers."""
    by_hash: dict[str, FileAnnotation] = {
        one.hash: one for answer in turn.answers for one in answer.file_annotations
    }
    return [{"type": "file", "file": json.loads(one.content)} for one in by_hash.values()]


def _latest_images(answers: list[Answer]) -> list[GeneratedImage]:
    latest: list[GeneratedImage] = []
    size = 0
    for image in (image for answer in reversed(answers) for image in reversed(answer.images)):
        size += len(image.content)
        if size > MAX_IMAGE_BYTES:
            break
        latest.append(image)
    return latest


def _image_part(image: GeneratedImage) -> dict[str, Any]:
    url = f"data:{image.media_type};base64,{base64.b64encode(image.content).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _content(turn: Turn, remedy: Remedy) -> str | list[dict[str, Any]]:
    files = turn.attachments
    if remedy == "without_files" and files:
        names = ", ".join(file.name for file in files)
        return turn.question or LEFT_OUT.format(names)
    if not files:
        return turn.question
    parts = [(shrink(file) if remedy == "smaller_images" else file).part() for file in files]
    return [{"type": "text", "text": turn.question}, *parts] if turn.question else parts
