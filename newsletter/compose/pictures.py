"""Stage 3: a picture that somebody took -> files that can stand in a letter. The only import of Pillow.

In: bytes from anywhere. Out: JPEG or PNG in sRGB, upright, in the widths that are needed, with nothing in them but
pixels: no EXIF, GPS, XMP, comments or thumbnails. A decoder runs only on what its magic says, below a limit of pixels.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PIL import ExifTags, Image, ImageCms
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from newsletter.compose.pictures_slots import Reference, Sizes, Slot, hash_of, sizes

SAVE_AS = "save it as JPEG or PNG"
SMALLER = "save it smaller: 3200 pixels wide is more than enough"
_JPEG: Final = b"\xff\xd8\xff"
#: By their plugin, not by `Image.open`: no other decoder sees the bytes (and the first picture of an MPO is the photo).
_DECODERS: Final[tuple[tuple[bytes, type[ImageFile]], ...]] = (
    (_JPEG, JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"GIF8", GifImageFile),
)
#: What people try, told by its first bytes; mail programs show none of these everywhere.
_OTHERS: Final = (
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "a WebP picture, which not every mail program shows"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "an AVIF picture, which not every mail program shows"),
    (re.compile(rb".{4}ftyp(?:hei|hev|mif|msf)", re.DOTALL), "a HEIC picture, which not every mail program shows"),
    (re.compile(rb"II\*\x00|MM\x00\*"), "a TIFF picture, which mail programs do not show"),
    (re.compile(rb"BM"), "a BMP picture, which not every mail program shows"),
    (re.compile(rb"8BPS"), "a Photoshop file"),
    (re.compile(rb"%PDF-"), "a PDF file"),
    (re.compile(rb"PK\x03\x04"), "a zip or Office file"),
    (re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!doctype svg|svg).*", re.DOTALL | re.I), "an SVG drawing"),
    (re.compile(rb"\s*<"), "a web page"),
)
#: What a browser or interpreter would obey, were it led to the file. In a picture's own bytes it does not come about
#: by chance: 20 MB of noise hold one of these once in some hundred thousand files.
_SCRIPT: Final = re.compile(rb"<(?:script|html|iframe|body)[\s>]|<\?php\s", re.IGNORECASE)
_TURN = Image.Transpose
#: What undoes how the camera was held.
_TURNS: Final = {
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}
_TO_ITS_SIDE: Final = (_TURN.TRANSPOSE, _TURN.ROTATE_270, _TURN.TRANSVERSE, _TURN.ROTATE_90)
_ENOUGH = 3200  #: pixels of the shorter side, from which the largest file is made without loss
_SMALLEST = 8  #: pixels; what is smaller is to count readers, or a mistake
_QUALITIES: Final = (80, 74, 68, 60)
_COLOURS = 4096  #: a drawing has fewer, and looks frayed as JPEG


@dataclass(frozen=True, kw_only=True)
class Limits:
    content: int = 20_000_000  #: bytes
    pixels: int = 64_000_000  #: some phones take 50 million
    file: int = 250_000  #: bytes of what a letter shows; aimed at, as some pictures cannot be made so light
    large_file: int = 500_000


LIMITS: Final = Limits()


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a file is no picture for a letter: what follows after its name, and what to do about it."""

    what: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture in all widths that its place asks for."""

    reference: Reference
    files: Mapping[int, bytes]  #: by width in pixels


class _UnfitError(Exception):
    def __init__(self, what: str, fix: str = SAVE_AS) -> None:
        self.refusal = Refusal(what=what, fix=fix)
        super().__init__(what)


def prepare(content: bytes, *, name: str, slot: Slot, limits: Limits = LIMITS) -> Picture | Refusal:
    """The picture in the widths of its slot; `name` is its path in the document. The same bytes give the same files."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as that EXIF is broken, which is left out anyhow
            image, width, height = _decoded(content, limits)
        profile, image = image.info.get("icc_profile"), _in_eight_bits(image)
        is_photo = content.startswith(_JPEG) or image.getcolors(_COLOURS) is None
        needed = sizes(width, height, slot)
        if max(needed.widths()) < image.width:
            image = _resized(image, max(needed.widths()), width, height)
        clean = _clean(image, profile)
        suffix = _suffix(clean, needed, limits, is_photo=is_photo)
        files = {each: _file(clean, each, suffix, needed, limits) for each in needed.widths()}
    except _UnfitError as error:
        return error.refusal
    except Exception as error:  # a decoder can fail in any way on bytes that were made to make it fail
        return Refusal(what=f"cannot be read as a picture ({_brief(error)})", fix=f"open it, and {SAVE_AS} again")
    reference = Reference(path=name, hash=hash_of(content), width=width, height=height, suffix=suffix)
    return Picture(reference=reference, files=files)


def _decoded(content: bytes, limits: Limits) -> tuple[Image.Image, int, int]:
    """The image with all its pixels read, upright; how wide and high the original is, as it may have shrunk."""
    decoder = _decoder(content, limits)
    image = decoder(io.BytesIO(content))
    width, height = image.size
    if width * height > limits.pixels:
        raise _UnfitError(
            f"has {width} × {height} pixels, and {limits.pixels // 1_000_000} million is the most", SMALLER
        )
    if min(width, height) < _SMALLEST:
        raise _UnfitError(f"has {width} × {height} pixels, too few to see anything", "take a larger one")
    if getattr(image, "is_animated", False):
        raise _UnfitError("is animated, which distracts from reading and stops in some mail programs")
    image.draft(None, (_ENOUGH, _ENOUGH))  # a JPEG of 50 million pixels is not unfolded to all of them
    image.load()
    turn = _TURNS.get(_orientation(image))
    if turn is None:
        return image, width, height
    if turn in _TO_ITS_SIDE:
        width, height = height, width
    return image.transpose(turn), width, height


def _decoder(content: bytes, limits: Limits) -> type[ImageFile]:
    """What can read these bytes, if anything may."""
    if not content:
        raise _UnfitError("is empty", "put the picture there again")
    if len(content) > limits.content:
        most = limits.content // 1_000_000
        raise _UnfitError(f"is {len(content) / 1_000_000:.1f} MB, and {most} MB is the most", SMALLER)
    decoder = next((decoder for magic, decoder in _DECODERS if content.startswith(magic)), None)
    if decoder is None:
        raise _UnfitError(f"is {next((kind for sign, kind in _OTHERS if sign.match(content[:1024])), 'no picture')}")
    if _SCRIPT.search(content) or b"%PDF-" in content[:1024] or zipfile.is_zipfile(io.BytesIO(content)):
        raise _UnfitError("is a picture and something else in one file", "open it in a photo program, and save it anew")
    return decoder


def _orientation(image: ImageFile) -> int:
    """How the camera was held (Exif 2.32 §4.6.4 A, 1 to 8); upright where that cannot be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # EXIF that is broken is no reason to refuse a photo
        return 1


def _clean(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The pixels in sRGB, with transparency if some are; and nothing else."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    plain = _in_srgb(image.convert("RGB") if alpha else image, profile)
    if alpha is not None and alpha.getextrema()[0] != 255:
        plain.putalpha(alpha)
    plain.info = {}
    return plain


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """As RGB, RGBA, CMYK or L, in which one can resize."""
    if image.mode.startswith("I"):  # greys of 16 bits; `convert` would cut off what is above 255
        return image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    if image.mode in ("P", "PA", "LA", "RGBA") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a broken profile, or one of another kind of colours
        if converted is not None:
            return converted
    return image.convert("RGB")


def _suffix(clean: Image.Image, needed: Sizes, limits: Limits, *, is_photo: bool) -> str:
    """PNG where something is transparent, and for a drawing that is light enough; JPEG for the rest."""
    if clean.mode == "RGBA":
        return "png"
    return "jpg" if is_photo or len(_png(_in_width(clean, needed.twice))) > limits.file else "png"


def _file(clean: Image.Image, width: int, suffix: str, needed: Sizes, limits: Limits) -> bytes:
    most = limits.file if width <= needed.twice else limits.large_file
    image = _in_width(clean, width)
    if suffix == "jpg":
        return _jpeg(image, most)
    content = _png(image)
    return content if len(content) <= most else _png(image.quantize(256, method=Image.Quantize.FASTOCTREE))


def _in_width(image: Image.Image, width: int) -> Image.Image:
    return image if width == image.width else _resized(image, width, image.width, image.height)


def _resized(image: Image.Image, width: int, across: int, down: int) -> Image.Image:
    """The image so many pixels wide, in the shape of `across` by `down`."""
    return image.resize((width, max(1, round(width * down / across))), Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image, most: int) -> bytes:
    """Progressive, at the first quality that is light enough, else at the lowest."""
    content = b""
    for quality in _QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, progressive=True, optimize=True)
        content = out.getvalue()
        if len(content) <= most:
            break
    return content


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__
