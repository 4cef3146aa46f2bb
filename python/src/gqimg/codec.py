"""Arrays to bytes and back."""

from __future__ import annotations

import ctypes
import math
import os
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple, SupportsIndex, Union

import numpy as np
import numpy.typing as npt

from ._native import (
    DAMAGED, LOSSLESS, NO_GRAPHICS, PROGRESSIVE, PROTECT, GQImgError, Information, Options, Picture, Report, byref, check,
    integer, library, take, taken,
)

TUNINGS = {"visual": 0, "psnr": 1}
INT32 = (1 << 31) - 1
UINT32 = (1 << 32) - 1
REDUCTIONS = (1, 2, 4, 8, 16, 32, 64)

Buffer = Union[bytes, bytearray, memoryview]
Pixels = npt.NDArray[np.uint8]


class Info(NamedTuple):
    """What a file says of itself. Channels: 1 grey, 3 colours; alpha is not counted."""

    width: int
    height: int
    channels: int
    alpha: bool
    model: str


class Metadata(NamedTuple):
    """What a file says of itself beside its pixels, None where there is none."""

    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None


class Decoded(NamedTuple):
    """A decoded picture with its metadata, None where there is none."""

    pixels: Pixels
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None


class Damage(NamedTuple):
    """Something in a file that is damaged: a tile, in pixels, or with width 0 a chunk such as alpha.

    scans: which of the four scans of a tile are damaged, all in a file that is not progressive.
    """

    x: int
    y: int
    width: int
    height: int
    scans: tuple[int, ...]
    reason: str


class Recovered(NamedTuple):
    """A picture from a file that may be damaged; damaged tiles are concealed.

    untouched: share of the picture that is certainly that of the undamaged file.
    """

    pixels: Pixels
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    damage: list[Damage]
    untouched: float


def _samples(picture: Picture) -> Pixels:
    """A copy of the samples: [height, width] for grey, else [height, width, channels]."""
    shape = (picture.height, picture.width, picture.channels)
    pointer = ctypes.cast(picture.samples, ctypes.POINTER(ctypes.c_uint8))
    samples = np.ctypeslib.as_array(pointer, shape).copy()
    return samples[..., 0] if picture.channels == 1 else samples


def _metadata(picture: Picture) -> Metadata:
    return Metadata(
        take(picture.icc, picture.icc_count), take(picture.exif, picture.exif_count), take(picture.xmp, picture.xmp_count))


def _damage(report: Report) -> list[Damage]:
    return [
        Damage(
            entry.x, entry.y, entry.width, entry.height, tuple(k + 1 for k in range(4) if entry.scans >> k & 1),
            entry.reason.decode("utf-8", "replace"))
        for entry in report.damage[: report.count]
    ]


class Codec:
    """Models and threads; may be used from many threads at a time.

    model: a weights file; without one, those that come with the package. threads: 0 for one per core.
    """

    def __init__(self, model: str | os.PathLike[str] | None = None, threads: SupportsIndex = 0) -> None:
        self._handle = ctypes.c_void_p()
        path = None if model is None else os.fsencode(model)
        check(library.gqimg_codec_open(path, integer("threads", threads, 0, INT32), byref(self._handle)))

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            library.gqimg_codec_close(self._handle)
            self._handle = ctypes.c_void_p()

    def encode(
        self, pixels: npt.ArrayLike, *, quality: float | None = None, bpp: float | None = None,
        size: SupportsIndex | None = None, effort: SupportsIndex = 5, tune: str = "visual", uniform: bool = False,
        lossless: bool = False, graphics: bool = True, progressive: bool = False, protect: bool = False,
        icc: Buffer | None = None, exif: Buffer | None = None, xmp: Buffer | None = None,
    ) -> bytes:
        """The bytes of a .gqz file from a uint8 array [height, width] or [height, width, 1 to 4 channels].

        quality, bpp and size exclude each other. lossless: keep every sample. graphics: keep text, screens and drawings
        without loss where that is cheaper. progressive: codes in four scans, for files that may be cut short. protect:
        header and level map a second time, for files that may be damaged.
        """
        array = np.asarray(pixels)
        if array.dtype != np.uint8 or array.ndim not in (2, 3):
            raise TypeError(f"expected a uint8 array of 2 or 3 axes, found {array.dtype} of {array.ndim}")
        array = np.ascontiguousarray(array if array.ndim == 3 else array[..., None])
        if [quality, bpp, size].count(None) < 2:
            raise ValueError("quality, bpp and size exclude each other")
        options = Options()
        library.gqimg_options_init(byref(options))
        targets = (quality, bpp, None if size is None else integer("size", size, 0, 1 << 53))
        for kind, value in enumerate(targets):
            if value is not None:
                number = float(value)
                if not math.isfinite(number):
                    raise ValueError(f"the target is {number}; expected a finite number")
                options.target, options.value = kind, number
        try:
            options.tuning = TUNINGS[tune]
        except KeyError as error:
            raise ValueError(f"no tuning is called {error}") from None
        options.effort, options.uniform = integer("effort", effort, -INT32, INT32), int(bool(uniform))
        options.flags = (
            PROGRESSIVE * bool(progressive) | PROTECT * bool(protect) | LOSSLESS * bool(lossless)
            | NO_GRAPHICS * (not graphics))
        for name, given in (("icc", icc), ("exif", exif), ("xmp", xmp)):
            if given is not None:
                block = bytes(given)
                field = getattr(options, name)
                field.bytes, field.count = block, len(block)
        height, width, channels = (integer("extent", extent, 0, UINT32) for extent in array.shape)
        return taken(library.gqimg_encode, self._handle, array.ctypes.data, width, height, channels, 0, byref(options))

    def decode_full(
        self, data: Buffer, max_pixels: SupportsIndex = 0, *, region: Sequence[SupportsIndex] | None = None,
        reduce: SupportsIndex = 1,
    ) -> Decoded:
        """Pixels and metadata of a .gqz file; those of more than max_pixels are refused, 0 for the library's limit.

        region: (x, y, width, height), only this part; what it does not depend on is not read. reduce: 1, 2, 4, ... 64,
        each block of so many pixels across and down becomes one, its mean.
        """
        limit = integer("max_pixels", max_pixels, 0, (1 << 64) - 1)
        factor = integer("reduce", reduce, 1, REDUCTIONS[-1])
        data, picture = bytes(data), Picture()
        file = (self._handle, data, len(data), limit)
        if region is not None:
            if factor != 1:
                raise ValueError("region and reduce exclude each other")
            if len(region) != 4:
                raise ValueError(f"region has {len(region)} numbers; expected x, y, width and height")
            x, y, width, height = (integer("region", number, 0, UINT32) for number in region)
            check(library.gqimg_decode_region(*file, x, y, width, height, byref(picture)))
        elif factor != 1:
            check(library.gqimg_decode_reduced(*file, factor, byref(picture)))
        else:
            check(library.gqimg_decode(*file, byref(picture)))
        try:
            return Decoded(_samples(picture), *_metadata(picture))
        finally:
            library.gqimg_picture_free(byref(picture))

    def decode(
        self, data: Buffer, max_pixels: SupportsIndex = 0, *, region: Sequence[SupportsIndex] | None = None,
        reduce: SupportsIndex = 1,
    ) -> Pixels:
        """The pixels of a .gqz file: uint8, [height, width] for grey, else [height, width, 2 to 4 channels].

        region and reduce as for `decode_full`.
        """
        return self.decode_full(data, max_pixels, region=region, reduce=reduce).pixels

    def recover(self, data: Buffer, max_pixels: SupportsIndex = 0, *, use_damaged_bits: bool = False) -> Recovered:
        """What can be decoded of a damaged file, or of one cut short, and what is damaged.

        use_damaged_bits: decode the bits of damaged tiles all the same, for files with single wrong bits.
        """
        limit = integer("max_pixels", max_pixels, 0, (1 << 64) - 1)
        data, picture, report = bytes(data), Picture(), Report()
        check(
            library.gqimg_recover(
                self._handle, data, len(data), limit, int(bool(use_damaged_bits)), byref(picture), byref(report)))
        try:
            return Recovered(_samples(picture), *_metadata(picture), _damage(report), report.untouched)
        finally:
            library.gqimg_picture_free(byref(picture))
            library.gqimg_report_free(byref(report))

    def _export_tokens(self, data: Buffer, states: bool) -> bytes:
        data = bytes(data)
        return taken(library.gqimg_tokens_export, self._handle, data, len(data), int(bool(states)))


_shared: Codec | None = None
_lock = threading.Lock()


def shared() -> Codec:
    """The codec that the module's functions use."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = Codec()
        return _shared


def encode(pixels: npt.ArrayLike, **options: Any) -> bytes:
    """`Codec.encode` of a codec that all callers share."""
    return shared().encode(pixels, **options)


def decode(
    data: Buffer, max_pixels: SupportsIndex = 0, *, region: Sequence[SupportsIndex] | None = None,
    reduce: SupportsIndex = 1,
) -> Pixels:
    """`Codec.decode` of a codec that all callers share."""
    return shared().decode(data, max_pixels, region=region, reduce=reduce)


def decode_full(
    data: Buffer, max_pixels: SupportsIndex = 0, *, region: Sequence[SupportsIndex] | None = None,
    reduce: SupportsIndex = 1,
) -> Decoded:
    """`Codec.decode_full` of a codec that all callers share."""
    return shared().decode_full(data, max_pixels, region=region, reduce=reduce)


def recover(data: Buffer, max_pixels: SupportsIndex = 0, *, use_damaged_bits: bool = False) -> Recovered:
    """`Codec.recover` of a codec that all callers share."""
    return shared().recover(data, max_pixels, use_damaged_bits=use_damaged_bits)


def verify(data: Buffer) -> list[Damage]:
    """Everything in a file whose checksum does not match, without a model; an empty list for an intact file."""
    data, report = bytes(data), Report()
    status = library.gqimg_verify(data, len(data), byref(report))
    try:
        damage = _damage(report)
        if not damage or status not in (0, DAMAGED):
            check(status)
        return damage
    finally:
        library.gqimg_report_free(byref(report))


def info(data: Buffer, header_only: bool = False) -> Info:
    """What a file says of itself, without a model. With header_only its first 64 bytes are enough, alpha apart."""
    data, found = bytes(data), Information()
    function = library.gqimg_read_header if header_only else library.gqimg_read_info
    check(function(data, len(data), byref(found)))
    return Info(found.width, found.height, found.channels, bool(found.has_alpha), bytes(found.model).hex())


def metadata(data: Buffer) -> Metadata:
    """ICC profile, Exif and XMP of a file, without decoding it."""
    data, picture = bytes(data), Picture()
    check(library.gqimg_read_metadata(data, len(data), byref(picture)))
    try:
        return _metadata(picture)
    finally:
        library.gqimg_picture_free(byref(picture))


__all__ = [
    "Codec", "Damage", "Decoded", "GQImgError", "Info", "Metadata", "Recovered", "decode", "decode_full", "encode", "info",
    "metadata", "recover", "shared", "verify",
]
