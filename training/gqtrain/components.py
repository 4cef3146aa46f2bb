"""What is measured on patches before training: principal components, and the levels' transforms and bits."""

import heapq
import os

import numpy as np
import torch

from .levels import CODE_ERROR, LATENTS, MAXIMUM_BITS, RUNGS, VARIANTS, run_lengths
from .network import PATCH, PATCH_VALUES

#: Prediction from neighbours takes this part of the first components' spread.
PREDICTED = ((slice(0, 3), 0.67), (slice(3, 8), 0.89))
GRANULE = 4  # coefficients that get the same number of bits
MULTIPLIERS = np.exp(np.linspace(np.log(0.0003), np.log(0.6), 14))


def patches(picture):
    """[h, w, 3] -> [h/16, w/16, 768]"""
    h, w = picture.shape[0] // PATCH, picture.shape[1] // PATCH
    picture = picture[: h * PATCH, : w * PATCH]
    return picture.reshape(h, PATCH, w, PATCH, 3).transpose(0, 2, 1, 3, 4).reshape(h, w, PATCH_VALUES)


def distribute(variance, budget):
    """Bits per coefficient, falling, that sum to `budget`: each next bit goes where it saves most error."""
    count = len(variance) // GRANULE
    mean = variance[: count * GRANULE].reshape(count, GRANULE).mean(1)
    left = lambda bits: CODE_ERROR[bits] * 4.0**-bits if bits else 1.0
    bits = np.zeros(count, np.int64)
    heap = [(-mean[k] * (left(0) - left(1)), k) for k in range(count)]
    heapq.heapify(heap)
    for _ in range(budget // GRANULE):
        _, k = heapq.heappop(heap)
        bits[k] += 1
        if bits[k] < MAXIMUM_BITS:
            heapq.heappush(heap, (-mean[k] * (left(bits[k]) - left(bits[k] + 1)), k))
    return -np.sort(-bits).repeat(GRANULE)


def level_distortions(energy_of, rest, levels):
    """[n, levels]: squared errors; energy_of(level) gives the squared coefficients [n, count] of a level."""
    result = []
    for level, (runs, variance) in enumerate(levels):
        total = rest
        energy = energy_of(level)
        if energy is None:
            result.append(rest)
            continue
        total = total - energy.sum(1)
        place = 0
        for bits, count in runs:
            span = slice(place, place + count)
            v, e = variance[span], energy[:, span]
            # The exact divergence lets the noise of a group grow with its energy.
            mean = (e / v).mean(1)
            growth = torch.exp((mean - 1).clamp(max=2 * bits * 0.6931 - 0.3, min=-0.5))
            noise = growth * (v.sum() * CODE_ERROR[bits] * 4.0**-bits)
            total = total + torch.minimum(noise, e.sum(1))
            place += count
        result.append(total)
    return torch.stack(result, 1)


class Chooser:
    """Chooses levels by their bits and by what the level map will cost, estimated from what was chosen before."""

    def __init__(self, bits, usage=None):
        self.bits = bits
        self.usage = torch.full_like(bits, 1 / len(bits)) if usage is None else usage

    def map(self, distortions, shape, multiplier, rng=None):
        """Levels of this shape by Lagrangian choice from distortions [positions, levels]; some shaken if rng is given."""
        cost = distortions + multiplier * (self.bits - self.usage.clamp(min=1 / 512).log2())
        chosen = cost.argmin(1)
        share = torch.bincount(chosen, minlength=len(self.bits)) / len(chosen)
        self.usage += 0.002 * (share - self.usage)
        levels = chosen.numpy().reshape(shape)
        if rng is not None:
            shaken = (cost * torch.from_numpy(rng.gamma(8.0, 1 / 8, cost.shape).astype(np.float32))).argmin(1)
            shake = rng.random(levels.shape) < 0.15
            levels = np.where(shake, shaken.numpy().reshape(shape), levels)
        return levels


class Components:
    """Principal components of training patches and the levels found on them by Lloyd iterations."""

    def __init__(self, crops, file):
        if not os.path.exists(file):
            self._measure(crops, file)
        stored = np.load(file, allow_pickle=True)
        self.mean, self.basis, self.spread = stored["mean"], stored["basis"], stored["spread"]
        self.runs = [[tuple(int(v) for v in r) for r in level] for level in stored["runs"]]
        self.rotations = list(stored["rotations"])  # per level [count, latents]
        self.variances = list(stored["variances"])  # per level [count]
        self.usage = torch.from_numpy(0.5 ** stored["side"])
        weights = np.ones(LATENTS, np.float32)
        for span, factor in PREDICTED:
            weights[span] = factor
        self._analysis = torch.from_numpy((self.basis * weights).astype(np.float32))
        self._joined = torch.from_numpy(np.concatenate([r for r in self.rotations if len(r)])).T.contiguous()
        self._weights = weights

    def distortions(self, picture):
        """[h/16 * w/16, levels] squared errors expected when a picture's positions are coded at each level."""
        x = torch.from_numpy(patches(picture).reshape(-1, PATCH_VALUES) - self.mean)
        z = x @ self._analysis
        rest = (x * x).sum(1) - ((x @ torch.from_numpy(self.basis)) ** 2).sum(1) + (z * z).sum(1)
        energy = (z @ self._joined) ** 2
        offsets = np.cumsum([0] + [len(r) for r in self.rotations])
        levels = [(runs, torch.from_numpy(v)) for runs, v in zip(self.runs, self.variances)]
        return level_distortions(
            lambda k: energy[:, offsets[k] : offsets[k + 1]] if len(self.rotations[k]) else None, rest, levels
        )

    def _measure(self, crops, file):
        rng = np.random.default_rng(7)
        rows = []
        for k in range(len(crops)):
            picture = crops.picture(k).astype(np.float32) / 127.5 - 1
            for turn in range(2):
                y, x = rng.integers(PATCH, size=2)
                part = np.rot90(picture[y:, x:], rng.integers(4))
                p = patches(part).reshape(-1, PATCH_VALUES)
                rows.append(p[rng.permutation(len(p))[:16]])
        x = np.concatenate(rows)
        mean = x.mean(0)
        x = torch.from_numpy(x - mean)
        values, vectors = torch.linalg.eigh(x.T @ x / len(x))
        values, vectors = values.flip(0), vectors.flip(1)
        basis, spread = vectors[:, :LATENTS].contiguous(), values[:LATENTS].sqrt()
        z = x @ basis
        rest = (x * x).sum(1) - (z * z).sum(1)
        for span, factor in PREDICTED:
            z[:, span] *= factor
        runs, rotations, variances, side = lloyd(z, rest)
        pack = lambda items: np.array([*items, None], dtype=object)[:-1]
        np.savez(
            file,
            mean=mean,
            basis=basis.numpy(),
            spread=spread.numpy(),
            runs=pack(runs),
            rotations=pack([r.numpy() for r in rotations]),
            variances=pack([v.numpy() for v in variances]),
            side=side.numpy(),
        )


def lloyd(z, rest, iterations=10, log=print):
    """Levels for coefficients z [n, latents]: runs, rotations and variances by alternating choice and fit."""
    n, latents = z.shape
    generator = torch.Generator().manual_seed(3)
    budgets = [r for r, v in zip(RUNGS, VARIANTS) for _ in range(v)]
    first = np.cumsum([0, *VARIANTS])
    total = (z * z).sum(1)
    rank = total.argsort().argsort().float() / n
    rung = (rank * len(RUNGS)).long().clamp(max=len(RUNGS) - 1)
    # A start: variants differ in the directions their patches lean to.
    lean = torch.stack([(z[:, 8:72] * torch.randn(64, generator=generator)).abs().sum(1) for _ in range(max(VARIANTS))], 1)
    weights = torch.zeros(n, len(budgets))
    for k, count in enumerate(VARIANTS):
        rows = (rung == k).nonzero()[:, 0]
        weights[rows, first[k] + lean[rows, :count].argmax(1)] = 1
    side = torch.full((len(budgets),), 3.0)
    bits = torch.tensor([float(b) for b in budgets])
    for iteration in range(iterations):
        levels = []
        for level, budget in enumerate(budgets):
            if budget == 0:
                levels.append(([], torch.zeros(0), torch.zeros(0, latents)))
                continue
            w = weights[:, level]
            if w.sum() < 300:
                w = w + 0.02 * torch.rand(n, generator=generator)
            rows = w.nonzero()[:, 0]
            part = z[rows]
            covariance = (part * w[rows, None]).T @ part / w.sum() + 1e-7 * torch.eye(latents)
            values, vectors = torch.linalg.eigh(covariance)
            values, vectors = values.flip(0), vectors.flip(1)
            runs = run_lengths(distribute(values.numpy(), budget))
            count = sum(c for _, c in runs)
            levels.append((runs, values[:count].contiguous(), vectors[:, :count].T.contiguous()))
        distortion = level_distortions(
            lambda k: (z @ levels[k][2].T) ** 2 if len(levels[k][1]) else None, rest + total,
            [(runs, values) for runs, values, _ in levels],
        )
        weights = torch.zeros(n, len(budgets))
        report = []
        for multiplier in MULTIPLIERS:
            chosen = (distortion + multiplier * (bits + side)).argmin(1)
            weights[torch.arange(n), chosen] += 1
            error = distortion[torch.arange(n), chosen].mean().item() / PATCH_VALUES
            rate = (bits + side)[chosen].mean().item() / PATCH**2
            report.append((rate, 10 * np.log10(4 / error)))
        side = (weights.sum(0) / weights.sum()).clamp(min=1 / 512).log2().neg()
        rates, ratios = zip(*sorted(report))
        log(
            f"levels, iteration {iteration}:",
            [round(float(np.interp(np.log(r), np.log(rates), ratios)), 2) for r in (0.125, 0.25, 0.5, 1.0, 2.0)],
            flush=True,
        )
    return [l[0] for l in levels], [l[2] for l in levels], [l[1] for l in levels], side
