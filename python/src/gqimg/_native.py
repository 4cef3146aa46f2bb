"""The C functions of include/gqimg.h."""

import ctypes
import operator
import os
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_float, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path

ABI_VERSION = 1
STATUS = {
    1: "invalid-argument", 2: "no-model", 3: "model-failure", 4: "damaged", 5: "wrong-model", 6: "target-too-small",
    7: "limit-exceeded", 8: "out-of-memory", 9: "failure",
}


class GQImgError(ValueError):
    """What the library refused; `kind` is one of the words above."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.kind = STATUS.get(status, "failure")

    def __reduce__(self):
        # Of two arguments, of which ValueError keeps one; a process pool waits for ever for what it cannot unpickle.
        return type(self), (self.status, str(self))


class Bytes(Structure):
    _fields_ = [("bytes", c_char_p), ("count", c_size_t)]


class Options(Structure):
    _fields_ = [
        ("target", c_int32), ("effort", c_int32), ("value", c_double), ("tuning", c_int32), ("reserved0", c_int32),
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


def _load():
    named = os.environ.get("GQIMG_LIBRARY")
    folder = Path(__file__).parent / "native"
    library = ctypes.CDLL(named or str(folder / "libgqimgc.so"))
    signatures = {
        "gqimg_version": (c_char_p, []),
        "gqimg_abi_version": (c_int32, []),
        "gqimg_last_error": (c_char_p, []),
        "gqimg_codec_open": (c_int32, [c_char_p, c_int32, POINTER(c_void_p)]),
        "gqimg_codec_close": (None, [c_void_p]),
        "gqimg_options_init": (None, [POINTER(Options)]),
        "gqimg_encode": (
            c_int32,
            [c_void_p, c_void_p, c_uint32, c_uint32, c_uint32, c_size_t, POINTER(Options), POINTER(c_void_p), POINTER(c_size_t)],
        ),
        "gqimg_decode": (c_int32, [c_void_p, c_char_p, c_size_t, c_uint64, POINTER(Picture)]),
        "gqimg_picture_free": (None, [POINTER(Picture)]),
        "gqimg_read_info": (c_int32, [c_char_p, c_size_t, POINTER(Information)]),
        "gqimg_read_header": (c_int32, [c_char_p, c_size_t, POINTER(Information)]),
        "gqimg_free": (None, [c_void_p]),
        "gqimg_quantizer_open": (c_int32, [c_uint32, c_uint32, c_uint64, c_double, POINTER(c_void_p)]),
        "gqimg_quantizer_close": (None, [c_void_p]),
        "gqimg_quantize": (c_int32, [c_void_p, POINTER(c_float), POINTER(c_float), c_size_t, POINTER(c_uint32)]),
        "gqimg_indices_to_codes": (c_int32, [c_void_p, POINTER(c_uint32), c_size_t, POINTER(c_float)]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.gqimg_abi_version() != ABI_VERSION:
        raise ImportError(f"the library has ABI version {library.gqimg_abi_version()}, expected {ABI_VERSION}")
    return library


library = _load()


def check(status):
    """Raises what a call refused. ctypes keeps the thread, so the message is this call's."""
    if status:
        raise GQImgError(status, library.gqimg_last_error().decode("utf-8", "replace"))


def integer(name, value, low, high):
    """An integer of a range, since ctypes would take it modulo a power of two."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; expected an integer") from None
    if not low <= number <= high:
        raise ValueError(f"{name} is {number}; expected {low} to {high}")
    return number


def version():
    """The library's version."""
    return library.gqimg_version().decode()


def take(pointer, count):
    """A copy of bytes that the library gave; None for none."""
    return None if not pointer else ctypes.string_at(pointer, count)


__all__ = ["GQImgError", "Information", "Options", "Picture", "byref", "check", "integer", "library", "take", "version"]
