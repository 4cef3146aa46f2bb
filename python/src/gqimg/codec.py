"""Arrays to bytes and back."""

import ctypes
import math
import os
import threading
from typing import NamedTuple

import numpy as np

from ._native import GQImgError, Information, Options, Picture, byref, check, integer, library, take

TUNINGS = {"visual": 0, "psnr": 1}
INT32 = (1 << 31) - 1


class Info(NamedTuple):
    """What a file says of itself. Channels: 1 grey, 3 colours; alpha is not counted."""

    width: int
    height: int
    channels: int
    alpha: bool
    model: str


class Decoded(NamedTuple):
    """A decoded picture with its metadata, None where there is none."""

    pixels: np.ndarray
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None


class Codec:
    """Models and threads; may be used from many threads at a time.

    model: a weights file; without one, those that come with the package. threads: 0 for one per core.
    """

    def __init__(self, model=None, threads=0):
        self._handle = ctypes.c_void_p()
        path = None if model is None else os.fsencode(model)
        check(library.gqimg_codec_open(path, integer("threads", threads, 0, INT32), byref(self._handle)))

    def __del__(self):
        if getattr(self, "_handle", None):
            library.gqimg_codec_close(self._handle)
            self._handle = None

    def encode(
        self, pixels, *, quality=None, bpp=None, size=None, effort=5, tune="visual", uniform=False,
        icc=None, exif=None, xmp=None,
    ):
        """The bytes of a .gqz file from a uint8 array [height, width] or [height, width, 1 to 4 channels]."""
        pixels = np.asarray(pixels)
        if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
            raise TypeError(f"expected a uint8 array of 2 or 3 axes, found {pixels.dtype} of {pixels.ndim}")
        pixels = np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., None])
        if [quality, bpp, size].count(None) < 2:
            raise ValueError("quality, bpp and size exclude each other")
        options = Options()
        library.gqimg_options_init(byref(options))
        for kind, value in enumerate((quality, bpp, size)):
            if value is not None:
                value = float(integer("size", value, 0, 1 << 53)) if kind == 2 else float(value)
                if not math.isfinite(value):
                    raise ValueError(f"the target is {value}; expected a finite number")
                options.target, options.value = kind, value
        try:
            options.tuning = TUNINGS[tune]
        except KeyError as error:
            raise ValueError(f"no tuning is called {error}") from None
        options.effort, options.uniform = integer("effort", effort, -INT32, INT32), int(bool(uniform))
        for name, value in (("icc", icc), ("exif", exif), ("xmp", xmp)):
            if value is not None:
                value = bytes(value)
                field = getattr(options, name)
                field.bytes, field.count = value, len(value)
        height, width, channels = pixels.shape
        data, count = ctypes.c_void_p(), ctypes.c_size_t()
        check(
            library.gqimg_encode(
                self._handle, pixels.ctypes.data, width, height, channels, 0, byref(options), byref(data), byref(count)))
        try:
            return take(data.value, count.value)
        finally:
            library.gqimg_free(data)

    def decode_full(self, data, max_pixels=0):
        """Pixels and metadata of a .gqz file; those of more than max_pixels are refused, 0 for the library's limit."""
        max_pixels = integer("max_pixels", max_pixels, 0, (1 << 64) - 1)
        data, picture = bytes(data), Picture()
        check(library.gqimg_decode(self._handle, data, len(data), max_pixels, byref(picture)))
        try:
            shape = (picture.height, picture.width, picture.channels)
            samples = np.ctypeslib.as_array(ctypes.cast(picture.samples, ctypes.POINTER(ctypes.c_uint8)), shape).copy()
            return Decoded(
                samples[..., 0] if picture.channels == 1 else samples, take(picture.icc, picture.icc_count),
                take(picture.exif, picture.exif_count), take(picture.xmp, picture.xmp_count))
        finally:
            library.gqimg_picture_free(byref(picture))

    def decode(self, data, max_pixels=0):
        """The pixels of a .gqz file: uint8, [height, width] for grey, else [height, width, 2 to 4 channels]."""
        return self.decode_full(data, max_pixels).pixels


_shared = None
_lock = threading.Lock()


def shared():
    """The codec that the module's functions use."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = Codec()
        return _shared


def encode(pixels, **options):
    """`Codec.encode` of a codec that all callers share."""
    return shared().encode(pixels, **options)


def decode(data, max_pixels=0):
    """`Codec.decode` of a codec that all callers share."""
    return shared().decode(data, max_pixels)


def decode_full(data, max_pixels=0):
    """`Codec.decode_full` of a codec that all callers share."""
    return shared().decode_full(data, max_pixels)


def info(data, header_only=False):
    """What a file says of itself, without a model. With header_only its first 64 bytes are enough, alpha apart."""
    data, found = bytes(data), Information()
    function = library.gqimg_read_header if header_only else library.gqimg_read_info
    check(function(data, len(data), byref(found)))
    return Info(found.width, found.height, found.channels, bool(found.has_alpha), bytes(found.model).hex())


__all__ = ["Codec", "Decoded", "GQImgError", "Info", "decode", "decode_full", "encode", "info", "shared"]
