"""What is measured on patches before training: the latents' order and spreads, and the levels' transforms and bits."""

import heapq
import os

import numpy as np
import torch

from .levels import (
    CODE_ERROR, LATENTS, LEADING, MAXIMUM_BITS, MIXED_BITS, run_lengths, standard_levels,
)
from .network import PATCH, Cosines

#: Prediction from neighbours takes this part of the spread of a component's lowest frequencies, by u + v.
PREDICTED = (0.67, 0.89, 0.95)
GRANULE = 4  # coefficients that get the same number of bits
LAMBDAS = np.exp(np.linspace(np.log(0.00004), np.log(0.6), 18))


def distribute(variance, budget, falling=True):
    """Bits per coefficient that sum to `budget`, in granules: each next bit goes where it saves most error."""
    count = len(variance) // GRANULE
    mean = variance[: count * GRANULE].reshape(count, GRANULE).mean(1)
    left = lambda bits: CODE_ERROR[bits] * 4.0**-bits if bits else 1.0
    bits = np.zeros(count, np.int64)
    heap = [(-mean[k] * (left(0) - left(1)), k) for k in range(count) if mean[k] > 0]
    heapq.heapify(heap)
    for _ in range(budget // GRANULE):
        if not heap:
            break
        _, k = heapq.heappop(heap)
        bits[k] += 1
        if bits[k] < MAXIMUM_BITS:
            heapq.heappush(heap, (-mean[k] * (left(bits[k]) - left(bits[k] + 1)), k))
    bits = -np.sort(-bits) if falling else bits
    return bits.repeat(GRANULE)


class Level:
    """Bits and transform of a level."""

    def __init__(self, bits, variance, rotation):
        #: Bits of coefficients, with zeros.
        self.bits = bits
        self.variance = variance
        #: [coefficients, leading], or None where coefficients are the latents.
        self.rotation = rotation

    @classmethod
    def fit(cls, z, weights, budget, mixes, luma):
        """The best level of a budget for patches z [n, latents] of these weights."""
        rows = weights.nonzero()[:, 0]
        part, w = z[rows], weights[rows, None] / weights.sum()
        if not mixes:
            variance = (part * part * w).sum(0)
            used = luma.nonzero()[:, 0] if luma is not None else torch.arange(LATENTS)
            bits = np.zeros(LATENTS, np.int64)
            bits[used] = distribute(variance[used].numpy(), budget, falling=False)
            return cls(bits, variance.clamp(min=1e-7), None)
        part = part[:, :LEADING] * (luma[:LEADING] if luma is not None else 1)
        values, vectors = torch.linalg.eigh((part * w).T @ part)
        values, vectors = values.flip(0), vectors.flip(1)
        bits = np.trim_zeros(distribute(values.numpy(), budget), "b")
        return cls(bits, values[: len(bits)].clamp(min=1e-7), vectors[:, : len(bits)].T.contiguous())

    def error(self, z, total):
        """[n]: squared errors of patches z whose squares sum to `total`."""
        if not len(self.bits):
            return total
        energy = (z[:, :LEADING] @ self.rotation.T) ** 2 if self.rotation is not None else z * z
        sent = torch.from_numpy(self.bits)
        result = total - (energy[:, : len(sent)] * (sent > 0)).sum(1)
        for bits in np.unique(self.bits[self.bits > 0]):
            places = (sent == int(bits)).nonzero()[:, 0]
            v, e = self.variance[places], energy[:, places]
            # The exact divergence lets the noise of a group grow with its energy.
            growth = torch.exp(((e / v).mean(1) - 1).clamp(max=2 * bits * 0.6931 - 0.3, min=-0.5))
            result = result + torch.minimum(growth * (v.sum() * CODE_ERROR[bits] * 4.0 ** -float(bits)), e.sum(1))
        return result


class Chooser:
    """Chooses levels by their bits and by what the level map will cost, estimated from what was chosen before."""

    def __init__(self, bits, usage=None):
        self.bits = bits
        self.usage = torch.full_like(bits, 1 / len(bits)) if usage is None else usage

    def map(self, distortions, shape, lagrange, rng=None):
        """Levels of this shape by Lagrangian choice from distortions [positions, levels]; some perturbed if rng is given."""
        cost = distortions + lagrange * (self.bits - self.usage.clamp(min=1 / 1024).log2())
        chosen = cost.argmin(1)
        share = torch.bincount(chosen, minlength=len(self.bits)) / len(chosen)
        self.usage += 0.002 * (share - self.usage)
        levels = chosen.numpy().reshape(shape)
        if rng is not None:
            perturbed = (cost * torch.from_numpy(rng.gamma(8.0, 1 / 8, cost.shape).astype(np.float32))).argmin(1)
            shake = rng.random(levels.shape) < 0.15
            levels = np.where(shake, perturbed.numpy().reshape(shape), levels)
        return levels


class Components:
    """The latents' order and spreads, and the levels found on training patches by Lloyd iterations."""

    def __init__(self, crops, file):
        if not os.path.exists(file):
            self._measure(crops, file, min(max(16 * len(crops), 2000), 50000))
        stored = torch.load(file, weights_only=False)
        self.order, self.spread, self.weights = stored["order"], stored["spread"], stored["weights"]
        self.levels, self.usage, self.luma = stored["levels"], stored["usage"], stored["luma"]
        self.runs = [run_lengths(level.bits) for level in self.levels]
        self.cosines = Cosines()
        self.cosines.order.copy_(self.order)

    def distortions(self, pixels):
        """[b, h/16, w/16, levels]: squared errors expected when positions of pictures [b, h, w, 3] are coded at each level."""
        z = self.cosines.analyze(pixels) * self.weights
        shape, z = z.shape[:3], z.reshape(-1, LATENTS)
        total = (z * z).sum(1)
        return torch.stack([level.error(z, total) for level in self.levels], 1).reshape(*shape, -1)

    def _measure(self, crops, file, patches):
        rng = np.random.default_rng(7)
        cosines = Cosines()
        rows, photographs = [], []
        while sum(map(len, rows)) < patches:
            part, drawn = crops.one(rng)
            part = torch.from_numpy(part.astype(np.float32) / 127.5 - 1)[None]
            x = cosines.analyze(part).reshape(-1, LATENTS)
            rows.append(x[torch.from_numpy(rng.permutation(len(x))[:16])])
            photographs.append(torch.full((len(rows[-1]),), not drawn))
        x, photographs = torch.cat(rows), torch.cat(photographs)
        spread = (x * x).mean(0).sqrt()
        order = ((x[photographs] ** 2).mean(0)).argsort(descending=True)
        frequency = order % 256 // 16 + order % 16
        weights = torch.ones(LATENTS)
        for sum_, factor in enumerate(PREDICTED):
            weights[frequency == sum_] = factor
        z = x[:, order] * weights
        levels, usage = lloyd(z, (order < 256).float(), photographs)
        stored = {"order": order, "spread": spread[order], "weights": weights, "levels": levels, "usage": usage}
        torch.save(stored | {"luma": [luma for _, luma in standard_levels()]}, file)


def spread_out(weights, total):
    """Weights [n] of patches that sum to 1, and a little of all patches, at the mean energy of these: a level must not fail what it
    was not fitted to."""
    n = len(weights)
    weights = weights / weights.sum() if weights.sum() >= 0.5 else torch.full((n,), 1 / n)
    return weights + 0.02 / n * ((weights * total).sum() / total.clamp(min=1e-6)).clamp(max=1)


def lloyd(z, luma, photographs, iterations=12, log=print):
    """Levels for coefficients z [n, latents], by alternating choice and fit, and how often each is chosen."""
    n = len(z)
    generator = torch.Generator().manual_seed(3)
    kinds = standard_levels()
    budgets = torch.tensor([float(b) for b, _ in kinds])
    total = (z * z).sum(1)
    distinct = sorted({b for b, _ in kinds})
    modes = [[j for j, (b, is_luma) in enumerate(kinds) if b == bits and not is_luma] for bits in distinct]
    # A start: patches on rate levels by their energy; modes differ in the directions patches lean to.
    rate_level = (total.argsort().argsort().float() / n * len(distinct)).long().clamp(max=len(distinct) - 1)
    direction = torch.stack([(z[:, 8:72] * torch.randn(64, generator=generator)).abs().sum(1) for _ in range(8)], 1)
    weights = torch.zeros(n, len(kinds))
    for k, bits in enumerate(distinct):
        places = torch.tensor([j for j, kind in enumerate(kinds) if kind[0] == bits])
        rows = (rate_level == k).nonzero()[:, 0]
        weights[rows, places[direction[rows, : len(places)].argmax(1)]] = 1
    side = torch.full((len(kinds),), 3.0)
    for iteration in range(iterations):
        levels = []
        for k, (bits, is_luma) in enumerate(kinds):
            # Levels of all components fit photographs: what is drawn is for the graphics layer.
            w = weights[:, k] if is_luma else weights[:, k] * photographs
            levels.append(Level.fit(z, spread_out(w, total), bits, bits <= MIXED_BITS, luma if is_luma else None))
        distortion = torch.stack([level.error(z, total) for level in levels], 1)
        weights = torch.zeros(n, len(kinds))
        report = []
        for lagrange in LAMBDAS:
            chosen = (distortion + lagrange * (budgets + side)).argmin(1)
            weights[torch.arange(n), chosen] += 1
            error = distortion[torch.arange(n), chosen].mean().item() / LATENTS
            rate = (budgets + side)[chosen].mean().item() / PATCH**2
            report.append((rate, 10 * np.log10(4 / error)))
        side = (weights.sum(0) / weights.sum()).clamp(min=1 / 1024).log2().neg()
        rates, ratios = zip(*sorted(report))
        log(
            f"levels, iteration {iteration}:",
            [round(float(np.interp(np.log(r), np.log(rates), ratios)), 2) for r in (0.125, 0.25, 0.5, 1, 2, 4)],
            flush=True,
        )
        if iteration < iterations - 3:
            begin_again(z, weights, side, modes, photographs, generator)
    return levels, 0.5**side


def begin_again(z, weights, side, modes, photographs, generator):
    """Gives levels that are hardly chosen patches that resemble each other, of those that chose about as many bits."""
    used = (weights * photographs[:, None]).sum(0)
    least = 0.25 * used.sum() / len(used)
    for place, group in enumerate(modes):
        near = [j for neighbour in modes[max(1, place - 1) : place + 2] for j in neighbour]
        pool = weights[:, near].sum(1) * photographs
        rows = (pool > 0).nonzero()[:, 0]
        if place == 0 or not len(rows):
            continue
        for k in group:
            if used[k] >= least:
                continue
            if len(group) == 1:
                weights[:, k] = pool
                continue
            some = rows[torch.randperm(len(rows), generator=generator)[:3000]]
            shape = z[some, :96].abs()
            shape = shape / shape.norm(dim=1, keepdim=True)
            like = some[(shape @ shape[0]).argsort(descending=True)[: max(1, len(some) // 4)]]
            weights[:, k] = 0
            weights[like, k] = pool[like]
            side[k] = side[group].min()
