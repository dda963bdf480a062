"""Images made smaller for a model that takes no larger ones."""

from dataclasses import replace
from io import BytesIO

from lib.chat.attachments import MAX_SHOWN_PIXELS, Attachment, count_pixels

MAX_SIDE = 1_024
"""Pixels of the longer side."""


def smaller(file: Attachment) -> Attachment:
    """Return an image as a JPEG or PNG with sides of at most `MAX_SIDE` pixels.

    Any other file, and an image that cannot be decoded, or not safely, is returned as it is.
    """
    from PIL import Image, ImageOps  # imported here because it is slow to import

    if file.kind != "image" or (count_pixels(file.content) or 0) > MAX_SHOWN_PIXELS:
        return file
    output = BytesIO()
    try:
        with Image.open(BytesIO(file.content), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            upright = ImageOps.exif_transpose(image)
            form = "png" if "transparency" in image.info or "A" in upright.getbands() else "jpeg"
            upright = upright.convert("RGBA" if form == "png" else "RGB")
            upright.thumbnail((MAX_SIDE, MAX_SIDE))
            upright.save(output, form)
    except Exception:  # noqa: BLE001 - Pillow has no common base class for invalid images
        return file
    return replace(file, form=form, content=output.getvalue())
