"""Render the files of a question and the images of an answer."""

from weakref import WeakKeyDictionary

import streamlit as st

from lib.chat.attachments import Attachment
from lib.chat.images import MAX_SHOWN_PIXELS, InvalidImage, count_pixels, thumbnail
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.events import GeneratedImage
from lib.ui.formatting import small

IMAGE_WIDTH = 320
"""Pixels."""
_thumbnails: WeakKeyDictionary[Attachment | GeneratedImage, bytes] = WeakKeyDictionary()
"""Streamlit shows them as they are, where it would decode a larger image in each run."""


def render_attachment(file: Attachment) -> None:
    """Render a file of a question: an image, a player, or its name and size."""
    label = escape_markdown(file.name)
    match file.kind:
        case "image":
            render_image(file, file.name)
        case "audio":
            st.audio(file.content, format=file.media_type)
        case _:
            icon = "picture_as_pdf" if file.kind == "pdf" else "description"
            label = f":material/{icon}: {label} · {len(file.content) / 1000:,.0f} KB"
    small(f"{label} · {escape_markdown(file.note)}" if file.note else label)


def render_image(image: Attachment | GeneratedImage, name: str) -> None:
    """Render an image, or why it cannot be shown."""
    if image not in _thumbnails:
        if (count_pixels(image.content) or 0) > MAX_SHOWN_PIXELS:
            small(f":material/broken_image: {escape_markdown(name)} is too large to be shown here.")
            return
        try:
            _thumbnails[image] = thumbnail(image.content, IMAGE_WIDTH)
        except InvalidImage:
            small(f":material/broken_image: {escape_markdown(name)} cannot be shown.")
            return
    st.image(_thumbnails[image], alt=name, width=IMAGE_WIDTH)
