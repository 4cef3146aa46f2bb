"""Posteriors whose divergence is exact by construction, and the published loss as the other choice."""

import math

import torch

from .levels import MAXIMUM_BITS

BOUND = 8.0  # smooth bound on a latent's magnitude before quantization
LOG_VARIANCE_BOUNDS = (-30.0, 20.0)
_TABLE = 2048


def _residual(log_variance, energy, target):
    """Zero where the divergence per dimension is `target` / 2 nats; falls as `log_variance` grows."""
    return (1 - log_variance.exp()) * (energy - 1) - log_variance - target


def _newton(log_variance, energy, target):
    slope = -log_variance.exp() * (energy - 1) - 1
    return log_variance - _residual(log_variance, energy, target) / slope


def _bisect(energy, target):
    low = torch.full_like(energy, -2 * float(target) - 10)
    high = torch.zeros_like(energy)
    for _ in range(70):
        middle = (low + high) / 2
        above = _residual(middle, energy, target) > 0
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    return (low + high) / 2


class ExactDivergence:
    """Solves for the posterior variance of a group so that its divergence is exactly its bits.

    With y the encoder's output for a group of m coefficients of b bits each, mu = sqrt(1 - v) y and sigma^2 = v,
    the divergence from N(0, I) is m/2 [(1 - v)(e - 1) - ln v] nats, e = |y|^2 / m. It falls monotonically in v,
    from infinity at 0 to 0 at 1, so a solution always exists. A table gives the start, Newton's method the rest,
    and one Newton step with gradient the implicit derivative.
    """

    def __init__(self):
        grid = torch.linspace(0, BOUND, _TABLE, dtype=torch.float64) ** 2
        self.targets = 2 * math.log(2.0) * torch.arange(MAXIMUM_BITS + 1).float()
        self.targets[0] = self.targets[1]
        self.tables = torch.stack([_bisect(grid, t).float() for t in self.targets])

    def __call__(self, energy, bits):
        """ln v for groups of mean energy `energy` (any shape) and bits per coefficient `bits` (same shape)."""
        target = self.targets[bits]
        with torch.no_grad():
            place = (energy.clamp(0, BOUND**2 - 1e-3).sqrt() * ((_TABLE - 1) / BOUND)).clamp(0, _TABLE - 1.001)
            cell = place.long()
            low = self.tables[bits, cell]
            high = self.tables[bits, cell + 1]
            start = low + (high - low) * (place - cell)
            start = _newton(start, energy, target).clamp(max=-1e-6)
        return _newton(start, energy, target).clamp(max=-1e-6)


def divergence_bits(mean, log_variance):
    """Divergence of N(mean, exp(log_variance)) from N(0, 1), in bits per dimension."""
    return 0.5 / math.log(2.0) * (mean**2 + log_variance.exp() - 1 - log_variance)


class TargetDivergence:
    """The published way to hold the divergence near log2 K: a loss with three adapting weights.

    Xu et al., Vector Quantization using Gaussian Variational Autoencoder, arXiv 2512.06609.
    """

    def __init__(self, bits=16, tolerance=0.5, weight=1e-3, factor=1.01):
        self.bits, self.tolerance, self.factor = float(bits), tolerance, factor
        self.weight, self.weight_min, self.weight_max = weight, 1.0, 1.0

    def loss(self, bits, share=None):
        """The loss for groups of these divergences; `share` weighs each entry (1 by default)."""
        above = (bits > self.bits + self.tolerance).to(bits)
        below = (bits < self.bits - self.tolerance).to(bits)
        weights = above * self.weight_max + (1 - above - below) + below * self.weight_min
        if share is None:
            return (weights * bits).mean() * self.weight
        return (share * weights * bits).sum() / share.sum() * self.weight

    def update(self, mean, low, high):
        """Moves each weight by the factor, after a step with these bits per group."""
        up = self.factor
        self.weight *= up if mean > self.bits else 1 / up
        self.weight_max *= up if high > self.bits + self.tolerance else 1 / up
        self.weight_max = min(max(self.weight_max, 1.0), 1e3)
        self.weight_min *= 1 / up if low < self.bits - self.tolerance else up
        self.weight_min = min(max(self.weight_min, 1e-3), 1.0)
