"""Writes the golden vectors of Tests/GaussianQuantTests/Golden.

    python training/golden/make_golden.py Tests/GaussianQuantTests/Golden

Inputs and values are binary32 numbers given as their bit patterns, so nothing is lost in text.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch

from gaussian_quant import GaussianQuant, TargetDivergence

# name, dimension, size, shape, axis, and what differs from the usual.
CASES = [
    ("image-strided", 3, 128, [1, 12, 8, 8], 1, {}),
    ("image-contiguous", 3, 128, [2, 12, 4, 4], 1, {"grouping": "contiguous"}),
    ("vector", 8, 2, [48], 0, {}),
    ("vector-contiguous", 4, 128, [32], -1, {"grouping": "contiguous"}),
    ("rows-16-bit", 16, 65536, [6, 64], -1, {}),
    ("rows-16-bit-contiguous", 16, 65536, [3, 96], 1, {"grouping": "contiguous"}),
    ("middle-axis", 4, 65536, [4, 16, 6], 1, {}),
    ("rank-5", 1, 128, [2, 3, 2, 8, 2], 3, {}),
    ("rank-5-negative-axis", 4, 2, [2, 8, 2, 2, 3], -4, {"grouping": "contiguous"}),
    ("channels-last", 4, 65536, [1, 5, 5, 16], -1, {"grouping": "contiguous"}),
    ("first-axis", 8, 65536, [32, 3, 5], 0, {}),
    ("scalar-codewords", 1, 65536, [4, 20], 1, {}),
    ("one-bit-scalars", 1, 2, [64, 2], 1, {}),
    ("other-beta", 8, 128, [8, 32], 1, {"beta": 0.75}),
    ("other-beta-16-bit", 4, 65536, [6, 16], 1, {"beta": 1.25, "grouping": "contiguous"}),
    ("clamped", 3, 128, [5, 24], 1, {"clamped": True}),
    ("sobol", 3, 128, [1, 12, 6, 6], 1, {"source": "sobol", "seed": 42}),
    ("sobol-scalar", 1, 16, [40, 2], 1, {"source": "sobol", "seed": 42}),
    ("sobol-odd-size", 2, 1000, [30, 8], -1, {"source": "sobol", "seed": 7, "grouping": "contiguous"}),
    ("sobol-64", 64, 4096, [4, 128], 1, {"source": "sobol", "seed": 42}),
    ("three-codewords", 2, 3, [24, 8], 1, {}),
    ("seventeen-codewords", 3, 17, [24, 12], 1, {}),
    ("values", 2, 37, [24, 8], 1, {"source": "values"}),
    ("values-100", 4, 100, [2, 16, 5], 1, {"source": "values", "grouping": "contiguous"}),
    ("narrow-log-variances", 3, 128, [12, 12], 1, {"log_variances": [-4.0, -1.0]}),
    ("other-seed", 16, 128, [2, 2, 64, 2], 2, {"seed": 0x0123456789ABCDEF}),
]


# The same for samples and gradients.
SAMPLES = [
    ("image", 3, 128, [2, 12, 3, 2], 1, {}),
    ("rows", 4, 4096, [5, 16], -1, {"grouping": "contiguous", "sample_seed": 0x0123456789ABCDEF}),
    ("first-axis", 2, 16, [8, 3], 0, {"log_variances": [-5.0, 0.0], "sample_seed": 3}),
]


def bits(array):
    return np.ascontiguousarray(array, dtype="<f4").reshape(-1).view("<u4").tolist()


def posteriors(generator, shape, axis, dimension, size, clamped):
    """Means and log variances with about log2(size) bits per group, float32."""
    half = list(shape)
    half[axis] //= 2
    rate = math.log2(size) / dimension * generator.uniform(0.6, 1.4, half)
    variance = 2.0 ** (-2 * rate)
    mean = generator.standard_normal(half) * np.sqrt(1 - variance)
    log_variance = np.log(variance)
    if clamped:
        log_variance[generator.random(half) < 0.1] = -31.5
        log_variance[generator.random(half) < 0.1] = 21.0
    return np.concatenate([mean, log_variance], axis=axis).astype(np.float32)


def check_unambiguous(quantizer, indices, scores):
    """The runner-up lies clearly behind, or is the same codeword once more."""
    scores = scores.numpy()
    chosen = torch.movedim(indices, quantizer.axis, -1).reshape(-1).numpy()
    rows = np.arange(len(chosen))
    best = scores[rows, chosen]
    others = scores.copy()
    others[rows, chosen] = -np.inf
    runner_up = others.argmax(axis=1)
    codewords = quantizer.codewords.numpy()
    repeated = (codewords[runner_up] == codewords[chosen]).all(axis=1)
    margin = (best - others[rows, runner_up]) / (1 + np.abs(best))
    assert ((margin > 1e-9) | repeated).all(), margin.min()


def quantizer_case(name, dimension, size, shape, axis, options):
    options = dict(options)
    clamped = options.pop("clamped", False)
    generator = np.random.default_rng(sum(name.encode()))
    if options.get("source") == "values":
        options["codewords"] = (generator.standard_normal((size, dimension)) * 1.1).astype(np.float32)
    quantizer = GaussianQuant(dimension, size, axis, **options)
    z = torch.from_numpy(posteriors(generator, shape, axis, dimension, size, clamped))
    values, indices, scores = quantizer.quantize(z)
    check_unambiguous(quantizer, indices, scores)
    divergences = quantizer.divergences(z)
    target = TargetDivergence(size)
    return {
        "name": name,
        "dimension": dimension,
        "size": size,
        "seed": options.get("seed", 0),
        "source": options.get("source", "philox"),
        "codewords": bits(options.get("codewords", np.empty(0))),
        "logVariances": list(quantizer.log_variances),
        "beta": quantizer.beta,
        "grouping": quantizer.grouping,
        "axis": axis,
        "shape": shape,
        "input": bits(z.numpy()),
        "valuesShape": list(values.shape),
        "values": bits(values.numpy()),
        "indicesShape": list(indices.shape),
        "indices": indices.reshape(-1).tolist(),
        "mean": divergences.mean().item(),
        "minimum": divergences.min().item(),
        "maximum": divergences.max().item(),
        "loss": target.loss(divergences).item(),
    }


def sample_case(name, dimension, size, shape, axis, options):
    """A draw, what training asks of it, and the gradients that PyTorch's automatic differentiation gives."""
    options = dict(options)
    seed = options.pop("sample_seed", 0)
    generator = np.random.default_rng(sum(name.encode()))
    quantizer = GaussianQuant(dimension, size, axis, **options)
    data = posteriors(generator, shape, axis, dimension, size, True)
    z = torch.from_numpy(data).double().requires_grad_()
    sample, mean, deviation = quantizer.sample(z, seed)
    upstream = generator.standard_normal(sample.shape).astype(np.float32)
    gradient, = torch.autograd.grad((sample * torch.from_numpy(upstream)).sum(), z)
    target = TargetDivergence(size, tolerance=0.25)
    target.lam, target.lam_max, target.lam_min = 1.5, 3.0, 0.25
    loss = target.loss(quantizer.divergences(z))
    loss_gradient, = torch.autograd.grad(loss, z)
    return {
        "name": name,
        "dimension": dimension,
        "size": size,
        "grouping": quantizer.grouping,
        "logVariances": list(quantizer.log_variances),
        "axis": axis,
        "shape": shape,
        "sampleSeed": seed,
        "input": bits(data),
        "resultShape": list(sample.shape),
        "means": mean.reshape(-1).tolist(),
        "deviations": deviation.reshape(-1).tolist(),
        "values": sample.reshape(-1).tolist(),
        "gradient": bits(upstream),
        "inputGradient": gradient.reshape(-1).tolist(),
        "tolerance": target.tolerance,
        "weights": [target.lam, target.lam_max, target.lam_min],
        "loss": loss.item(),
        "lossGradient": loss_gradient.reshape(-1).tolist(),
    }


def training_case(name, size, steps, spread, shift, **options):
    """Batches of six groups that lie around the target or swing far beyond it."""
    generator = np.random.default_rng(sum(name.encode()))
    target = TargetDivergence(size, **options)
    batches, states = [], []
    for step in range(steps):
        centre = target.target + shift(step)
        batch = np.abs(np.round(centre + spread * generator.standard_normal(6), 3))
        kl2 = torch.from_numpy(batch)
        loss = target.loss(kl2).item()
        target.update(kl2)
        batches.append(batch.tolist())
        states.append([loss, target.lam, target.lam_max, target.lam_min])
    return {
        "name": name, "target": target.target, "tolerance": target.tolerance, "step": target.step,
        "lamRange": list(target.lam_range), "batches": batches, "states": states,
    }


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        text = json.dumps(quantizer_case(*case), separators=(",", ":"))
        (folder / f"quantizer-{case[0]}.json").write_text(text + "\n")
    for case in SAMPLES:
        text = json.dumps(sample_case(*case), separators=(",", ":"))
        (folder / f"sample-{case[0]}.json").write_text(text + "\n")
    runs = [
        training_case("around", 65536, 60, 1.0, lambda step: 2 * math.sin(step / 5)),
        training_case("limits", 65536, 780, 12.0, lambda step: 2.0, lam_range=(1e-3, 1e3)),
        training_case("other-steps", 4096, 40, 3.0, lambda step: 1.0, step=2.0, tolerance=0.75),
        training_case("on-target", 256, 20, 0.1, lambda step: 0.0),
    ]
    for run in runs:
        text = json.dumps(run, separators=(",", ":"))
        (folder / f"training-{run['name']}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
