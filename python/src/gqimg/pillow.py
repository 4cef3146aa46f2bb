"""Makes .gqz known to Pillow: import this module once."""

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


def _save(image, file, filename):
    chosen = {name: image.encoderinfo[name] for name in OPTIONS if image.encoderinfo.get(name) is not None}
    if image.mode not in MODES.values():
        raise OSError(f"cannot write mode {image.mode} as GQZ")
    for name, key in (("icc", "icc_profile"), ("exif", "exif"), ("xmp", "xmp")):
        value = image.encoderinfo.get(key, image.info.get(key))
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
