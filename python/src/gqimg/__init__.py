"""The gqimg image codec: .gqz files from arrays, and back."""

from ._native import GQImgError, version
from .codec import Codec, Decoded, Info, decode, decode_full, encode, info
from .quantizer import GaussianQuant

__version__ = version()
__all__ = [
    "Codec", "Decoded", "GQImgError", "GaussianQuant", "Info", "decode", "decode_full", "encode", "info", "version",
]
