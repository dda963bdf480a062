"""What each event of a stream adds to an answer."""

from lib.chat.conversation import Answer
from lib.openrouter.annotations import (
    MAX_ANNOTATIONS_LENGTH,
    MAX_FILE_ANNOTATIONS,
    FileAnnotation,
)
from lib.openrouter.events import (
    MAX_CITATIONS,
    MAX_IMAGES,
    AnsweredBy,
    Began,
    Citation,
    Event,
    Finished,
    GeneratedImage,
    ImageLink,
    ReasoningDelta,
    TextDelta,
    UnshownImage,
    Usage,
)
from lib.openrouter.routing import Routing


def apply(event: Event, answer: Answer) -> bool:
    """Add an event to an answer; return whether it adds text or reasoning."""
    match event:
        case ReasoningDelta(text):
            answer.reasoning += text
            return True
        case TextDelta(text):
            answer.text += text
            return True
        case Began(generation):
            answer.generation = generation
        case AnsweredBy(model, provider):
            answer.model, answer.provider = model, provider
        case Citation() if len(answer.citations) < MAX_CITATIONS and event not in answer.citations:
            answer.citations.append(event)
        case FileAnnotation():
            add_file_annotation(event, answer)
        case GeneratedImage() if len(answer.images) < MAX_IMAGES and event not in answer.images:
            answer.images.append(event)
        case ImageLink(url) if len(answer.image_links) < MAX_IMAGES:
            if url not in answer.image_links:
                answer.image_links.append(url)
        case UnshownImage(media_type) if len(answer.unshown_images) < MAX_IMAGES:
            if media_type not in answer.unshown_images:
                answer.unshown_images.append(media_type)
        case Routing():
            answer.routing = event
            answer.provider = answer.provider or event.provider
        case Usage():
            answer.add_usage(event)
        case Finished(finish_reason):
            answer.finish_reason = finish_reason
    return False


def add_file_annotation(annotation: FileAnnotation, answer: Answer) -> None:
    """Add a file that was parsed, once, as far as there is room."""
    known = answer.file_annotations
    length = sum(len(one.content) for one in known) + len(annotation.content)
    is_known = any(one.hash == annotation.hash for one in known)
    if not is_known and len(known) < MAX_FILE_ANNOTATIONS and length <= MAX_ANNOTATIONS_LENGTH:
        known.append(annotation)
