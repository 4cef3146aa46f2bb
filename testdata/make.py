"""Makes every file in this directory but README.md and itself.

    pip download scikit-image==0.26.0 --no-deps --only-binary :all: -d /tmp
    python3 make.py /tmp/scikit_image-0.26.0-*.whl

Without a wheel the photographs are left alone and the rest is made. Needs Pillow and NumPy.
Files in `read` have beside them the samples that a reader must give, as PGM or PPM, and alpha as `NAME-alpha.pgm`.
"""

import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

HERE = Path(__file__).parent
READ = HERE / "read"
REFUSED = HERE / "refused"

# Photograph in the wheel -> name here.
PHOTOGRAPHS = {"coffee": "sample", "chelsea": "chelsea", "camera": "camera"}

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def photographs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for source, name in PHOTOGRAPHS.items():
            image = Image.open(io.BytesIO(archive.read(f"skimage/data/{source}.png")))
            Image.fromarray(np.asarray(image)).save(HERE / f"{name}.png", optimize=True)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(samples, depth, colour_type, interlaced=False, before=b"", after=b"", size=None):
    """A PNG written by hand: Pillow writes neither every depth nor interlaced files."""
    samples = np.asarray(samples)
    if samples.ndim == 2:
        samples = samples[:, :, None]
    height, width, _ = samples.shape

    def rows(part):
        if part.size == 0:
            return b""
        out = []
        for row in part.reshape(part.shape[0], -1):
            if depth == 16:
                packed = row.astype(">u2").tobytes()
            elif depth == 8:
                packed = row.astype(np.uint8).tobytes()
            else:
                bits = (row[:, None].astype(np.uint8) >> np.arange(depth - 1, -1, -1)) & 1
                packed = np.packbits(bits.reshape(-1)).tobytes()
            out.append(b"\0" + packed)
        return b"".join(out)

    if interlaced:
        data = b"".join(rows(samples[y::dy, x::dx]) for x, y, dx, dy in ADAM7)
    else:
        data = rows(samples)
    w, h = size or (width, height)
    header = struct.pack(">IIBBBBB", w, h, depth, colour_type, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
        + chunk(b"IDAT", zlib.compress(data, 9)) + after + chunk(b"IEND", b"")
    )


def expect(name, array):
    """The samples that `name` must give, as binary PGM or PPM."""
    array = np.ascontiguousarray(array, np.uint8)
    kind = "P6" if array.ndim == 3 else "P5"
    suffix = "ppm" if array.ndim == 3 else "pgm"
    header = f"{kind}\n{array.shape[1]} {array.shape[0]}\n255\n".encode()
    (READ / name).with_suffix(f".{suffix}").write_bytes(header + array.tobytes())


def expect_alpha(name, colour, alpha):
    expect(name, colour)
    expect(f"{name}-alpha", alpha)


def exif(orientation, big_endian=False):
    """The smallest TIFF structure with an orientation."""
    order = ">" if big_endian else "<"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    start = (b"MM" if big_endian else b"II") + struct.pack(order + "HI", 42, 8)
    return start + struct.pack(order + "H", 1) + entry + struct.pack(order + "I", 0)


def turn(array, orientation):
    """What is stored when `array` is the upright picture."""
    return {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a.swapaxes(0, 1)[::-1],
        7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
        8: lambda a: a.swapaxes(0, 1)[:, ::-1],
    }[orientation](array)


def readable_pngs(random, colour, grey):
    def put(name, expected, *args, **options):
        (READ / f"{name}.png").write_bytes(png(*args, **options))
        expect(name, expected)

    put("rgb", colour, colour, 8, RGB)
    put("rgb-interlaced", colour, colour, 8, RGB, interlaced=True)
    put("grey-8", grey, grey, 8, GREY)
    put("rgb-1x1", colour[:1, :1], colour[:1, :1], 8, RGB)
    put("grey-1x1-interlaced", grey[:1, :1], grey[:1, :1], 8, GREY, interlaced=True)
    # A gamma that a reader must not apply, and text that it must skip.
    gamma = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"tEXt", b"Comment\0by hand")
    put("rgb-gamma", colour, colour, 8, RGB, before=gamma)
    put("rgb-exif", colour, turn(colour, 6), 8, RGB, before=chunk(b"eXIf", exif(6, True)))
    put("grey-exif-after", grey, turn(grey, 3), 8, GREY, after=chunk(b"eXIf", exif(3)))
    for depth in (1, 2, 4):
        values = random.integers(0, 1 << depth, grey.shape)
        put(f"grey-{depth}", values * (255 // ((1 << depth) - 1)), values, depth, GREY)
    put("grey-4-interlaced", values * 17, values, 4, GREY, interlaced=True)
    for depth in (1, 2, 4, 8):
        palette = random.integers(0, 256, (1 << depth, 3), dtype=np.uint8)
        values = random.integers(0, 1 << depth, grey.shape)
        before = chunk(b"PLTE", palette.tobytes())
        put(f"palette-{depth}", palette[values], values, depth, PALETTE, before=before)


def readable_alpha_and_depths(random, colour, grey):
    def put(name, *args, **options):
        (READ / f"{name}.png").write_bytes(png(*args, **options))

    alpha = (np.arange(grey.size).reshape(grey.shape) * 7 % 256).astype(np.uint8)
    expect_alpha("rgba", colour, alpha)
    put("rgba", np.concatenate([colour, alpha[:, :, None]], 2), 8, RGBA)
    expect_alpha("grey-with-alpha", grey, alpha)
    put("grey-with-alpha", np.stack([grey, alpha], 2), 8, GREY_ALPHA, interlaced=True)

    spots = colour.copy()
    spots[::3, ::2] = (6, 5, 4)
    expect_alpha("rgb-transparent", spots, np.where((spots == (6, 5, 4)).all(2), 0, 255))
    put("rgb-transparent", spots, 8, RGB, before=chunk(b"tRNS", struct.pack(">3H", 6, 5, 4)))
    values = random.integers(0, 16, grey.shape)
    expect_alpha("grey-transparent", values * 17, np.where(values == 3, 0, 255))
    put("grey-transparent", values, 4, GREY, before=chunk(b"tRNS", struct.pack(">H", 3)))
    palette = random.integers(0, 256, (16, 3), dtype=np.uint8)
    opacity = np.array([0, 40, 200] + [255] * 13)
    expect_alpha("palette-transparent", palette[values], opacity[values])
    before = chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", bytes([0, 40, 200]))
    put("palette-transparent", values, 4, PALETTE, before=before)

    # 16 bits are rounded to the nearest of v / 257.
    deep = random.integers(0, 65536, (*grey.shape, 4))
    eight = np.rint(deep / 257)
    expect("rgb-16", eight[:, :, :3])
    put("rgb-16", deep[:, :, :3], 16, RGB)
    expect("grey-16", eight[:, :, 0])
    put("grey-16", deep[:, :, 0], 16, GREY, interlaced=True)
    expect_alpha("rgba-16", eight[:, :, :3], eight[:, :, 3])
    put("rgba-16", deep, 16, RGBA)
    spot = deep[4, 5, :3]
    expect_alpha("rgb-16-transparent", eight[:, :, :3], np.where((deep[:, :, :3] == spot).all(2), 0, 255))
    before = chunk(b"tRNS", struct.pack(">3H", *(int(v) for v in spot)))
    put("rgb-16-transparent", deep[:, :, :3], 16, RGB, before=before)


def readable_cmyk(colour):
    """Adobe's inverted CMYK and YCCK, and CMYK without Adobe's marker, which is not inverted."""
    out = io.BytesIO()
    Image.fromarray(colour).convert("CMYK").save(out, "JPEG", quality=95, subsampling=0)
    adobe = out.getvalue()
    place = adobe.index(b"\xff\xee")
    files = {
        "cmyk": adobe,
        "ycck": adobe[: place + 15] + b"\x02" + adobe[place + 16 :],
        "cmyk-plain": adobe[:place] + adobe[place + 16 :],
    }
    for name, data in files.items():
        (READ / f"{name}.jpg").write_bytes(data)
        # Pillow takes all files for inverted ones.
        inks = np.asarray(Image.open(io.BytesIO(data))).astype(int)
        inks = 255 - inks if name == "cmyk-plain" else inks
        expect(name, np.rint((255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) / 255))


def metadata(colour):
    """Profile, Exif and XMP, with an orientation in both of the latter."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Without its date, so that it is the same every time.
    profile = profile[:24] + bytes(12) + profile[36:]
    tiff = exif(6, big_endian=True)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>'
    (READ / "metadata.icc").write_bytes(profile)
    (READ / "metadata.exif").write_bytes(tiff)
    (READ / "metadata.xmp").write_bytes(xmp)
    stored = Image.fromarray(np.ascontiguousarray(turn(colour, 6)))
    options = {"icc_profile": profile, "exif": b"Exif\0\0" + tiff, "xmp": xmp}
    stored.save(READ / "metadata.jpg", quality=95, subsampling=0, **options)
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    stored.save(out := io.BytesIO(), "PNG", icc_profile=profile, exif=tiff)
    (READ / "metadata.png").write_bytes(out.getvalue()[:33] + text + out.getvalue()[33:])
    expect("metadata", colour)


def readable_jpegs(colour, grey):
    def put(name, image, **options):
        path = READ / f"{name}.jpg"
        image.save(path, **options)
        decoded = np.asarray(Image.open(path))
        expect(name, decoded)

    image = Image.fromarray(colour)
    put("baseline-444", image, quality=90, subsampling=0)
    put("baseline-420", image, quality=90, subsampling=2)
    put("progressive-420", image, quality=90, subsampling=2, progressive=True)
    put("stored-rgb", image, quality=90, keep_rgb=True)
    put("restarts", image, quality=90, restart_marker_blocks=2)
    put("grey", Image.fromarray(grey), quality=90)
    put("grey-progressive", Image.fromarray(grey), quality=90, progressive=True)
    put("one-pixel", image.crop((0, 0, 1, 1)), quality=90)

    # Four corners of different colour and one dot: no two orientations look alike.
    marked = np.full((24, 40, 3), 128, np.uint8)
    marked[:8, :8], marked[:8, -8:] = (255, 0, 0), (0, 255, 0)
    marked[-8:, :8], marked[-8:, -8:] = (0, 0, 255), (255, 255, 0)
    marked[8:16, 8:16] = 0
    for orientation in range(1, 9):
        name = f"orientation-{orientation}"
        stored = Image.fromarray(np.ascontiguousarray(turn(marked, orientation)))
        app1 = b"Exif\0\0" + exif(orientation, big_endian=orientation % 2 == 0)
        stored.save(READ / f"{name}.jpg", quality=95, subsampling=0, exif=app1)
        expect(name, marked)


def refused(colour, grey):
    def put(name, data):
        (REFUSED / name).write_bytes(data)

    def jpeg(image, **options):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=90, **options)
        return out.getvalue()

    whole = jpeg(Image.fromarray(colour))
    frame = whole.index(b"\xff\xc0")
    put("twelve-bits.jpg", whole[: frame + 4] + b"\x0c" + whole[frame + 5 :])
    put("lossless.jpg", whole[: frame + 1] + b"\xc3" + whole[frame + 2 :])
    put("truncated.jpg", whole[: len(whole) * 3 // 5])
    truncated = png(colour, 8, RGB)
    put("truncated.png", truncated[: len(truncated) * 3 // 5])
    put("wrong-checksum.png", truncated[:-20] + bytes([truncated[-20] ^ 1]) + truncated[-19:])
    put("few-rows.png", png(colour[:9], 8, RGB, size=(colour.shape[1], colour.shape[0])))
    put("too-wide.png", png(colour, 8, RGB, size=(2**31 - 1, 1)))
    put("too-many-pixels.png", png(colour, 8, RGB, size=(60000, 60000)))
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "GIF")
    put("gif.gif", out.getvalue())
    put("text.txt", b"Not a picture.\n")
    put("empty.png", b"")


def main():
    READ.mkdir(exist_ok=True)
    REFUSED.mkdir(exist_ok=True)
    if len(sys.argv) > 1:
        photographs(sys.argv[1])
    random = np.random.default_rng(1)
    y, x = np.mgrid[:23, :37]
    noise = random.normal(0, 6, (23, 37, 3))
    colour = np.stack([x * 6, y * 10, 250 - x * 3 - y * 5], 2) + noise
    colour = colour.clip(0, 255).astype(np.uint8)
    grey = (128 + 100 * np.sin(x / 5) * np.cos(y / 4) + noise[:, :, 0]).clip(0, 255).astype(np.uint8)
    readable_pngs(random, colour, grey)
    readable_jpegs(colour, grey)
    readable_alpha_and_depths(np.random.default_rng(2), colour, grey)
    readable_cmyk(colour)
    metadata(colour)
    refused(colour, grey)


if __name__ == "__main__":
    main()
