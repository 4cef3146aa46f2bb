"""The real quantizer for validation: the best path through the trellis, by the project's own search."""

import ctypes
import functools
import glob
import hashlib
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch

from .divergence import BOUND, LOG_VARIANCE_BOUNDS, divergence_bits
from .network import join_tiles, split_tiles

_here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_here, "..", "golden"))
from trellis import trellis  # noqa: E402

STATE_BITS = 12
SEED = 0
STARTS = 256  # states that a path may begin in: one byte of the file says which


@functools.cache
def library():
    """The program's own search, compiled on first use; it needs clang, which comes with Swift."""
    source = os.path.join(_here, "..", "..", "Sources", "CKernels")
    files = sorted(glob.glob(os.path.join(source, "**", "*.[ch]"), recursive=True))
    digest = hashlib.sha256(b"".join(pathlib.Path(f).read_bytes() for f in files)).hexdigest()[:16]
    path = os.path.join(tempfile.gettempdir(), f"gqtrain-{os.getuid()}-{digest}.so")
    if not os.path.exists(path):
        swift = shutil.which("swift")
        beside = os.path.join(os.path.dirname(os.path.realpath(swift)), "clang") if swift else ""
        compiler = os.environ.get("CC") or shutil.which("clang") or beside
        made = f"{path}.{os.getpid()}"
        include = os.path.join(source, "include")
        sources = [os.path.join(source, name) for name in ("TrellisSearch.c", "InstructionSets.c")]
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-I", include, *sources, "-o", made], check=True)
        os.replace(made, path)
    return ctypes.CDLL(path)


@functools.cache
def noise():
    """What every state emits."""
    return trellis(STATE_BITS, SEED)


def search(mean, variance, bits, state=None):
    """The states of the best path for steps of `bits` bits from `state`, or from the best of the first `STARTS`."""
    pointer = lambda a: a.ctypes.data_as(ctypes.c_void_p)
    precision = 1 / variance
    linear, quadratic = (np.ascontiguousarray(a, np.float32) for a in (mean * precision, (precision - 1) / 2))
    bits = np.ascontiguousarray(bits, np.uint8)
    states = np.zeros(len(mean), np.uint32)
    start = ctypes.c_uint32(0 if state is None else state)
    status = library().gq_trellis_search(
        pointer(noise()), STATE_BITS, ctypes.c_size_t(len(mean)), pointer(bits), pointer(linear),
        pointer(quadratic), ctypes.c_uint32(STARTS if state is None else 1), ctypes.byref(start), pointer(states),
    )
    assert status == 0
    return states


def path_order(count):
    """The order in which a path passes through the coefficients of a tile: every step far from the one before, so that
    coefficients that want more bits than their step has lie beside others that want fewer."""
    stride = (618 * count + 999) // 1000
    while math.gcd(stride, count) != 1:
        stride += 1
    return np.arange(count) * stride % count


class RealCodes:
    """A `quantize` for `Codec.transmit` that sends real codewords. One for every batch of pictures.

    In training the gradient passes as if a codeword were a sample of the posterior: its distance to the mean counts
    as noise times the posterior's spread.
    """

    def __init__(self, model, statistics=True):
        self.model, self.statistics = model, statistics
        self.states = {}
        self.bits = []
        self.error = np.zeros((2, 9))

    def __call__(self, y, levels, tilts, log_variances, shape):
        model = self.model
        source = BOUND * torch.tanh(y / BOUND)
        bits = model.bits[levels]
        if log_variances is None:
            mean, log_variance = model.posterior(source, levels, tilts, shape)
        else:
            mean, log_variance = source, log_variances.clamp(*LOG_VARIANCE_BOUNDS)
        if self.statistics:
            sums, total = (
                split_tiles(v, shape, 0).sum(-1) for v in (divergence_bits(mean, log_variance) * (bits > 0), bits)
            )
            self.bits.append((sums / total)[total > 0])
        centre, spread = mean, torch.exp(0.5 * log_variance)
        mean, variance = mean.detach(), log_variance.detach().exp().clamp(min=1e-12)
        m, v, b = (split_tiles(x, shape, 0).numpy() for x in (mean, variance, bits))
        values = np.zeros(m.shape, np.float32)
        for tile in range(len(m)):
            used = np.flatnonzero(b[tile])
            if not len(used):
                continue
            order = used[path_order(len(used))]
            means, variances, steps = m[tile, order], v[tile, order], b[tile, order]
            states = search(means, variances, steps, self.states.get(tile))
            self.states[tile] = int(states[-1])
            values[tile, order] = noise()[states]
            if self.statistics:
                error = (noise()[states] - means) ** 2 / variances
                self.error[0] += np.bincount(steps, error, 9)
                self.error[1] += np.bincount(steps, minlength=9)
        value = join_tiles(torch.from_numpy(values), shape)
        noise_drawn = ((value - centre) / spread).detach()
        return (centre + spread * noise_drawn) * model.shrink(levels, tilts)
