"""Validation: PSNR per level with sampled noise, and at fixed rates with real codewords and chosen levels."""

import numpy as np
import torch

from .codes import RealCodes
from .levels import INDICES, LEVELS
from .network import PATCH

RATES = (0.125, 0.25, 0.5, 1.0)
LEVEL_MAP_BITS = 1.9  # per position, about what the level map costs


def psnr(error):
    """dB from the mean squared error of samples in -1...1."""
    return -10 * np.log10(max(float(error), 1e-12) / 4)


def position_errors(a, b):
    """Mean squared error per latent position, [b, h/16, w/16]."""
    n, h, w, c = a.shape
    return ((a - b) ** 2).reshape(n, h // PATCH, PATCH, w // PATCH, PATCH, c).mean((2, 4, 5))


def quantized(pixels):
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1


def choose(errors, bits):
    """Levels of least error whose indices cost at most `bits`; errors [levels, positions]."""
    indices = np.array(INDICES, np.float64)
    low, high = 1e-9, 1e3
    best = np.zeros(errors.shape[1], np.int64)
    for _ in range(60):
        multiplier = np.sqrt(low * high)
        levels = (errors + multiplier * indices[:, None]).argmin(0)
        if indices[levels].sum() * 16 <= bits:
            best, high = levels, multiplier
        else:
            low = multiplier
    return best


@torch.no_grad()
def level_errors(model, pixels):
    """Errors per position for every level used alone, with sampled noise: [levels, h, w]."""
    rows, columns = pixels.shape[1] // PATCH, pixels.shape[2] // PATCH
    result = []
    for level in range(len(LEVELS)):
        levels = torch.full((1, rows, columns), level)
        result.append(position_errors(quantized(model(pixels, levels)), pixels)[0])
    return torch.stack(result).numpy()


@torch.no_grad()
def validate(model, pictures, rates=RATES, uniform=(4, 6, 8)):
    """Per picture a row: PSNR by level (noise), by rate (real codewords and noise), uniform levels with real ones."""
    result = []
    for picture in pictures:
        pixels = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1)[None]
        errors = level_errors(model, pixels)
        row = {"levels": [psnr(e.mean()) for e in errors], "rates": {}, "uniform": {}}
        count = errors[0].size
        flat = errors.reshape(len(LEVELS), -1)
        real = RealCodes(model)
        for rate in rates:
            budget = rate * pixels.shape[1] * pixels.shape[2] - LEVEL_MAP_BITS * count - 500
            levels = torch.from_numpy(choose(flat, budget)).reshape(1, *errors.shape[1:])
            coded = position_errors(quantized(model(pixels, levels, real)), pixels).mean()
            noisy = position_errors(quantized(model(pixels, levels)), pixels).mean()
            row["rates"][rate] = (psnr(coded), psnr(noisy))
        for level in uniform:
            levels = torch.full((1, *errors.shape[1:]), level)
            coded = position_errors(quantized(model(pixels, levels, real)), pixels).mean()
            row["uniform"][level] = (psnr(coded), row["levels"][level])
        row["bits"] = torch.cat(real.bits)
        row["used"] = real.used
        result.append(row)
    return result


def summary(rows):
    """Means over pictures, as a dictionary of plain numbers."""
    mean = lambda values: round(float(np.mean(values)), 3)
    bits = torch.cat([r["bits"] for r in rows])
    used = {m: mean(torch.stack([r["used"][m] for r in rows]).any(0).float().numpy()) for m in (4, 8, 16)}
    return {
        "levels": [mean([r["levels"][k] for r in rows]) for k in range(len(LEVELS))],
        "rates": {k: [mean([r["rates"][k][j] for r in rows]) for j in (0, 1)] for k in rows[0]["rates"]},
        "uniform": {k: [mean([r["uniform"][k][j] for r in rows]) for j in (0, 1)] for k in rows[0]["uniform"]},
        "bits": [mean(bits.numpy()), round(float(bits.min()), 3), round(float(bits.max()), 3)],
        "used": used,
    }
