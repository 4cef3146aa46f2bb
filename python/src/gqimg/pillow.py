"""Makes .gqz known to Pillow; `import gqimg` does it where there is Pillow."""

import warnings

import numpy as np
from PIL import Image, ImageFile

from ._native import GQImgError
from .codec import decode_full, encode, info

SIGNATURE = b"\x8bGQZ\r\n\x1a\n"
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
OPTIONS = ("quality", "bpp", "size", "effort", "tune", "uniform")


class GQZImageFile(ImageFile.ImageFile):
    """A .gqz file; decoded when its pixels are first needed."""

    format = "GQZ"
    format_description = "gqimg picture"

    def _open(self):
        self._data = self.fp.read()
        try:
            found = info(self._data)
        except GQImgError as error:
            raise SyntaxError(str(error)) from None
        self._size = (found.width, found.height)
        self._mode = MODES[found.channels + int(found.alpha)]
        self.info["model"] = found.model
        self.tile = []

    def verify(self):
        """Decodes the file; raises OSError if it is damaged. As with every format, open it again to read it."""
        if self._data is not None:
            data, self._data = self._data, None
            try:
                decode_full(data)
            except GQImgError as error:
                raise OSError(str(error)) from None
        if self.fp and self._exclusive_fp:
            self.fp.close()
        self.fp = None

    def load(self):
        if self._data is not None:
            data, self._data = self._data, None
            try:
                decoded = decode_full(data)
            except GQImgError as error:
                self._data = data
                raise OSError(str(error)) from None
            for name, key in (("icc", "icc_profile"), ("exif", "exif"), ("xmp", "xmp")):
                if getattr(decoded, name) is not None:
                    self.info[key] = getattr(decoded, name)
            self.im = Image.fromarray(decoded.pixels).im
            if self.fp and self._exclusive_fp:
                self.fp.close()
            self.fp = None
        return super().load()


def _codable(image, info):
    """The image in a mode that the format has, with the same meaning; a warning tells of what is rounded."""
    mode = image.mode
    if mode in MODES.values():
        if info.get("transparency") is None or mode in ("LA", "RGBA"):
            return image
        if image.info.get("transparency") is None:
            image = image.copy()
            image.info["transparency"] = info["transparency"]
        return image.convert("LA" if mode == "L" else "RGBA")
    if mode == "1":
        return image.convert("L")
    if mode in ("P", "PA"):
        return image.convert("RGBA" if mode == "PA" or image.info.get("transparency") is not None else "RGB")
    if mode.startswith("I;16"):
        warnings.warn("GQZ has 8 bits per sample: the upper 8 of 16 are written", stacklevel=4)
        # The high byte, rounded: 65535 / 255 is 257.
        return Image.fromarray(((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8))
    if mode in ("CMYK", "YCbCr", "HSV", "RGBX"):
        return image.convert("RGB")
    if mode in ("RGBa", "La"):
        return image.convert("RGBA" if mode == "RGBa" else "LA")
    raise OSError(f"cannot write mode {mode} as GQZ")


def _save(image, file, filename):
    chosen = {name: image.encoderinfo[name] for name in OPTIONS if image.encoderinfo.get(name) is not None}
    original, image = image, _codable(image, {**image.info, **image.encoderinfo})
    for name, key in (("icc", "icc_profile"), ("exif", "exif"), ("xmp", "xmp")):
        value = original.encoderinfo.get(key, original.info.get(key))
        if name == "icc" and original.mode == "CMYK":
            # It speaks of inks that are no longer there.
            continue
        if isinstance(value, Image.Exif):
            value = value.tobytes()
        if value:
            # Pillow keeps JPEG's prefix; the chunk is the TIFF structure alone.
            chosen[name] = value.removeprefix(b"Exif\0\0") if name == "exif" else value
    try:
        file.write(encode(np.asarray(image), **chosen))
    except GQImgError as error:
        raise OSError(str(error)) from None


Image.register_open(GQZImageFile.format, GQZImageFile, lambda prefix: prefix.startswith(SIGNATURE))
Image.register_save(GQZImageFile.format, _save)
Image.register_extension(GQZImageFile.format, ".gqz")
Image.register_mime(GQZImageFile.format, "image/x-gqz")
