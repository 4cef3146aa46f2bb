"""Levels: which codebook groups a latent position sends.

A level is a list of groups, coded in order. A group is (first channel, dimension): `dimension` adjacent
latent channels that share one 16-bit index, so 4, 8 or 16 dimensions are 4, 2 or 1 bit each. A group whose
channels were coded before refines them: it codes what the first group left over.
"""

from dataclasses import dataclass

import numpy as np

CODEBOOK_BITS = 16

#: Expected squared error of real codewords relative to the posterior's variance, by group dimension
#: (measured with 65,536 codewords): what sampled noise is inflated by in training.
CODE_ERROR = {4: 2.37, 8: 1.45, 16: 1.17}

# Per level: groups of 4, 8 and 16 channels in the first stage, then refining groups: of 4 over the first
# channels, of 8 over the channels after those, of 16 over the first channels of the groups of 8.
# Found by Lloyd iterations over training patches in the principal component domain.
_SHAPES = {
    0: (0, 0, 0, 0, 0, 0),
    1: (0, 1, 0, 0, 0, 0),
    2: (1, 0, 1, 0, 0, 0),
    3: (1, 1, 0, 1, 0, 0),
    4: (1, 1, 2, 0, 0, 0),
    6: (2, 1, 2, 0, 1, 0),
    8: (2, 3, 3, 0, 0, 0),
    12: (2, 4, 4, 1, 0, 1),
    16: (2, 6, 5, 2, 0, 1),
    24: (4, 9, 8, 1, 1, 1),
    32: (6, 15, 7, 2, 0, 2),
    48: (16, 24, 4, 2, 0, 2),
}


def _groups(fours, eights, sixteens, fine_fours, fine_eights, fine_sixteens):
    groups, channel = [], 0
    for count, dimension in ((fours, 4), (eights, 8), (sixteens, 16)):
        for _ in range(count):
            groups.append((channel, dimension))
            channel += dimension
    channel = 0
    for count, dimension in ((fine_fours, 4), (fine_eights, 8)):
        for _ in range(count):
            groups.append((channel, dimension))
            channel += dimension
    for k in range(fine_sixteens):
        groups.append((4 * fours + 16 * k, 16))
    return groups


#: For each level its groups; the number of groups is the number of 16-bit indices.
LEVELS = [_groups(*shape) for shape in _SHAPES.values()]
INDICES = [len(groups) for groups in LEVELS]
assert INDICES == list(_SHAPES)

#: Latent channels.
LATENTS = max(first + dimension for groups in LEVELS for first, dimension in groups)


@dataclass
class Stage:
    """One pass over the channels: for every level and channel, the bounds and the dimension of its group."""

    channels: int  # the stage touches channels 0..<channels
    start: np.ndarray  # [levels, channels]
    end: np.ndarray  # [levels, channels]
    dimension: np.ndarray  # [levels, channels], 0 where the level does not code the channel


def stages():
    """The first stage and the refining stage as per-channel tables."""
    tables = [
        [np.zeros((len(LEVELS), LATENTS), np.int64) for _ in range(3)] for _ in range(2)
    ]
    for level, groups in enumerate(LEVELS):
        for first, dimension in groups:
            span = slice(first, first + dimension)
            seen = (tables[0][2][level, span] > 0).any()
            start, end, size = tables[1 if seen else 0]
            assert not (size[level, span] > 0).any(), "at most two stages"
            start[level, span], end[level, span], size[level, span] = first, first + dimension, dimension
    result = []
    for start, end, size in tables:
        used = int(np.nonzero(size.max(0))[0].max()) + 1
        result.append(Stage(used, start[:, :used], end[:, :used], size[:, :used]))
    return result
