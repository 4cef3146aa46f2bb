"""The codes of .gqz files as arrays of tokens, for models of discrete codes (docs/tokens.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ._native import library, taken
from .codec import Buffer, Codec, shared

_TYPES: dict[str, npt.DTypeLike] = {"I32": "<i4", "U8": "u1"}


@dataclass
class Tokens:
    """The tokens of a picture; changed ones make another picture.

    tokens: int32 [rows, columns, places], -1 where the position's level has fewer. levels: uint8 [rows, columns]. states:
    the trellis states after every token's step, or None; they follow from the tokens and are not read back. description:
    what else the file needs, JSON. chunks: metadata and alpha.
    """

    tokens: npt.NDArray[np.int32]
    levels: npt.NDArray[np.uint8]
    description: dict[str, Any]
    chunks: list[bytes] = field(default_factory=list)
    states: npt.NDArray[np.int32] | None = None

    def to_safetensors(self) -> bytes:
        """The tokens as the bytes of a safetensors file, as `gqimg tokens export` writes it."""
        arrays: dict[str, npt.NDArray[Any]] = {"tokens": np.ascontiguousarray(self.tokens, "<i4")}
        if self.states is not None:
            arrays["states"] = np.ascontiguousarray(self.states, "<i4")
        arrays["levels"] = np.ascontiguousarray(self.levels, "u1")
        arrays.update((f"chunk.{k}", np.frombuffer(chunk, "u1")) for k, chunk in enumerate(self.chunks))
        header: dict[str, Any] = {"__metadata__": {"gqimg.tokens": json.dumps(self.description)}}
        offset = 0
        for name, array in arrays.items():
            header[name] = {
                "dtype": "U8" if array.itemsize == 1 else "I32", "shape": list(array.shape),
                "data_offsets": [offset, offset + array.nbytes],
            }
            offset += array.nbytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in arrays.values())

    @classmethod
    def from_safetensors(cls, data: Buffer) -> Tokens:
        """The tokens in the bytes of a safetensors file. Inverse of `to_safetensors`."""
        data = bytes(data)
        length = int.from_bytes(data[:8], "little")
        try:
            header = json.loads(data[8 : 8 + length])
            description = json.loads(header.pop("__metadata__")["gqimg.tokens"])
            arrays: dict[str, npt.NDArray[Any]] = {}
            for name, entry in header.items():
                start, end = entry["data_offsets"]
                flat = np.frombuffer(data[8 + length :][start:end], _TYPES[entry["dtype"]])
                arrays[name] = flat.reshape(entry["shape"]).copy()
            chunks = [arrays[f"chunk.{k}"].tobytes() for k in range(len(description["chunks"]))]
            return cls(arrays["tokens"], arrays["levels"], description, chunks, arrays.get("states"))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no tokens of a .gqz file: {error!r}") from None

    def to_file(self) -> bytes:
        """The bytes of the .gqz file of these tokens; exactly those that they were taken from if none was changed."""
        data = self.to_safetensors()
        return taken(library.gqimg_tokens_import, data, len(data))


def tokens(data: Buffer, states: bool = False, codec: Codec | None = None) -> Tokens:
    """The tokens of a .gqz file; with states also those of the trellis."""
    return Tokens.from_safetensors((codec or shared())._export_tokens(data, states))


__all__ = ["Tokens", "tokens"]
