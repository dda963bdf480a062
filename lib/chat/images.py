"""Images, made upright and small: for models, and for the page.

Pillow is imported where it is used: it is slow to import, and most conversations have no images.
"""

import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

SMALL_SIDE = 1_024
"""Pixels of the longer side, for a model that does not take larger images."""
MAX_SIDE = 2_000
"""Pixels: Claude takes no more in a request with more than 20 images.

https://platform.claude.com/docs/en/build-with-claude/vision
"""
MAX_BYTES = 3_750_000
"""5 MB as base64: Claude takes no more on Amazon Bedrock and Google Cloud (the same page)."""
MAX_PIXELS = 64_000_000
"""Pixels of an image, each of which takes up to ten bytes while it is decoded."""
MAX_WEBP_PIXELS = 25_000_000
"""Pixels of a WebP image, which takes four copies of all pixels while it is decoded."""
MAX_SHOWN_PIXELS = 25_000_000
"""Pixels of an image that is decoded to be shown."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_START_OF_SCAN = re.compile(rb"\xff\xda\0(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")
"""With a length that fits the number of components, 1 to 4: libjpeg reads no other (ITU-T T.81,
B.2.3), and what cameras append to a photo, a film for example, has such bytes by chance."""
_MAX_SCANS = 32
"""Scans of a progressive JPEG, each of which decodes all pixels; ten are usual."""
_MAX_PROFILE_BYTES = 200_000
"""Bytes of a color profile; those of cameras and screens have some thousand."""
_MAX_PNG_TEXT = 16_000_000
"""Bytes of a text or a profile in a PNG, unpacked. Pillow refuses an image with more than 1 MB, which
workflows of image generators have."""
_METADATA = re.compile("exif|xmp|iptc|photoshop", re.IGNORECASE)
_ORIENTATION = 0x0112
_TRANSPOSITIONS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""By orientation in EXIF: what makes the image upright."""
_SIDEWAYS = (5, 6, 7, 8)
_one_at_a_time = threading.Lock()
"""Decoding a large image takes up to 600 MB."""


class InvalidImage(ValueError):
    """The pixels of an image cannot be read."""


@dataclass(frozen=True)
class FittedImage:
    """A changed image; `form` is `png` or `jpeg`, and `note` says what was lost of it."""

    content: bytes = field(repr=False)
    form: str
    note: str


def count_pixels(content: bytes) -> float | None:
    """Return the number of pixels of an image by its header; None if that cannot be read.

    Nothing is decoded. The number is infinite if Pillow refuses the image as too large, and for a
    JPEG with too many scans.
    """
    from PIL import Image

    if content.startswith(b"\xff\xd8") and len(_START_OF_SCAN.findall(content)) > _MAX_SCANS:
        return math.inf
    try:
        with _open_lazily(content) as image:
            return image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return math.inf
    except Exception:  # noqa: BLE001 - Pillow has no common base class for invalid images
        return None


def fit(content: bytes) -> FittedImage | None:
    """Return an image upright, within `MAX_SIDE` and `MAX_BYTES`, and without EXIF data.

    None if it is all that. To be called with at most `MAX_PIXELS`. Raises `InvalidImage`.
    """
    with _open(content) as image:
        if max(image.size) <= MAX_SIDE and len(content) <= MAX_BYTES and not _has_metadata(image):
            return None
        has_frames = image.format != "MPO" and getattr(image, "is_animated", False)
        prefers_png = image.format in ("PNG", "GIF") or image.has_transparency_data
        size = image.size[::-1] if _orientation(image) in _SIDEWAYS else image.size
        fitted = _decode(image, (MAX_SIDE, MAX_SIDE))
        encoded, form = _encode(fitted, prefers_png=prefers_png)
    notes = []
    if max(size) > MAX_SIDE:
        notes.append("Made smaller: {:,} × {:,} to {:,} × {:,}.".format(*size, *fitted.size))
    elif len(content) > MAX_BYTES:
        before, after = len(content) / 1e6, len(encoded) / 1e6
        notes.append(f"Made smaller: {before:.1f} MB to {after:.1f} MB.")
    if has_frames:
        notes.append("Only the first picture of the animation is sent.")
    return FittedImage(encoded, form, " ".join(notes))


def shrink(content: bytes) -> tuple[bytes, str]:
    """Return an image within `SMALL_SIDE`, and its form, `png` or `jpeg`. Raises `InvalidImage`."""
    with _open(content) as image:
        small = _decode(image, (SMALL_SIDE, SMALL_SIDE))
        return _encode(small, prefers_png=small.has_transparency_data)


def thumbnail(content: bytes, width: int) -> bytes:
    """Return an image as PNG, JPEG or GIF of at most this width. Raises `InvalidImage`."""
    with _open(content) as image:
        if image.width <= width and image.format in ("JPEG", "GIF"):
            return content
        small = _decode(image, (width, image.height))
        return _encode(small, prefers_png=small.has_transparency_data)[0]


def _open_lazily(content: bytes) -> "ImageFile":
    """Read the header of an image; its pixels are decoded when they are asked for."""
    from PIL import Image, PngImagePlugin

    PngImagePlugin.MAX_TEXT_CHUNK = _MAX_PNG_TEXT
    return Image.open(BytesIO(content), formats=_FORMATS)


@contextmanager
def _open(content: bytes) -> "Iterator[ImageFile]":
    with _one_at_a_time:
        try:
            with _open_lazily(content) as image:
                yield image
        except Exception as error:  # Pillow has no common base class for invalid images
            raise InvalidImage from error


def _has_metadata(image: "ImageFile") -> bool:
    """Return whether an image has EXIF, XMP or IPTC data, or a second image with its own."""
    if image.format == "PNG":
        image.load()  # they may come after the pixels
    return image.format == "MPO" or any(_METADATA.search(str(key)) for key in image.info)


def _orientation(image: "ImageFile") -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001 - an image is upright if its EXIF data cannot be read
        return 1
    return orientation if orientation in _TRANSPOSITIONS else 1


def _decode(image: "ImageFile", size: tuple[int, int]) -> "Image":
    """Return an image upright, scaled down to fit this size, gray or RGB, perhaps with alpha."""
    from PIL.Image import Transpose

    decoded: Image = image
    orientation, mode = _orientation(image), image.mode
    profile = image.info.get("icc_profile") or b""
    if image.mode.startswith("I"):  # 16 bits, which `convert` would clip
        decoded = image.point(lambda value: value / 256).convert("L")
    elif image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK") or "transparency" in image.info:
        decoded = image.convert("RGBA" if image.has_transparency_data else "RGB")
    decoded.thumbnail(size)
    if decoded.mode == "CMYK":
        decoded = decoded.convert("RGB")
    decoded.load()
    if orientation in _TRANSPOSITIONS:
        decoded = decoded.transpose(Transpose[_TRANSPOSITIONS[orientation]])
    keeps_profile = decoded.mode == mode and len(profile) <= _MAX_PROFILE_BYTES
    decoded.info = {"icc_profile": profile if keeps_profile else None}
    return decoded


def _encode(image: "Image", *, prefers_png: bool) -> tuple[bytes, str]:
    """Return an image in at most `MAX_BYTES`, and its form."""
    from PIL import Image

    if prefers_png:
        png = BytesIO()
        image.save(png, "png")
        if png.tell() <= MAX_BYTES:
            return png.getvalue(), "png"
    profile = image.info["icc_profile"]
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    for quality in (85, 60):
        jpeg = BytesIO()
        image.save(jpeg, "jpeg", quality=quality, icc_profile=profile)
        if jpeg.tell() <= MAX_BYTES:
            break
    return jpeg.getvalue(), "jpeg"
