"""The values of the trellis, bit for bit as docs/codebook.md specifies them."""

import numpy as np

from codebook import normal_quantile, philox

PURPOSE = 0x47515452  # "GQTR": the counter's last word.
ENTERING_BITS = 2


def quantiles(state_bits):
    """float32 [2^state_bits], in rising order."""
    return normal_quantile((np.arange(1 << state_bits) + 0.5) * 2.0**-state_bits).astype(np.float32)


def places(state_bits, seed=0):
    """The place of each state among the quantiles: uint32 array [2^state_bits]."""
    if not 5 <= state_bits <= 16:
        raise ValueError(f"{state_bits} state bits are outside 5...16")
    state = np.arange(1 << state_bits, dtype=np.uint32)
    place = np.zeros_like(state)
    for i in range(state_bits):
        word = philox((state >> (i + 1), i, state_bits, PURPOSE), (seed & 0xFFFFFFFF, seed >> 32))[0]
        place |= (((state >> i) ^ word) & 1) << (state_bits - 1 - i)
    return place


def cell_values(state_bits, seed, bits, cell):
    """What every state emits in a cell of steps of so many bits: float32 array [2^state_bits]."""
    q, cells = quantiles(state_bits), 1 << max(bits - ENTERING_BITS, 0)
    position = 2 * ((cell << state_bits) + places(state_bits, seed).astype(np.int64)) + 1 - cells
    below = np.clip(position // (2 * cells), 0, len(q) - 2)
    part = (position % (2 * cells)).astype(np.float32) / np.float32(2 * cells)
    between = q[below] + (q[below + 1] - q[below]) * part
    return np.where(position <= 0, q[0], np.where(position // (2 * cells) >= len(q) - 1, q[-1], between))


if __name__ == "__main__":
    import zlib

    for state_bits, seed in ((5, 0), (8, 0), (12, 0), (16, 7)):
        values = cell_values(state_bits, seed, 1, 0)
        print(f"{state_bits} state bits, seed {seed}: {zlib.crc32(values.tobytes()):08x}")
    for bits, cell in ((3, 0), (5, 6), (8, 63)):
        values = cell_values(12, 0, bits, cell)
        print(f"12 state bits, seed 0, cell {cell} of steps of {bits} bits: {zlib.crc32(values.tobytes()):08x}")
