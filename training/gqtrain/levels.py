"""Levels: how many bits a latent position gets, and on which coefficients.

A level is a list of runs (bits, count): the first `count` coefficients get `bits` bits each, the next run's follow, and
so on; runs of 0 bits are not sent. Levels of at most `MIXED_BITS` have a transform of their own, from the leading latents
to coefficients; those of higher levels are the latents themselves (`network.LevelTransform`).
"""

import numpy as np

#: Latents of a position: the coefficients of a 16 x 16 cosine transform of three components.
LATENTS = 768
#: The latents that the network corrects and predicts, and that transforms mix.
LEADING = 320
#: The most bits of a level with a transform of its own.
MIXED_BITS = 256
#: The most bits a coefficient can have.
MAXIMUM_BITS = 8
#: Expected squared error of the trellis's codewords relative to the posterior's variance, by bits per
#: coefficient (measured with 2^12 states): what sampled noise is inflated by in training.
CODE_ERROR = (0.0, 1.04, 1.11, 1.19, 1.24, 1.3, 1.4, 1.9, 4.0)

#: Bits of the levels, and how many levels of all three components have as many; rate levels up to `MOST_LUMA` but the first
#: have one more of luma alone, their last.
RATE_LEVELS = (0, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2304, 3072)
MODES = (1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 3, 2, 1, 1, 1)
#: Luma has no more bits to give than this.
MOST_LUMA = 1536


def standard_levels():
    """For every level (bits, whether it is of luma alone)."""
    result = []
    for bits, modes in zip(RATE_LEVELS, MODES):
        result += [(bits, False)] * modes
        if 0 < bits <= MOST_LUMA:
            result.append((bits, True))
    return result


def level_bits(runs):
    """Bits of every level."""
    return [sum(b * n for b, n in level) for level in runs]


def run_lengths(bits):
    """[3, 3, 0, 1, 0] -> [(3, 2), (0, 1), (1, 1)]; trailing zeros are dropped."""
    runs = []
    for b in np.trim_zeros(np.asarray(bits), "b"):
        if runs and runs[-1][0] == b:
            runs[-1][1] += 1
        else:
            runs.append([int(b), 1])
    return [tuple(r) for r in runs]


def bit_table(runs, width=LATENTS):
    """[levels, width], uint8: bits per coefficient, 0 where a level does not code it."""
    bits = np.zeros((len(runs), width), np.uint8)
    for level, parts in enumerate(runs):
        row = np.concatenate([np.full(n, b) for b, n in parts]) if parts else np.zeros(0, np.int64)
        bits[level, : len(row)] = row
    return bits
