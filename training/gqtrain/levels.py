"""Levels: how many bits a latent position gets, and on which coefficients.

A level is a list of runs (bits, count): its first coefficients get `bits` bits each, `count` of them, and so
on, bits falling. The coefficients are those of the level's own transform (`network.LevelTransform`).
"""

import numpy as np

#: Latent channels.
LATENTS = 320
#: The most bits a coefficient can have.
MAXIMUM_BITS = 7
#: Expected squared error of the trellis's codewords relative to the posterior's variance, by bits per
#: coefficient (measured with 2^12 states): what sampled noise is inflated by in training.
CODE_ERROR = (0.0, 1.04, 1.11, 1.19, 1.24, 1.3, 1.4, 1.9)

#: Bits of the levels, and how many levels have as many: allocations and transforms for different content.
RUNGS = (0, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
VARIANTS = (1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 3)


def rungs(runs):
    """Bits of every level."""
    return [sum(b * n for b, n in level) for level in runs]


def run_lengths(bits):
    """[3, 3, 1] -> [(3, 2), (1, 1)]; trailing zeros are dropped."""
    runs = []
    for b in bits:
        if b == 0:
            break
        if runs and runs[-1][0] == b:
            runs[-1][1] += 1
        else:
            runs.append([int(b), 1])
    return [tuple(r) for r in runs]


def bit_table(runs):
    """[levels, width]: bits per coefficient, 0 where a level does not code it."""
    bits = np.zeros((len(runs), max(sum(n for _, n in level) for level in runs)), np.int64)
    for level, parts in enumerate(runs):
        row = np.concatenate([np.full(n, b) for b, n in parts]) if parts else np.zeros(0, np.int64)
        bits[level, : len(row)] = row
    return bits
