"""Levels: how many bits a latent position gets, and on which coefficients.

A level is a list of runs (bits, count): its first coefficients get `bits` bits each, `count` of them, and so
on, bits falling. The coefficients are those of the level's own transform (`network.LevelTransform`).
"""

from dataclasses import dataclass

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


@dataclass
class Tables:
    """Per-coefficient tables of a list of levels."""

    bits: np.ndarray  # [levels, width], 0 where the level does not code the coefficient
    start: np.ndarray  # [levels, width], first coefficient of the run
    end: np.ndarray  # [levels, width], one past its last
    counts: np.ndarray  # [levels], coefficients coded


def tables(runs):
    counts = np.array([sum(n for _, n in level) for level in runs])
    width = int(counts.max())
    result = Tables(*(np.zeros((len(runs), width), np.int64) for _ in range(3)), counts)
    for level, parts in enumerate(runs):
        place = 0
        for bits, count in parts:
            span = slice(place, place + count)
            result.bits[level, span], result.start[level, span], result.end[level, span] = bits, place, place + count
            place += count
    return result
