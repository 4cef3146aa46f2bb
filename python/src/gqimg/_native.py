"""The C functions of include/gqimg.h."""

from __future__ import annotations

import ctypes
import operator
import os
from ctypes import (
    POINTER, Structure, byref, c_char_p, c_double, c_float, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p,
)
from pathlib import Path
from typing import Any, SupportsIndex

ABI_VERSION = 1
STATUS = {
    1: "invalid-argument", 2: "no-model", 3: "model-failure", 4: "damaged", 5: "wrong-model", 6: "target-too-small",
    7: "limit-exceeded", 8: "out-of-memory", 9: "failure",
}
DAMAGED = 4
PROGRESSIVE, PROTECT, LOSSLESS, NO_GRAPHICS = 1, 2, 4, 8


class GQImgError(ValueError):
    """What the library refused; `kind` is one of the names in STATUS."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = STATUS.get(status, "failure")

    def __reduce__(self) -> tuple[type[GQImgError], tuple[int, str]]:
        # Of two arguments, of which ValueError keeps one; a process pool waits for ever for what it cannot unpickle.
        return type(self), (self.status, str(self))


class Bytes(Structure):
    _fields_ = [("bytes", c_char_p), ("count", c_size_t)]


class Options(Structure):
    _fields_ = [
        ("target", c_int32), ("effort", c_int32), ("value", c_double), ("tuning", c_int32), ("flags", c_int32),
        ("uniform", c_int32), ("reserved", c_int32), ("icc", Bytes), ("exif", Bytes), ("xmp", Bytes),
    ]


class Information(Structure):
    _fields_ = [
        ("width", c_uint32), ("height", c_uint32), ("channels", c_uint32), ("has_alpha", c_uint32), ("model", c_uint8 * 8),
    ]


class Picture(Structure):
    _fields_ = [
        ("width", c_uint32), ("height", c_uint32), ("channels", c_uint32), ("reserved", c_uint32), ("samples", c_void_p),
        ("icc", c_void_p), ("icc_count", c_size_t), ("exif", c_void_p), ("exif_count", c_size_t), ("xmp", c_void_p),
        ("xmp_count", c_size_t),
    ]


class DamageEntry(Structure):
    _fields_ = [
        ("x", c_uint32), ("y", c_uint32), ("width", c_uint32), ("height", c_uint32), ("scans", c_uint32),
        ("reserved", c_uint32), ("reason", c_char_p),
    ]


class Report(Structure):
    _fields_ = [("damage", POINTER(DamageEntry)), ("count", c_size_t), ("untouched", c_double)]


class QuantizerOptions(Structure):
    _fields_ = [
        ("dimension", c_uint32), ("size", c_uint32), ("seed", c_uint64), ("codebook", c_int32), ("grouping", c_int32),
        ("values", POINTER(c_float)), ("beta", c_double), ("log_variance_low", c_double), ("log_variance_high", c_double),
    ]


def _load() -> Any:
    named = os.environ.get("GQIMG_LIBRARY")
    folder = Path(__file__).parent / "native"
    library = ctypes.CDLL(named or str(folder / "libgqimgc.so"))
    file = [c_char_p, c_size_t]
    result = [POINTER(c_void_p), POINTER(c_size_t)]
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "gqimg_version": (c_char_p, []),
        "gqimg_abi_version": (c_int32, []),
        "gqimg_last_error": (c_char_p, []),
        "gqimg_codec_open": (c_int32, [c_char_p, c_int32, POINTER(c_void_p)]),
        "gqimg_codec_close": (None, [c_void_p]),
        "gqimg_options_init": (None, [POINTER(Options)]),
        "gqimg_encode": (
            c_int32, [c_void_p, c_void_p, c_uint32, c_uint32, c_uint32, c_size_t, POINTER(Options), *result]),
        "gqimg_decode": (c_int32, [c_void_p, *file, c_uint64, POINTER(Picture)]),
        "gqimg_decode_region": (
            c_int32, [c_void_p, *file, c_uint64, c_uint32, c_uint32, c_uint32, c_uint32, POINTER(Picture)]),
        "gqimg_decode_reduced": (c_int32, [c_void_p, *file, c_uint64, c_uint32, POINTER(Picture)]),
        "gqimg_recover": (c_int32, [c_void_p, *file, c_uint64, c_int32, POINTER(Picture), POINTER(Report)]),
        "gqimg_verify": (c_int32, [*file, POINTER(Report)]),
        "gqimg_report_free": (None, [POINTER(Report)]),
        "gqimg_tokens_export": (c_int32, [c_void_p, *file, c_int32, *result]),
        "gqimg_tokens_import": (c_int32, [*file, *result]),
        "gqimg_picture_free": (None, [POINTER(Picture)]),
        "gqimg_read_info": (c_int32, [*file, POINTER(Information)]),
        "gqimg_read_header": (c_int32, [*file, POINTER(Information)]),
        "gqimg_read_metadata": (c_int32, [*file, POINTER(Picture)]),
        "gqimg_free": (None, [c_void_p]),
        "gqimg_quantizer_options_init": (None, [POINTER(QuantizerOptions)]),
        "gqimg_quantizer_open_with": (c_int32, [POINTER(QuantizerOptions), POINTER(c_void_p)]),
        "gqimg_quantizer_close": (None, [c_void_p]),
        "gqimg_quantize": (c_int32, [c_void_p, POINTER(c_float), POINTER(c_float), c_size_t, POINTER(c_uint32)]),
        "gqimg_indices_to_codes": (c_int32, [c_void_p, POINTER(c_uint32), c_size_t, POINTER(c_float)]),
        "gqimg_quantize_posteriors": (
            c_int32,
            [
                c_void_p, POINTER(c_float), c_size_t, c_size_t, c_size_t, POINTER(c_uint32), POINTER(c_float),
                POINTER(c_double),
            ]),
        "gqimg_indices_to_values": (
            c_int32, [c_void_p, POINTER(c_uint32), c_size_t, c_size_t, c_size_t, POINTER(c_float)]),
    }
    for name, (returned, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = returned, arguments
    if library.gqimg_abi_version() != ABI_VERSION:
        raise ImportError(f"the library has ABI version {library.gqimg_abi_version()}, expected {ABI_VERSION}")
    return library


library = _load()


def check(status: int) -> None:
    """Raises what a call refused. ctypes keeps the thread, so the message is this call's."""
    if status:
        raise GQImgError(status, library.gqimg_last_error().decode("utf-8", "replace"))


def integer(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """An integer of a range, since ctypes would take it modulo a power of two."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; expected an integer") from None
    if not low <= number <= high:
        raise ValueError(f"{name} is {number}; expected {low} to {high}")
    return number


def version() -> str:
    """The library's version."""
    text: bytes = library.gqimg_version()
    return text.decode()


def take(pointer: int | None, count: int) -> bytes | None:
    """A copy of bytes that the library gave; None for none."""
    return None if not pointer else ctypes.string_at(pointer, count)


def taken(call: Any, *arguments: Any) -> bytes:
    """The bytes that a function gives by its last two arguments."""
    data, count = c_void_p(), c_size_t()
    check(call(*arguments, byref(data), byref(count)))
    try:
        return ctypes.string_at(data.value or 0, count.value)
    finally:
        library.gqimg_free(data)


__all__ = [
    "DAMAGED", "DamageEntry", "GQImgError", "Information", "LOSSLESS", "NO_GRAPHICS", "Options", "PROGRESSIVE", "PROTECT",
    "Picture", "QuantizerOptions", "Report", "byref", "check", "integer", "library", "take", "taken", "version",
]
