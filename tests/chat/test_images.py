"""Images as they are sent and shown."""

import math
import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lib.chat.images import (
    MAX_BYTES,
    MAX_SIDE,
    InvalidImage,
    count_pixels,
    fit,
    thumbnail,
)
from sandbox.answers import picture
from tests.test_bounds import cpu_limit

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
CORNERS = {
    "top left": (5, 5),
    "top right": (-6, 5),
    "bottom left": (5, -6),
    "bottom right": (-6, -6),
}


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    """An image as a file."""
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def image_of(form: str, width: int = 2, height: int = 2) -> bytes:
    """A black image of this size."""
    return encoded(Image.new("L", (width, height)), form)


def large_png(width: int, height: int) -> bytes:
    """A small PNG whose header claims this size."""
    content = bytearray(picture(2, 2))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def noise(mode: str, width: int, height: int) -> Image.Image:
    """An image that cannot be compressed."""
    return Image.frombytes(mode, (width, height), os.urandom(width * height * len(mode)))


def photo(width: int, height: int, **options: Any) -> bytes:
    """A JPEG with noise and shapes, as a camera makes it."""
    coarse = noise("RGB", width // 16, height // 16).resize((width, height))
    fine = Image.effect_noise((width, height), 20).convert("RGB")
    return encoded(Image.blend(coarse, fine, 0.25), "JPEG", quality=92, **options)


def exif(orientation: int = 1, comment: str = "") -> Image.Exif:
    """EXIF data as a camera writes it."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = comment
    data.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})  # latitude
    return data


def opened(content: bytes) -> Image.Image:
    """The decoded image."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


# Their size


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_pixels(form: str) -> None:
    """The number of pixels is read from the header of an image."""
    assert count_pixels(image_of(form, 30, 20)) == 600


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"RIFF", b"%PDF-1.7", b"BM" + bytes(100)])
def test_no_pixels(content: bytes) -> None:
    """A file that is no image, or is cut in its header, has no number of pixels."""
    assert count_pixels(content) is None


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_many_frames(form: str) -> None:
    """Only the beginning of an animation is read, not its frames."""
    frames = [Image.new("L", (8, 8), number % 256) for number in range(3_000)]
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    with cpu_limit(0.2):
        assert count_pixels(content) == 64
        assert fit(content) is None


def test_many_scans() -> None:
    """A small JPEG that takes minutes to decode counts as too large."""
    content = encoded(Image.new("L", (64, 64)), "JPEG", progressive=True)
    scan = content[content.rindex(b"\xff\xda") : -2]
    assert count_pixels(content) == 64 * 64
    assert count_pixels(content[:-2] + 100 * scan + content[-2:]) == math.inf


def test_film_behind_a_photo() -> None:
    """What a camera appends to a JPEG is not counted as scans, though it has their bytes by chance."""
    content = encoded(Image.new("L", (64, 64)), "JPEG", progressive=True)
    assert count_pixels(content + 100 * b"\xff\xda film") == 64 * 64


def test_no_decoding() -> None:
    """Counting the pixels of a large image needs hardly any memory."""
    script = """
import resource, sys
from io import BytesIO
from lib.chat.images import count_pixels
content = sys.stdin.buffer.read()
count_pixels(content[:100])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert count_pixels(content) == 64_000_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    content = image_of("PNG", 8_000, 8_000)
    run = subprocess.run(
        [sys.executable, "-c", script], input=content, capture_output=True, check=True
    )
    assert int(run.stdout) < 5_000


# As models take them


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_small(form: str) -> None:
    """An image that models take is sent as it is."""
    assert fit(image_of(form, 2_000, 30)) is None


# EXIF 2.32, 4.6.4, orientation: on which side of the upright image the row 0 and the column 0 are.
@pytest.mark.parametrize(
    ("orientation", "first", "end_of_first_row"),
    [
        (1, "top left", "top right"),
        (2, "top right", "top left"),
        (3, "bottom right", "bottom left"),
        (4, "bottom left", "bottom right"),
        (5, "top left", "bottom left"),
        (6, "top right", "bottom right"),
        (7, "bottom right", "top right"),
        (8, "bottom left", "top left"),
        (9, "top left", "top right"),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_upright(form: str, orientation: int, first: str, end_of_first_row: str) -> None:
    """An image that was taken with a turned camera is sent upright."""
    image = Image.new("RGB", (60, 40), "white")
    image.paste(RED, (0, 0, 16, 16))
    image.paste(BLUE, (44, 0, 60, 16))
    fitted = fit(encoded(image, form, exif=exif(orientation)))
    assert fitted
    assert fitted.note == ""
    upright = opened(fitted.content).convert("RGB")
    assert upright.size == ((40, 60) if orientation in (5, 6, 7, 8) else (60, 40))
    colors = {
        name: upright.getpixel((x % upright.width, y % upright.height))
        for name, (x, y) in CORNERS.items()
    }
    expected = dict.fromkeys(CORNERS, WHITE) | {first: RED, end_of_first_row: BLUE}
    for name, color in expected.items():
        assert colors[name] == pytest.approx(color, abs=12), name


def xmp(name: str) -> bytes:
    """Metadata in which a location may be."""
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{name}</x:xmpmeta>'.encode()


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"exif": exif(comment="secret")}),
        ("JPEG", {"exif": exif(comment="secret"), "comment": b"secret"}),
        ("JPEG", {"xmp": xmp("secret")}),
        ("PNG", {"exif": exif(comment="secret")}),
        ("WEBP", {"exif": exif(comment="secret")}),
        ("WEBP", {"xmp": xmp("secret")}),
        ("JPEG", {"exif": b"Exif\0\0secret"}),
        ("WEBP", {"exif": b"Exif\0\0secret"}),
        ("MPO", {"exif": exif(comment="secret"), "save_all": True}),
    ],
)
def test_metadata(form: str, options: dict[str, Any]) -> None:
    """Where an image was taken, and what else it tells of its user, is not sent."""
    image = Image.new("RGB", (60, 40), "white")
    if form == "MPO":  # of phones: a second image, with data of its own
        options = {**options, "append_images": [image]}
    content = encoded(image, form, **options)
    assert b"secret" in content
    fitted = fit(content)
    assert fitted
    assert not fitted.note
    assert b"secret" not in fitted.content
    assert not opened(fitted.content).getexif()
    assert fit(fitted.content) is None


def test_second_picture() -> None:
    """Of a photo with a second picture, as phones take them, only the first is sent."""
    picture = Image.new("RGB", (60, 40))
    fitted = fit(encoded(picture, "MPO", save_all=True, append_images=[picture]))
    assert fitted
    assert not fitted.note
    assert opened(fitted.content).format == "JPEG"


def test_photoshop() -> None:
    """IPTC data, in which a city may be, is not sent."""
    content = image_of("JPEG", 60, 40)
    body = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x06secret"
    segment = b"\xff\xed" + struct.pack(">H", len(body) + 2) + body
    fitted = fit(content[:2] + segment + content[2:])
    assert fitted
    assert b"secret" not in fitted.content


def test_long_text() -> None:
    """A PNG may hold the workflow by which it was made, of more than a megabyte unpacked."""
    info = PngInfo()
    info.add_text("workflow", "x" * 3_000_000, zip=True)
    content = encoded(noise("RGB", 20, 20), "PNG", pnginfo=info)
    assert count_pixels(content) == 400
    assert fit(content) is None


def test_metadata_after_the_pixels() -> None:
    """EXIF data of a PNG is found where it is the last part, too."""
    content = encoded(Image.new("RGB", (60, 40), "white"), "PNG")
    body = exif(6, "secret").tobytes()[6:]
    chunk = struct.pack(">I", len(body)) + b"eXIf" + body
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    fitted = fit(content[:-12] + chunk + content[-12:])
    assert fitted
    assert b"secret" not in fitted.content
    assert opened(fitted.content).size == (40, 60)


@pytest.mark.parametrize(
    ("content", "form", "size", "note"),
    [
        (
            image_of("JPEG", 9_000, 6_000),
            "jpeg",
            (2_000, 1_333),
            "Made smaller: 9,000 × 6,000 to 2,000 × 1,333.",
        ),
        (
            encoded(Image.new("L", (2_500, 1_000)), "JPEG", exif=exif(6)),
            "jpeg",
            (800, 2_000),
            "Made smaller: 1,000 × 2,500 to 800 × 2,000.",
        ),
        (
            encoded(noise("RGB", 1_200, 1_200), "PNG"),
            "jpeg",
            (1_200, 1_200),
            "Made smaller: 4.3 MB to ",
        ),
        (
            image_of("WEBP", 2_001, 1),
            "jpeg",
            (2_000, 1),
            "Made smaller: 2,001 × 1 to 2,000 × 1.",
        ),
    ],
)
def test_too_large(content: bytes, form: str, size: tuple[int, int], note: str) -> None:
    """An image that is too large for a model is made smaller, and the note says so."""
    fitted = fit(content)
    assert fitted
    assert fitted.form == form
    assert fitted.note.startswith(note)
    assert opened(fitted.content).size == size
    assert len(fitted.content) <= MAX_BYTES
    assert fit(fitted.content) is None


def test_transparent() -> None:
    """A transparent image stays PNG; if that is too large, it is laid on white."""
    for form in ("PNG", "WEBP"):
        small = fit(encoded(Image.new("RGBA", (2_500, 20), (255, 0, 0, 0)), form))
        assert small
        assert small.form == "png"
        assert opened(small.content).getpixel((9, 9))[3] == 0  # type: ignore[index]
    large = noise("RGBA", MAX_SIDE, 700)
    large.paste((255, 0, 0, 0), (0, 0, 20, 20))
    fitted = fit(encoded(large, "PNG"))
    assert fitted
    assert fitted.form == "jpeg"
    assert opened(fitted.content).getpixel((5, 5)) == pytest.approx(WHITE, abs=12)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_modes(mode: str) -> None:
    """A PNG of any mode keeps its brightness when it is made smaller."""
    gray = Image.new("L", (2_500, 20), 160)
    image = Image.new("I;16", gray.size, 160 * 256) if mode == "I;16" else gray.convert(mode)
    fitted = fit(encoded(image, "PNG"))
    assert fitted
    shown = opened(fitted.content).convert("L")
    box = shown.resize((1, 1), Image.Resampling.BOX)
    assert box.getpixel((0, 0)) == pytest.approx(160, abs=8)


@pytest.mark.parametrize(("mode", "color"), [("P", 1), ("L", 255), ("RGB", RED)])
def test_transparent_color(mode: str, color: Any) -> None:
    """A color that is declared transparent stays transparent."""
    image = Image.new(mode, (2_500, 20), color)
    if mode == "P":
        image.putpalette([*WHITE, *RED])
    fitted = fit(encoded(image, "PNG", transparency=color))
    assert fitted
    assert opened(fitted.content).getpixel((9, 9))[3] == 0  # type: ignore[index]


def test_print_colors() -> None:
    """A JPEG in CMYK has the same colors in RGB."""
    image = Image.new("RGB", (2_500, 20), RED).convert("CMYK")
    fitted = fit(encoded(image, "JPEG"))
    assert fitted
    assert opened(fitted.content).getpixel((9, 9)) == pytest.approx(RED, abs=12)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_color_profile(form: str) -> None:
    """A color profile stays with an image, since its colors are wrong without it; a huge one not."""
    image = Image.new("RGB", (2_500, 20))
    for profile, is_sent in ((b"a profile", True), (os.urandom(900_000), False)):
        fitted = fit(encoded(image, form, icc_profile=profile))
        assert fitted
        assert (opened(fitted.content).info.get("icc_profile") == profile) is is_sent
        assert len(fitted.content) <= MAX_BYTES


def test_animation() -> None:
    """A small animation is sent as it is, and of a large one the first picture."""
    for form in ("GIF", "WEBP", "PNG"):
        for width, is_sent in ((200, True), (2_200, False)):
            frames = [Image.new("RGB", (width, 20), color) for color in (RED, BLUE)]
            fitted = fit(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
            assert (fitted is None) == is_sent
            if fitted:
                assert fitted.note.endswith(" Only the first picture of the animation is sent.")
                assert not getattr(opened(fitted.content), "is_animated", False)


def test_hard_to_compress() -> None:
    """No image is too large for a model in the end."""
    extremes = noise("RGB", MAX_SIDE, MAX_SIDE).point(lambda value: 255 * (value > 127))
    fitted = fit(encoded(extremes, "JPEG", quality=100, subsampling=0))
    assert fitted
    assert len(fitted.content) <= MAX_BYTES


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_time(options: dict[str, Any]) -> None:
    """A photo of 12 megapixels takes less than a second."""
    content = photo(4_000, 3_000, **options)
    with cpu_limit(1):
        fitted = fit(content)
    assert fitted
    assert len(fitted.content) < 1_000_000


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_cut(form: str) -> None:
    """An image whose end is missing raises `InvalidImage`."""
    content = encoded(noise("RGB", 2_500, 20), form)
    for use in (fit, lambda content: thumbnail(content, 320)):
        with pytest.raises(InvalidImage):
            use(content[: len(content) // 2])


def test_broken_chunk() -> None:
    """A PNG with a broken chunk between its pixels raises it too, where Pillow raises `SyntaxError`."""
    before, _, after = encoded(noise("RGB", 2_500, 40), "PNG").rpartition(b"IDAT")
    with pytest.raises(InvalidImage):
        fit(before + b"ID\0T" + after)


# On the page


@pytest.mark.parametrize(
    ("image", "form", "shown"),
    [
        (Image.new("RGB", (2_000, 1_000)), "JPEG", ("JPEG", (320, 160))),
        (Image.new("RGB", (2_000, 1_000)), "PNG", ("JPEG", (320, 160))),
        (Image.new("RGB", (40, 2_000)), "WEBP", ("JPEG", (40, 2_000))),
        (Image.new("RGBA", (2_000, 1_000)), "WEBP", ("PNG", (320, 160))),
        (Image.new("L", (2_000, 1_000)), "GIF", ("JPEG", (320, 160))),
    ],
)
def test_thumbnail(image: Image.Image, form: str, shown: tuple[str, tuple[int, int]]) -> None:
    """What is shown has the width it has on the page, and a type that Streamlit leaves as it is."""
    small = opened(thumbnail(encoded(image, form), 320))
    assert (small.format, small.size) == shown


@pytest.mark.parametrize("form", ["JPEG", "GIF"])
def test_narrow(form: str) -> None:
    """A narrow image is shown as it is, so that it moves if it can."""
    content = image_of(form, 320, 20)
    assert thumbnail(content, 320) is content


def test_lazy() -> None:
    """Pillow is loaded for images alone: it takes a twentieth of a second."""
    script = """
import sys
from lib.chat.attachments import attachment, prepare
prepare(attachment("a.csv", b"a,b"))
assert not [name for name in sys.modules if name.startswith("PIL")]
"""
    subprocess.run([sys.executable, "-c", script], check=True)
