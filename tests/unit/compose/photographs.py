"""Pictures as cameras, scanners, phones and attackers make them; all made here, none shows anybody."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import ExifTags, Image, ImageCms

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 210), (250, 250, 250)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>Jan Voorbeeld</rdf:RDF></x:xmpmeta>'


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def corners(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """A picture of which one sees how it lies: red at the upper left, then green, white below it, blue."""
    image = Image.new("RGB", (width, height))
    for index, colour in enumerate((RED, GREEN, WHITE, BLUE)):
        left, top = width // 2 * (index % 2), height // 2 * (index // 2)
        image.paste(colour, (left, top, left + width - width // 2, top + height - height // 2))
    return image.convert(mode)


def photo(width: int = 400, height: int = 300) -> Image.Image:
    """Many colours and soft edges, as a camera gives."""
    across, down = Image.linear_gradient("L").rotate(90), Image.linear_gradient("L")
    return Image.merge("RGB", (across, down, Image.radial_gradient("L"))).resize((width, height))


def gps_photo(orientation: int = 1) -> bytes:
    """As a phone makes it: where, when, by whom, with a comment, XMP and a thumbnail."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Jan Voorbeeld"
    exif[ExifTags.Base.Make] = "Camera"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (52.0, 5.0, 27.0)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (5.0, 7.0, 3.0)
    return saved(corners(), exif=exif, comment=b"Jan Voorbeeld, thuis", xmp=XMP)


def turned(orientation: int) -> bytes:
    """`corners()` as a camera that was held so stores it; shown upright it is `corners()` again."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return saved(corners().transpose(undo) if undo is not None else corners(), exif=exif)


def swapped_profile() -> bytes:
    """An ICC profile in which red and green have changed places: who ignores it shows the wrong colours."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return content.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def png_with_text_bomb() -> bytes:
    """A small PNG whose text unfolds to 100 MB."""
    small = saved(corners(40, 30), "PNG")
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 100_000_000, 1))
    return small[:33] + text + small[33:]


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.js", "alert(1)")
    return out.getvalue()


def animated(kind: str) -> bytes:
    return saved(corners(80, 60), kind, save_all=True, append_images=[photo(80, 60)], duration=100)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
