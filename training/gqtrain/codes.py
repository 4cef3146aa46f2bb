"""The real quantizer: the best path through the trellis, by the program's own search."""

import functools
import os
import sys

import numpy as np
import torch

from . import native
from .divergence import bound, divergence_bits
from .network import code_spread, join_tiles, split_tiles

_here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_here, "..", "golden"))
from trellis import places, quantiles  # noqa: E402

STATE_BITS = 12
SEED = 0
STARTS = 256  # states that a path may begin in: one byte of the file says which


@functools.cache
def trellis():
    """The trellis of all searches."""
    return native.trellis(quantiles(STATE_BITS), places(STATE_BITS, SEED), STATE_BITS)


class RealCodes:
    """A `quantize` for `Codec.transmit` that sends real codewords. One for every batch of pictures.

    In training the gradient passes as if a codeword were a sample of the posterior: its distance to the mean counts
    as noise times the posterior's spread and what codewords miss means by.
    """

    def __init__(self, model, statistics=True):
        self.model, self.statistics = model, statistics
        self.states = None
        self.bits = []
        self.error = np.zeros((2, 9))

    def __call__(self, x, bits, offsets, shape):
        model = self.model
        mean, log_variance = model.posterior(bound(x), bits, offsets, shape)
        spread = torch.exp(0.5 * log_variance) * code_spread(mean, bits)
        with torch.no_grad():
            variance = log_variance.exp().clamp(min=1e-12)
            m, v, b = (split_tiles(x, shape, 0).numpy() for x in (mean, variance, bits))
            if self.states is None:
                self.states = np.full(len(m), -1, np.int64)
            values = native.paths(trellis(), STATE_BITS, STARTS, m, v, b, self.states)
            if self.statistics:
                sent = split_tiles(divergence_bits(mean, log_variance) * (bits > 0), shape, 0).sum(-1)
                total = torch.from_numpy(b).float().sum(-1)
                self.bits.append((sent / total)[total > 0])
                used = b > 0
                self.error[0] += np.bincount(b[used], (values - m)[used] ** 2 / v[used], 9)
                self.error[1] += np.bincount(b[used], minlength=9)
            drawn = (join_tiles(torch.from_numpy(values), shape) - mean) / spread.clamp(min=1e-12)
        return (mean + spread * drawn) * model.mmse_scale(bits, offsets)
