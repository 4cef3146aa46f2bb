"""The gqimg image codec: .gqz files from arrays, and back."""

from ._native import GQImgError, version
from .codec import (
    Codec, Damage, Decoded, Info, Metadata, Recovered, decode, decode_full, encode, info, metadata, recover, verify,
)
from .quantizer import GaussianQuant
from ._tokens import Tokens, tokens

try:
    # Makes .gqz known to Pillow where there is Pillow.
    from . import pillow as _pillow  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "PIL":
        raise

__version__ = version()
__all__ = [
    "Codec", "Damage", "Decoded", "GQImgError", "GaussianQuant", "Info", "Metadata", "Recovered", "Tokens", "decode",
    "decode_full", "encode", "info", "metadata", "recover", "tokens", "verify", "version",
]
