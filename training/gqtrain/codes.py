"""The real quantizer in PyTorch: nearest codewords of the normative codebook, for validation."""

import os
import sys

import torch

from .divergence import BOUND, LOG_VARIANCE_BOUNDS, divergence_bits
from .levels import CODEBOOK_BITS, LEVELS

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "golden"))
from codebook import codebook  # noqa: E402

_tables = {}


def table(dimension):
    """Codewords [K, m] and, for the search, their values and squares [2 m, K]."""
    if dimension not in _tables:
        words = torch.from_numpy(codebook(dimension, 2**CODEBOOK_BITS, 0))
        _tables[dimension] = (words, torch.cat([words, words**2], 1).T.contiguous())
    return _tables[dimension]


def nearest(mean, variance, dimension, chunk=512):
    """Index of the codeword with the greatest posterior-to-prior ratio; mean and variance [n, m]."""
    _, features = table(dimension)
    weights = torch.cat([mean / variance, (1 - 1 / variance) / 2], 1)
    return torch.cat([(part @ features).argmax(1) for part in weights.split(chunk)])


class RealCodes:
    """A `quantize` for `Codec.transmit` that sends real codewords; counts the codewords used."""

    def __init__(self, model):
        self.model = model
        self.used = {m: torch.zeros(2**CODEBOOK_BITS, dtype=torch.bool) for m in (4, 8, 16)}
        self.bits = []

    def __call__(self, y, levels, log_variances=None):
        value = torch.zeros_like(y)
        for level, groups in enumerate(LEVELS):
            rows = (levels == level).nonzero()[:, 0]
            if not groups or not len(rows):
                continue
            part, out = y[rows], torch.zeros(len(rows), y.shape[1])
            left = torch.ones(y.shape[1])
            batches = {}
            seen = set()
            for first, dimension in groups:  # groups of one stage and size are searched together
                stage = 1 if first in seen else 0
                seen.update(range(first, first + dimension))
                batches.setdefault((stage, dimension), []).append(first)
            for (stage, dimension), firsts in sorted(batches.items()):
                columns = (torch.tensor(firsts)[:, None] + torch.arange(dimension)).reshape(-1)
                source = BOUND * torch.tanh((part[:, columns] - out[:, columns]) / left[columns] / BOUND)
                source = source.reshape(-1, dimension)
                if log_variances is None:
                    sizes = torch.full((len(source),), dimension)
                    log_variance = self.model.solver((source**2).mean(1), sizes)[:, None].expand(source.shape)
                    mean = torch.sqrt(-torch.expm1(log_variance)) * source
                else:
                    log_variance = log_variances[rows][:, stage * y.shape[1] + columns]
                    log_variance = log_variance.reshape(-1, dimension).clamp(*LOG_VARIANCE_BOUNDS)
                    mean = source
                variance = log_variance.exp()
                self.bits.append(divergence_bits(mean, log_variance).sum(1))
                index = nearest(mean, variance, dimension)
                self.used[dimension][index] = True
                tables = self.model.stages[stage]
                shrink = tables["shrink"][level][columns]
                decoded = table(dimension)[0][index].reshape(len(rows), -1) * shrink * left[columns]
                out[:, columns] += decoded
                left[columns] = left[columns] * tables["left"][level][columns]
            value[rows] = out
        return value
