"""Bits by phase: of every level those that a trained model's coefficients want. Between two runs of training:

    python -m gqtrain.allocation --initial weights.safetensors --data folder --output weights.safetensors

Coefficients of the first phase, of which the prior knows the levels alone, want more of a level's bits for the first coefficients. What coefficients want
is the divergence that they have where it is exact for all of a position together, as if they were one group.
"""

import argparse
import dataclasses
import itertools
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

from .components import Chooser
from .data import Crops
from .divergence import bound, divergence_bits
from .export import read_weights, write_weights
from .levels import MAXIMUM_BITS, run_lengths
from .network import GROUP_ENDS, LATENTS, PHASES, TUNINGS, Codec, is_grey
from .train import make_maps

#: So many positions weigh as much as the bits that a level has.
PRIOR = 150


def isotonic(values):
    """The falling sequence nearest to these, by pooling adjacent violators."""
    pools = []
    for value in values:
        pools.append([value, 1])
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (a, m), (b, n) = pools.pop(), pools.pop()
            pools.append([(a * m + b * n) / (m + n), m + n])
    return np.array([value for value, count in pools for _ in range(count)])


def whole_bits(wanted, total):
    """Whole numbers of 0 to `MAXIMUM_BITS`, falling, of this sum, near to what falls likewise."""
    rounded = lambda shift: np.clip(np.floor(wanted + shift + 0.5), 0, MAXIMUM_BITS).astype(int)
    low, high = -float(MAXIMUM_BITS), float(MAXIMUM_BITS)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rounded(middle).sum() < total else (low, middle)
    bits, more = rounded(low), rounded(high)
    for k in np.nonzero(more > bits)[0][: total - bits.sum()]:
        bits[k] += 1
    assert bits.sum() == total
    return np.sort(bits)[::-1]


@torch.no_grad()
def measure(model, crops, batches, rng):
    """Sums of the divergences of coefficients [phases, levels, width], and of how many positions [phases, levels]."""
    groups = model.group.clone()
    model.group.zero_()
    levels = len(model.level_bits)
    sums = torch.zeros(len(PHASES), levels, LATENTS, dtype=torch.float64)
    counts = torch.zeros(len(PHASES), levels, dtype=torch.float64)
    chooser = Chooser(model.level_bits.float())
    options = argparse.Namespace(uniform=0.05, predicted=1.0)
    for _ in range(batches):
        pixels = torch.from_numpy(crops.batch(rng, 8))
        tunings = torch.arange(8) % len(TUNINGS)
        linear, features = model.linear(pixels), model.encoder.features(pixels)
        maps, _ = make_maps(rng, pixels, tunings, chooser, options, model.predictor(linear, tunings).exp(), None)
        keys, calls = model.keys(maps, tunings), itertools.count()

        def sample(x, bits, offsets, shape):
            phase, group = divmod(next(calls), len(GROUP_ENDS))
            if group == 0:
                mean, log_variance = model.posterior(bound(x), bits, offsets, shape)
                spent = (divergence_bits(mean, log_variance) * (bits > 0)).double()
                own = maps[:, PHASES[phase][0] :: 2, PHASES[phase][1] :: 2].reshape(-1)
                # Every level that sends anything sends the first coefficient, so columns begin with it.
                sums[phase].index_add_(0, own, F.pad(spent, (0, LATENTS - spent.shape[1])))
                counts[phase].index_add_(0, own, torch.ones(len(own), dtype=torch.float64))
            return model.sample(x, bits, offsets, shape)

        model.transmit(model.encode(features, linear, keys), keys, is_grey(pixels), sample)
    model.group.copy_(groups)
    return sums.numpy(), counts.numpy()


def allocated(model, sums, counts):
    """The model with the bits that were wanted; what a level no longer sends in any phase is left out."""
    runs = []
    for level, total in enumerate(model.level_bits.tolist()):
        phases = []
        for phase in range(len(PHASES)):
            bits = model.bits[phase, level].numpy()
            sent = np.nonzero(bits)[0]
            if len(sent):
                count = counts[phase, level]
                wanted = isotonic((sums[phase, level, sent] + PRIOR * bits[sent]) / (count + PRIOR))
                row = np.zeros(len(bits), int)
                row[sent] = whole_bits(wanted * total / wanted.sum(), total)
                phases.append(run_lengths(row))
            else:
                phases.append([])
        runs.append(phases)
    result = Codec(dataclasses.replace(model.config, runs=runs))
    state = model.state_dict()
    for name in ("transform.analysis", "transform.synthesis"):
        parts = state[name].split(model.transform.counts)
        state[name] = torch.cat([part[:count] for part, count in zip(parts, result.transform.counts)])
    result.load_state_dict(state)
    return result


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--initial", required=True, help="weights file of a trained model")
    p.add_argument("--data", required=True, help="folder of training pictures")
    p.add_argument("--output", required=True, help="weights file to write")
    p.add_argument("--batches", type=int, default=300)
    a = p.parse_args()
    torch.set_num_threads(1)
    model = read_weights(a.initial).eval()
    with tempfile.TemporaryDirectory() as folder:
        crops = Crops(a.data, f"{folder}/cache", 256, 1 / 6, 0.5)
        sums, counts = measure(model, crops, a.batches, np.random.default_rng(1))
    write_weights(allocated(model, sums, counts), a.output)


if __name__ == "__main__":
    main()
