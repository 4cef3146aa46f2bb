"""Levels: how many bits a latent position gets, and on which coefficients.

A level is, for each phase, a list of runs (bits, count): the first `count` coefficients get `bits` bits each, the next run's follow, and
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
#: coefficient (measured with 2^12 states on normal means; weights carry it).
CODE_ERROR = (0.0, 1.03, 1.11, 1.13, 1.15, 1.18, 1.24, 1.66, 2.87)

#: The same by the mean's magnitude as well, in steps of `ERROR_STEP`: codewords are rare far out, above all where a coefficient has
#: many bits. Measured on normal means of which 3 in 100 are uniform to 3.5.
ERROR_STEP = 0.25
MEAN_ERROR = (
    (0.0,) * 15,
    (1.06, 1.07, 1.08, 1.09, 1.11, 1.14, 1.18, 1.23, 1.27, 1.41, 1.46, 1.66, 1.96, 2.19, 2.64),
    (1.10, 1.11, 1.13, 1.16, 1.21, 1.27, 1.34, 1.42, 1.51, 1.66, 1.90, 2.14, 2.63, 3.16, 3.81),
    (1.14, 1.15, 1.17, 1.19, 1.25, 1.32, 1.41, 1.48, 1.62, 1.79, 2.01, 2.32, 2.88, 3.78, 4.33),
    (1.16, 1.16, 1.18, 1.21, 1.27, 1.34, 1.44, 1.52, 1.65, 1.78, 2.04, 2.36, 3.02, 3.95, 4.65),
    (1.16, 1.17, 1.19, 1.22, 1.28, 1.36, 1.46, 1.55, 1.64, 1.90, 2.17, 2.46, 3.05, 4.21, 5.95),
    (1.16, 1.16, 1.18, 1.22, 1.27, 1.34, 1.43, 1.55, 1.68, 1.84, 2.18, 2.51, 2.89, 4.13, 6.68),
    (1.16, 1.17, 1.17, 1.21, 1.28, 1.36, 1.43, 1.55, 1.66, 1.87, 2.10, 2.44, 3.28, 3.92, 5.61),
    (1.15, 1.17, 1.18, 1.23, 1.27, 1.34, 1.43, 1.54, 1.68, 1.81, 2.08, 2.42, 3.08, 4.02, 5.99),
)

#: Bits of the levels, and how many levels of all three components have as many; rate levels up to `MOST_LUMA` but the first
#: have one more of luma alone, their last.
RATE_LEVELS = (0, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2304, 3072)
MODES = (1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3)
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
    """Bits of every level, the same in all phases."""
    return [sum(b * n for b, n in level[0]) for level in runs]


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
    """[phases, levels, width], uint8: bits per coefficient, 0 where a level does not code it."""
    bits = np.zeros((len(runs[0]), len(runs), width), np.uint8)
    for level, phases in enumerate(runs):
        for phase, parts in enumerate(phases):
            row = np.concatenate([np.full(n, b) for b, n in parts]) if parts else np.zeros(0, np.int64)
            bits[phase, level, : len(row)] = row
    return bits
