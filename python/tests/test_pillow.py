import io
import subprocess
import sys

import gqimg
import gqimg.pillow  # noqa: F401
import numpy as np
import pytest
from PIL import Image, ImageFile


def test_opens_and_saves(testdata, tmp_path):
    original = Image.open(testdata / "sample.png").convert("RGB")
    path = tmp_path / "x.gqz"
    original.save(path, bpp=0.5)
    assert path.stat().st_size * 8 <= 0.5 * original.width * original.height
    with Image.open(path) as image:
        assert (image.format, image.size, image.mode) == ("GQZ", original.size, "RGB")
        restored = np.asarray(image)
    assert np.array_equal(restored, gqimg.decode(path.read_bytes()))
    assert np.mean((restored.astype(float) - np.asarray(original)) ** 2) < 150
    image = Image.open(io.BytesIO(path.read_bytes()))
    image.thumbnail((64, 64))
    assert max(image.size) == 64


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_modes_and_metadata(testdata, mode):
    image = Image.open(testdata / "sample.png").convert("RGB").crop((0, 0, 70, 40)).convert(mode)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    image.save(file, "GQZ", quality=60, exif=exif, icc_profile=b"not really a profile")
    restored = Image.open(io.BytesIO(file.getvalue()))
    restored.load()
    assert restored.mode == mode and restored.size == (70, 40)
    assert restored.info["icc_profile"] == b"not really a profile"
    assert restored.getexif()[0x010E] == "a description"
    again = io.BytesIO()
    restored.save(again, "GQZ", quality=60)
    assert Image.open(again).size == (70, 40)


def saved(image, **options):
    image.save(file := io.BytesIO(), "GQZ", quality=95, **options)
    return Image.open(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize(
    "mode, expected",
    [("1", "L"), ("P", "RGB"), ("PA", "RGBA"), ("CMYK", "RGB"), ("YCbCr", "RGB"), ("HSV", "RGB"), ("RGBa", "RGBA")],
)
def test_modes_that_the_format_lacks(testdata, mode, expected):
    colours = Image.open(testdata / "sample.png").convert("RGB").crop((0, 0, 70, 40))
    image = colours.convert({"PA": "P", "RGBa": "RGBA"}.get(mode, mode)).convert(mode)
    restored = saved(image, icc_profile=b"for inks or not")
    assert restored.mode == expected
    assert np.array_equal(np.asarray(restored), np.asarray(saved(image.convert(expected))))
    assert ("icc_profile" in restored.info) == (mode != "CMYK")


def test_transparent_colours_stay_transparent(testdata):
    for mode, key in (("RGB", (255, 0, 0)), ("L", 9), ("P", 1)):
        image = Image.new(mode, (40, 30), key if mode != "P" else 1)
        if mode == "P":
            image.putpalette([0, 0, 0, 200, 10, 10])
        image.paste(Image.new(mode, (20, 30), 0), (0, 0))
        image.info["transparency"] = key
        alpha = np.asarray(saved(image))[..., -1]
        assert (alpha[:, :20] == 255).all() and (alpha[:, 20:] == 0).all()
    image = Image.new("L", (8, 8), 7)
    assert saved(image, transparency=7).mode == "LA" and "transparency" not in image.info


def test_sixteen_bits_warn():
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    with pytest.warns(UserWarning, match="8 bits"):
        restored = saved(Image.fromarray(ramp))
    assert np.mean((np.asarray(restored, float) - ramp / 257) ** 2) < 20


def test_verify(testdata):
    Image.open(testdata / "sample.png").convert("RGB").crop((0, 0, 64, 64)).save(file := io.BytesIO(), "GQZ")
    data = bytearray(file.getvalue())
    Image.open(io.BytesIO(data)).verify()
    data[-1] ^= 1
    image = Image.open(io.BytesIO(data))
    with pytest.raises(OSError):
        image.verify()


def metadata_file(mode="RGB", size=(70, 40), **options):
    exif = Image.Exif()
    exif[0x010E] = "a description"
    image = Image.linear_gradient("L").resize(size).convert(mode)
    image.save(file := io.BytesIO(), "GQZ", quality=60, exif=exif, icc_profile=b"a profile", xmp=b"<x/>", **options)
    return file.getvalue()


class CountingFile(io.BytesIO):
    """Counts the bytes that are read."""

    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_metadata_before_load_and_lazily(testdata, mode):
    image = Image.open(testdata / "sample.png").convert(mode)
    image.save(file := io.BytesIO(), "GQZ", quality=60, exif=b"MM\0*\0\0\0\x08\0\0", icc_profile=b"a profile", xmp=b"<x/>")
    counted = CountingFile(file.getvalue())
    opened = Image.open(counted)
    assert (opened.mode, opened.size) == (mode, image.size)
    assert opened.info["icc_profile"] == b"a profile" and opened.info["xmp"] == b"<x/>" and opened.info["exif"]
    assert counted.taken < 600 < len(file.getvalue()) / 10
    before = dict(opened.info)
    opened.load()
    assert opened.info == before and opened.mode == mode
    assert Image.open(io.BytesIO(metadata_file())).getexif()[0x010E] == "a description"


def test_metadata_behind_the_codes_and_damaged():
    data = metadata_file()
    start = data.index(b"i\x09a profile")
    chunk = data[start : start + 15]
    moved = data[:start] + data[start + 15 :] + chunk
    assert Image.open(io.BytesIO(moved)).info["icc_profile"] == b"a profile"
    changed = data.replace(b"a profile", b"a Profile")
    assert "icc_profile" not in Image.open(io.BytesIO(changed)).info
    with pytest.raises(OSError):
        Image.open(io.BytesIO(changed)).load()


def test_lengths_that_lead_nowhere():
    data = metadata_file()
    start = data.index(b"i\x09a profile")
    for length in (b"\xff" * 8 + b"\x7f", b"\xff" * 20, b"\x00", b""):
        image = Image.open(io.BytesIO(data[:start] + b"i" + length))
        with pytest.raises(OSError):
            image.load()
    image = Image.open(io.BytesIO(data[:start] + b"z\x00\0\0\0\0" * 100_000))
    with pytest.raises(OSError):
        image.load()


def test_draft(testdata):
    Image.open(testdata / "sample.png").convert("RGBA").save(file := io.BytesIO(), "GQZ")
    whole = Image.open(io.BytesIO(file.getvalue()))
    whole.load()
    image = Image.open(io.BytesIO(file.getvalue()))
    mode, box = image.draft(None, (140, 90))
    assert image.size == (150, 100) and mode == "RGBA" and box == (0, 0, 150, 100)
    assert image.draft(None, (10, 10)) is None
    assert np.array_equal(np.asarray(image), gqimg.decode(file.getvalue(), reduce=4)) and image.size == (150, 100)
    for size in ((599, 399), (10_000, 1)):
        assert Image.open(io.BytesIO(file.getvalue())).draft("L", size) is None
    image = Image.open(io.BytesIO(file.getvalue()))
    image.thumbnail((60, 60))
    assert image.size == (60, 40)
    whole.thumbnail((60, 60))
    assert np.abs(np.asarray(image, float) - np.asarray(whole)).mean() < 3


def test_truncated_images(testdata):
    Image.open(testdata / "sample.png").convert("RGB").save(file := io.BytesIO(), "GQZ", quality=40, progressive=True)
    data = file.getvalue()[: file.tell() // 2]
    with pytest.raises(OSError):
        Image.open(io.BytesIO(data)).load()
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image = Image.open(io.BytesIO(data))
        assert np.array_equal(np.asarray(image), gqimg.recover(data).pixels)
        image = Image.open(io.BytesIO(data))
        image.draft(None, (75, 50))
        image.load()
        assert image.size == (75, 50)
        with pytest.raises(OSError):
            Image.open(io.BytesIO(data[:60])).load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def test_masks_and_palettes_are_exact(testdata):
    colours = Image.open(testdata / "sample.png").convert("RGB").crop((0, 0, 90, 60))

    def restored(image, **options):
        image.save(file := io.BytesIO(), "GQZ", **options)
        return Image.open(io.BytesIO(file.getvalue()))

    mask = colours.convert("1")
    assert np.array_equal(np.asarray(restored(mask)), np.asarray(mask.convert("L")))
    assert np.array_equal(np.asarray(restored(mask).convert("1")), np.asarray(mask))
    palette = colours.quantize(64)
    assert np.array_equal(np.asarray(restored(palette)), np.asarray(palette.convert("RGB")))
    palette.info["transparency"] = bytes(range(100, 164))
    assert np.array_equal(np.asarray(restored(palette)), np.asarray(palette.convert("RGBA")))
    with_alpha = colours.quantize(16).convert("PA")
    with_alpha.putalpha(Image.linear_gradient("L").resize(colours.size))
    assert np.array_equal(np.asarray(restored(with_alpha)), np.asarray(with_alpha.convert("RGBA")))
    own = Image.new("P", (20, 20), 1)
    own.putpalette([10, 20, 30, 255, 40, 50, 60, 7], "RGBA")
    assert np.asarray(restored(own))[0, 0].tolist() == [40, 50, 60, 7]
    # A rate that is asked for is given.
    assert not np.array_equal(np.asarray(restored(mask, quality=10, graphics=False)), np.asarray(mask.convert("L")))
    assert np.array_equal(np.asarray(restored(colours, lossless=True)), np.asarray(colours))


def test_entry_point():
    import importlib.metadata

    try:
        entries = importlib.metadata.distribution("gqimg").entry_points
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package is not installed")
    entry, = (entry for entry in entries if entry.group == "pillow.plugins")
    entry.load()()
    assert Image.registered_extensions()[".gqz"] == "GQZ"


def test_importing_the_package_is_enough(testdata):
    code = "from PIL import Image; import gqimg; print(Image.registered_extensions()['.gqz'])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "GQZ\n"


def test_what_is_refused(testdata):
    file = io.BytesIO()
    for mode in ("F", "I", "LAB"):
        with pytest.raises(OSError):
            Image.new(mode, (8, 8)).save(file, "GQZ")
    with pytest.raises(OSError):
        Image.new("RGB", (8, 8)).save(file, "GQZ", size=3)
    Image.new("RGB", (300, 300)).save(good := io.BytesIO(), "GQZ", size=200)
    data = good.getvalue()
    with pytest.raises(OSError):
        Image.open(io.BytesIO(data[:20]))
