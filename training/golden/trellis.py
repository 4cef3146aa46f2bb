"""The values of the trellis, bit for bit as docs/codebook.md specifies them."""

import numpy as np

from codebook import normal_quantile, philox

PURPOSE = 0x47515452  # "GQTR": the counter's last word.


def trellis(state_bits, seed=0):
    """What every state emits: float32 array [2^state_bits]."""
    if not 5 <= state_bits <= 16:
        raise ValueError(f"{state_bits} state bits are outside 5...16")
    state = np.arange(1 << state_bits, dtype=np.uint32)
    place = np.zeros_like(state)
    for i in range(state_bits):
        word = philox((state >> (i + 1), i, state_bits, PURPOSE), (seed & 0xFFFFFFFF, seed >> 32))[0]
        place |= (((state >> i) ^ word) & 1) << (state_bits - 1 - i)
    return normal_quantile((place.astype(np.float64) + 0.5) * 2.0**-state_bits).astype(np.float32)


if __name__ == "__main__":
    import zlib

    for bits, seed in ((5, 0), (8, 0), (12, 0), (16, 7)):
        print(f"{bits} state bits, seed {seed}: {zlib.crc32(trellis(bits, seed).tobytes()):08x}")
