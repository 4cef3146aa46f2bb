"""Makes .gqz known to Pillow; `import gqimg` does it where there is Pillow."""

from __future__ import annotations

import warnings
import zlib
from typing import IO, Any

import numpy as np
from PIL import Image, ImageFile

from ._native import GQImgError
from .codec import REDUCTIONS, Decoded, Recovered, decode_full, encode, info, recover, verify

SIGNATURE = b"\x8bGQZ\r\n\x1a\n"
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
RATES = ("quality", "bpp", "size")
OPTIONS = (*RATES, "effort", "tune", "uniform", "lossless", "graphics", "progressive", "protect")
# Chunks that hold metadata, and Pillow's names.
METADATA = {b"i": "icc_profile", b"e": "exif", b"x": "xmp"}
MAX_METADATA_BYTES = 64 << 20
MAX_CHUNKS = 512
# Of a chunk: what files can be moved by.
MAX_LENGTH = 1 << 40


class _End(Exception):
    """The file ends, or is not what it should be; `load` tells."""


class GQZImageFile(ImageFile.ImageFile):
    """A .gqz file. Size, mode and metadata are read when it is opened, all else when its pixels are first needed."""

    format = "GQZ"
    format_description = "gqimg picture"
    _reduction = 1
    _is_pending = False

    def _open(self) -> None:
        file = self._file()
        head = file.read(128)
        try:
            found = info(head, header_only=True)
        except GQImgError as error:
            raise SyntaxError(str(error)) from None
        self._size = (found.width, found.height)
        self.info["model"] = found.model
        types = self._read_chunks(file)
        self._mode = MODES[found.channels + (b"a" in types)]
        self.tile = []
        self._is_pending = True

    def _file(self) -> IO[bytes]:
        if self.fp is None:
            raise ValueError("the file is closed")
        return self.fp

    def _read_chunks(self, file: IO[bytes]) -> set[bytes]:
        """The types of chunks; goes from one to the next, and reads those of metadata alone."""
        types: set[bytes] = set()
        try:
            # Signature and version, then the header.
            file.seek(len(SIGNATURE) + 1)
            length, _ = self._varint(file)
            file.seek(length + 4, 1)
            for _ in range(MAX_CHUNKS):
                kind = file.read(1)
                if not kind:
                    break
                length, digits = self._varint(file)
                if kind in METADATA and kind not in types and length <= MAX_METADATA_BYTES:
                    payload, checksum = file.read(length), file.read(4)
                    if zlib.crc32(kind + digits + payload) != int.from_bytes(checksum, "big") or len(checksum) < 4:
                        continue
                    self.info[METADATA[kind]] = payload
                else:
                    # Codes and graphics have checksums of their parts instead of one at the end.
                    file.seek(length + (0 if kind in b"IPG" else 4), 1)
                types.add(kind)
        except _End:
            pass
        return types

    @staticmethod
    def _varint(file: IO[bytes]) -> tuple[int, bytes]:
        """A length, and its bytes."""
        digits = b""
        for _ in range(9):
            digit = file.read(1)
            if not digit:
                raise _End
            digits += digit
            if digit[0] < 128:
                length = sum((byte & 127) << 7 * k for k, byte in enumerate(digits))
                if length > MAX_LENGTH:
                    raise _End
                return length, digits
        raise _End

    def _data(self) -> bytes:
        file = self._file()
        file.seek(0)
        return file.read()

    def _close(self) -> None:
        if self.fp and self._exclusive_fp:
            self.fp.close()
        self.fp = None

    def verify(self) -> None:
        """Checks all checksums; raises OSError if the file is damaged. As with every format, open it again to read it."""
        if self._is_pending:
            self._is_pending = False
            try:
                damage = verify(self._data())
            except GQImgError as error:
                raise OSError(str(error)) from None
            finally:
                self._close()
            if damage:
                raise OSError(damage[0].reason)
        super().verify()

    def draft(
        self, mode: str | None, size: tuple[int, int] | None
    ) -> tuple[str, tuple[int, int, float, float]] | None:
        """Makes `load` give a picture that is 2, 4, ... 64 times smaller, but not smaller than the size; mode is ignored."""
        if not self._is_pending or self._reduction > 1 or not size or min(size) < 1:
            return None
        scale = min(self.size[0] // size[0], self.size[1] // size[1])
        self._reduction = max(factor for factor in REDUCTIONS if factor <= max(scale, 1))
        if self._reduction == 1:
            return None
        width, height = self.size
        self._size = (-(-width // self._reduction), -(-height // self._reduction))
        return self.mode, (0, 0, width / self._reduction, height / self._reduction)

    def load(self) -> Any:
        if self._is_pending:
            decoded = self._decoded(self._data())
            self._is_pending = False
            for name, key in (("icc", "icc_profile"), ("exif", "exif"), ("xmp", "xmp")):
                if getattr(decoded, name) is not None:
                    self.info[key] = getattr(decoded, name)
            image = Image.fromarray(decoded.pixels)
            if isinstance(decoded, Recovered) and self._reduction > 1:
                image = image.reduce(self._reduction)
            self.im = image.im
            self._mode, self._size = image.mode, image.size
            self._close()
        return super().load()

    def _decoded(self, data: bytes) -> Decoded | Recovered:
        try:
            return decode_full(data, reduce=self._reduction)
        except GQImgError as error:
            if not ImageFile.LOAD_TRUNCATED_IMAGES or error.kind != "damaged":
                raise OSError(str(error)) from None
        try:
            return recover(data)
        except GQImgError as error:
            raise OSError(str(error)) from None


def _codable(image: Image.Image, info: dict[str, Any]) -> Image.Image:
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
        palette_has_alpha = image.palette is not None and image.palette.mode in ("RGBA", "LA")
        has_alpha = mode == "PA" or palette_has_alpha or image.info.get("transparency") is not None
        return image.convert("RGBA" if has_alpha else "RGB")
    if mode.startswith("I;16"):
        warnings.warn("GQZ has 8 bits per sample: the upper 8 of 16 are written", stacklevel=4)
        # The high byte, rounded: 65535 / 255 is 257.
        return Image.fromarray(((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8))
    if mode in ("CMYK", "YCbCr", "HSV", "RGBX"):
        return image.convert("RGB")
    if mode in ("RGBa", "La"):
        return image.convert("RGBA" if mode == "RGBa" else "LA")
    raise OSError(f"cannot write mode {mode} as GQZ")


def _save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    given: dict[str, Any] = image.encoderinfo
    chosen = {name: given[name] for name in OPTIONS if given.get(name) is not None}
    original, image = image, _codable(image, {**dict[Any, Any](image.info), **given})
    if original.mode in ("1", "P", "PA") and not any(name in chosen for name in (*RATES, "lossless")):
        # Values between those of a mask or a palette mean nothing.
        chosen["lossless"] = True
    for name, key in (("icc", "icc_profile"), ("exif", "exif"), ("xmp", "xmp")):
        value = given.get(key, original.info.get(key))
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


def register() -> None:
    """Makes .gqz known to Pillow. Importing this module does it; programs that look for plugins call it by entry point."""
    Image.register_open(GQZImageFile.format, GQZImageFile, lambda prefix: prefix.startswith(SIGNATURE))
    Image.register_save(GQZImageFile.format, _save)
    Image.register_extension(GQZImageFile.format, ".gqz")
    Image.register_mime(GQZImageFile.format, "image/x-gqz")


register()
