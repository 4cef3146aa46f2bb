"""Makes every file in this directory but README.md and itself.

    pip download scikit-image==0.26.0 --no-deps --only-binary :all: -d /tmp
    python3 make.py /tmp/scikit_image-0.26.0-*.whl

Without a wheel the photographs are left alone and the rest is made. Needs Pillow and NumPy.
Files in `read` have beside them the samples that a reader must give, as PGM or PPM.
"""

import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

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

    alpha = grey[:, :, None]
    put("rgba.png", png(np.concatenate([colour, alpha], 2), 8, RGBA))
    put("grey-alpha.png", png(np.concatenate([alpha, alpha], 2), 8, GREY_ALPHA))
    put("rgb-transparent.png", png(colour, 8, RGB, before=chunk(b"tRNS", bytes(6))))
    put("grey-transparent.png", png(grey, 8, GREY, before=chunk(b"tRNS", bytes(2))))
    palette = chunk(b"PLTE", bytes(range(48)))
    put("palette-transparent.png", png(grey & 15, 8, PALETTE, before=palette + chunk(b"tRNS", b"\0")))
    put("rgb-16.png", png(colour.astype(np.uint16) * 257, 16, RGB))
    put("grey-16.png", png(grey.astype(np.uint16) * 257, 16, GREY))
    put("cmyk.jpg", jpeg(Image.fromarray(colour).convert("CMYK")))
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
    refused(colour, grey)


if __name__ == "__main__":
    main()
