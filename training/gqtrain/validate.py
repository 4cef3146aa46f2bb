"""Distortions, and validation: dB and SSIMULACRA2 at fixed rates with real codewords and predicted levels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from . import visibility, visual
from .codes import RealCodes
from .levels import level_bits
from .network import PATCH, TUNINGS

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
FLOOR = 1e-5  # mean squared error of 56 dB: below this no more is asked for
MAP_FACTOR = 0.8  # coding the level map with contexts, relative to its zero-order entropy


def psnr(error):
    """dB from the mean squared error of samples in -1...1."""
    return -10 * np.log10(max(float(error), 1e-12) / 4)


def position_errors(a, b):
    """Mean squared error per latent position, [b, h/16, w/16]."""
    n, h, w, c = a.shape
    return ((a - b) ** 2).reshape(n, h // PATCH, PATCH, w // PATCH, PATCH, c).mean((2, 4, 5))


@dataclass(frozen=True)
class Distortion:
    """What a tuning is for."""

    #: (decoded, original) [b, h, w, 3] -> (distortion of each picture [b], of every position [b, h/16, w/16])
    measure: Callable
    #: (distortions [b], decoded, original) -> loss of each picture [b]
    loss: Callable
    #: What is reported of a mean distortion: dB, or a score
    quality: Callable
    #: Levels are chosen for the least sum of positions' distortions to this power.
    power: int
    #: Range of the Lagrange multipliers that levels are chosen with in training
    lambdas: tuple


def _squared(decoded, pixels):
    by_position = position_errors(decoded, pixels)
    return by_position.mean((1, 2)), by_position


def _visual(decoded, pixels):
    return visual.position_distortions(visual.Reference(pixels), decoded)


def _visual_loss(distortions, decoded, pixels):
    """A tenth of the score is worth about as much everywhere; a share of squared error keeps colours in place, one of the most
    visible blocks keeps single ones from standing out."""
    squares = ((decoded - pixels) ** 2).mean((1, 2, 3))
    return torch.log(distortions + 0.05) + 0.15 * torch.log(squares + FLOOR) + 0.12 * torch.log(visibility.norm(decoded, pixels) + 0.1)


DISTORTIONS = {
    "visual": Distortion(_visual, _visual_loss, lambda d: float(visual.score(d)), 2, (0.005, 2900.0)),
    "psnr": Distortion(_squared, lambda d, *_: torch.log(d + FLOOR), psnr, 1, (0.0006, 0.8)),
}
assert tuple(DISTORTIONS) == TUNINGS


def quantized(pixels):
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1


def choose(errors, bits, cost):
    """Levels of least error whose bits sum to at most `bits`; errors [levels, positions], cost [levels]."""
    low, high = 1e-9, 1e3
    best = np.zeros(errors.shape[1], np.int64)
    for _ in range(60):
        lagrange = np.sqrt(low * high)
        levels = (errors + lagrange * cost[:, None]).argmin(0)
        if cost[levels].sum() <= bits:
            best, high = levels, lagrange
        else:
            low = lagrange
    return best


def entropy(levels, count):
    """Zero-order entropy of a level map in bits: more than what coding it with contexts takes."""
    share = np.bincount(levels, minlength=count) / len(levels)
    return -np.sum(share[share > 0] * np.log2(share[share > 0])) * len(levels)


def fit(errors, rate, pixels, cost):
    """Levels whose bits and map together cost at most `rate` bits per pixel."""
    budget = rate * pixels - 500
    side = 3.0 * errors.shape[1]
    for _ in range(4):
        levels = choose(errors, budget - side, cost)
        side = entropy(levels, len(cost)) * MAP_FACTOR
    return choose(errors, budget - side, cost)


@torch.no_grad()
def validate(model, pictures, tunings=TUNINGS, rates=RATES):
    """Per picture a row: by tuning and rate (SSIMULACRA2, PSNR) with real codewords and levels by the predictor."""
    result = []
    cost = np.array(level_bits(model.config.runs), np.float64)
    for picture in pictures:
        pixels = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1)[None]
        linear, reference = model.linear(pixels), visual.Reference(pixels)
        row = {"bits": [], "error": 0}
        for name in tunings:
            tuning = torch.tensor([TUNINGS.index(name)])
            errors = np.moveaxis(model.predictor(linear, tuning)[0].exp().numpy(), -1, 0)
            flat = errors.reshape(len(cost), -1) ** DISTORTIONS[name].power
            row[name] = {}
            for rate in rates:
                levels = torch.from_numpy(fit(flat, rate, pixels[0, ..., 0].numel(), cost)).reshape(1, *errors.shape[1:])
                real = RealCodes(model)
                decoded = quantized(model(pixels, levels, tuning, real))
                score = float(visual.score(visual.distortions(reference, decoded)))
                row[name][rate] = (score, psnr(((decoded - pixels) ** 2).mean()))
                row["bits"] += real.bits
                row["error"] += real.error
        row["bits"] = torch.cat(row["bits"])
        result.append(row)
    return result


def summary(rows):
    """Means over pictures, as a dictionary of plain numbers."""
    mean = lambda values: round(float(np.mean(values)), 3)
    bits = torch.cat([r["bits"] for r in rows])
    error = sum(r["error"] for r in rows)
    result = {
        way: {k: [mean([r[way][k][j] for r in rows]) for j in (0, 1)] for k in rows[0][way]}
        for way in TUNINGS if way in rows[0]
    }
    return {
        **result,
        "bits": [mean(bits.numpy()), round(float(bits.min()), 3), round(float(bits.max()), 3)],
        "error": [round(float(v), 3) for v in (error[0] / np.maximum(error[1], 1))[1:]],
        "share": [round(float(v), 3) for v in (error[1] / error[1].sum())[1:]],
    }
