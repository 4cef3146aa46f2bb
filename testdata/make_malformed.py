#!/usr/bin/env python3
"""Makes the hand-made files of malformed/: claims that would take too much memory, and structures that lie.

Files of other names there were found by fuzzing.
"""

import os
import struct
import zlib

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "malformed")
SIGNATURE = b"\x8bGQZ\r\n\x1a\n"


def varint(value):
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    return bytes(result + bytes([value]))


def with_checksum(data):
    return data + struct.pack(">I", zlib.crc32(data))


def header(width, height, layout=0x40, state_bits=12, seed=0):
    payload = varint(width) + varint(height) + bytes([layout, state_bits]) + varint(seed) + bytes(8)
    return SIGNATURE + with_checksum(bytes([1]) + varint(len(payload)) + payload)


def chunk(kind, payload, length=None):
    return with_checksum(kind + varint(len(payload) if length is None else length) + payload)


def tensors(text, data=b""):
    return struct.pack("<Q", len(text)) + text + data


PNG = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


FILES = {
    "claims-2-to-the-62-pixels.gqz": header(1 << 31, 1 << 31),
    "claims-largest-picture.gqz": header(65535, 4096) + chunk(b"L", b"\0") + b"I\0",
    "claims-many-tiles.gqz": header(16384, 16384, layout=0) + chunk(b"L", b"\0") + b"I\0",
    "claims-huge-chunk.gqz": header(16, 16) + b"e" + varint((1 << 63) - 1) + b"x" * 20,
    "claims-huge-indices.gqz": header(16, 16) + chunk(b"L", b"\0") + b"I" + varint((1 << 63) - 1),
    "many-level-maps.gqz": header(64, 64) + b"L\x80\x01\0" * 4000,
    "many-copies.gqz": header(64, 64)[:-1] + b"".join(
        b"r" + varint(3 * (5000 - k)) + b"\0"[: 1 if 3 * (5000 - k) < 128 else 0] for k in range(5000)),
    "nested-copy.gqz": header(16, 16)[:-1] + chunk(b"r", chunk(b"r", chunk(b"r", b""))),
    "empty-copy.gqz": header(16, 16) + chunk(b"L", b"\0") + b"I\0" + chunk(b"r", b""),
    "phases-without-map.gqz": header(16, 16) + b"P\0",
    "alpha-of-nothing.gqz": header(300, 300) + chunk(b"a", b"\1") + chunk(b"L", b"\0") + b"I\0",
    "ladder-without-end.gqz": header(16, 16) + chunk(b"L", b"\xff\x20" + b"\x01\x01") + b"I\0",
    "header-length-all-ones.safetensors": b"\xff" * 8 + b"{}",
    "claims-huge-tensor.safetensors": tensors(
        b'{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}'),
    "nested.safetensors": tensors(b"[" * 20000),
    "claims-largest-picture.png": PNG + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 65535, 4096, 16, 6, 0, 0, 1)),
    "claims-2-to-the-62-pixels.png": PNG + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1 << 31, 1 << 31, 8, 2, 0, 0, 0)),
    "profile-bomb.png": PNG + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(40 << 20), 9))
    + png_chunk(b"IDAT", zlib.compress(b"\0\0")) + png_chunk(b"IEND", b""),
    "claims-largest-picture.jpg": b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\x0f\xff\x03\1\x11\0\2\x11\0\3\x11\0\xff\xda\0\x0c\3\1\0\2\0\3\0\0\x3f\0",
    "claims-many-digits.ppm": b"P6\n" + b"9" * 400 + b" 1\n255\n",
}

os.makedirs(FOLDER, exist_ok=True)
for name, data in FILES.items():
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)
