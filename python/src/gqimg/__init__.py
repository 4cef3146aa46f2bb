"""The gqimg image codec: .gqz files from arrays, and back."""

from ._native import GQImgError, version
from .codec import Codec, Decoded, Info, decode, decode_full, encode, info
from .quantizer import GaussianQuant

try:
    # Makes .gqz known to Pillow where there is Pillow.
    from . import pillow as _pillow  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "PIL":
        raise

__version__ = version()
__all__ = [
    "Codec", "Decoded", "GQImgError", "GaussianQuant", "Info", "decode", "decode_full", "encode", "info", "version",
]
