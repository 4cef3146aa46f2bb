import io
import subprocess
import sys

import gqimg
import gqimg.pillow  # noqa: F401
import numpy as np
import pytest
from PIL import Image


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
