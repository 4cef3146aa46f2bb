import io

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


def test_what_is_refused(testdata):
    file = io.BytesIO()
    with pytest.raises(OSError):
        Image.new("CMYK", (8, 8)).save(file, "GQZ")
    with pytest.raises(OSError):
        Image.new("RGB", (8, 8)).save(file, "GQZ", size=3)
    Image.new("RGB", (300, 300)).save(good := io.BytesIO(), "GQZ", size=200)
    data = good.getvalue()
    with pytest.raises(OSError):
        Image.open(io.BytesIO(data[:20]))
