"""The real quantizer for validation: the best path through the trellis, by the project's own search."""

import ctypes
import functools
import glob
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch

from .divergence import BOUND, LOG_VARIANCE_BOUNDS, divergence_bits

_here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_here, "..", "golden"))
from trellis import trellis  # noqa: E402

STATE_BITS = 12
SEED = 0
TILE = 16  # positions along a tile's side


@functools.cache
def library():
    """The program's own search, compiled on first use; it needs clang, which comes with Swift."""
    source = os.path.join(_here, "..", "..", "Sources", "CGaussianSearch")
    files = sorted(glob.glob(os.path.join(source, "*.[ch]")))
    digest = hashlib.sha256(b"".join(pathlib.Path(f).read_bytes() for f in files)).hexdigest()[:16]
    path = os.path.join(tempfile.gettempdir(), f"gqtrain-{os.getuid()}-{digest}.so")
    if not os.path.exists(path):
        swift = shutil.which("swift")
        beside = os.path.join(os.path.dirname(os.path.realpath(swift)), "clang") if swift else ""
        compiler = os.environ.get("CC") or shutil.which("clang") or beside
        made = f"{path}.{os.getpid()}"
        include = os.path.join(source, "include")
        sources = [f for f in files if f.endswith(".c")]
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-I", include, *sources, "-o", made], check=True)
        os.replace(made, path)
    return ctypes.CDLL(path)


@functools.cache
def noise():
    """What every state emits."""
    return trellis(STATE_BITS, SEED)


def search(mean, variance, bits, state):
    """The states of the best path, for steps of `bits` bits from `state`."""
    pointer = lambda a: a.ctypes.data_as(ctypes.c_void_p)
    precision = 1 / variance
    linear, quadratic = (np.ascontiguousarray(a, np.float32) for a in (mean * precision, (precision - 1) / 2))
    bits = np.ascontiguousarray(bits, np.uint8)
    states = np.zeros(len(mean), np.uint32)
    instructions = max(k for k in range(3) if library().gaussian_search_supports(k))
    status = library().gaussian_trellis_search(
        instructions, pointer(noise()), STATE_BITS, ctypes.c_size_t(len(mean)), pointer(bits), pointer(linear),
        pointer(quadratic), ctypes.c_uint32(state), pointer(states),
    )
    assert status == 0
    return states


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

    def __call__(self, y, levels, log_variances, shape):
        model = self.model
        source = BOUND * torch.tanh(y / BOUND)
        bits = model.bits[levels].numpy()
        if log_variances is None:
            mean, log_variance = model.posterior(source, levels)
        else:
            mean, log_variance = source, log_variances.clamp(*LOG_VARIANCE_BOUNDS)
        if self.statistics:
            groups = model.group_sums(divergence_bits(mean, log_variance), levels) / (
                (model.end - model.start)[levels] * model.bits[levels]
            ).clamp(min=1)
            self.bits.append(groups[model.bits[levels] > 0])
        centre, spread = mean, torch.exp(0.5 * log_variance)
        mean, variance = mean.detach().numpy(), log_variance.detach().exp().numpy()
        value = np.zeros(y.shape, np.float32)
        side = TILE // 2
        grid = np.arange(len(y)).reshape(shape)
        tiles = [
            (k, r, c) for k in range(shape[0]) for r in range(0, shape[1], side) for c in range(0, shape[2], side)
        ]
        for key in tiles:
            k, r, c = key
            rows = grid[k, r : r + side, c : c + side].reshape(-1)
            steps = bits[rows]
            used = steps > 0
            if not used.any():
                continue
            m, v = mean[rows][used], variance[rows][used]
            states = search(m, v, steps[used], self.states.get(key, 0))
            self.states[key] = int(states[-1])
            part = np.zeros(steps.shape, np.float32)
            part[used] = noise()[states]
            value[rows] = part
            if self.statistics:
                for b in range(1, 9):
                    one = steps[used] == b
                    self.error[0, b] += ((noise()[states] - m) ** 2 / v)[one].sum()
                    self.error[1, b] += one.sum()
        value = torch.from_numpy(value)
        noise_drawn = ((value - centre) / spread).detach()
        return (centre + spread * noise_drawn) * model.shrink[levels]
