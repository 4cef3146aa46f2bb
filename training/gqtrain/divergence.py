"""Posteriors whose divergence is exact by construction, and the published loss as the other choice."""

import math

import torch
import torch.nn.functional as F

BOUND = 8.0  # smooth bound on a latent's magnitude before quantization
LOG_VARIANCE_BOUNDS = (-30.0, 20.0)
NEVER = 1e4  # tilt of a coefficient that is not sent: its variance is 1, its mean 0
_STEPS = 6


def _terms(place, energy):
    """Divergence per coefficient in nats, and its derivative, for variances sigmoid(place)."""
    kept = torch.sigmoid(-place)
    divergence = 0.5 * (kept * (energy - 1) - F.logsigmoid(place))
    return divergence, -0.5 * kept * (kept + (1 - kept) * energy)


class ExactDivergence:
    """Solves for the posterior variances of groups so that their divergence is exactly their bits.

    With y the encoder's output for a group of coefficients and t the tilts that encoder and decoder know, the
    posterior has mean sqrt(1 - v) y and variance v = sigmoid(u + t), one u per group. The divergence from N(0, I) is
    the sum of [(1 - v)(y^2 - 1) - ln v] / 2 nats. It falls monotonically in u, from infinity to 0, so a solution
    always exists. A tilt of -2 ln s for a coefficient of spread s makes the noise of all coefficients alike where they
    can afford it: reverse water-filling, without a rate that would have to be sent. Newton's method finds u, on the
    divergence where it is too large and on its logarithm where it is too small, since the divergence falls about
    linearly and then exponentially; one more step with gradient gives the implicit derivative.
    """

    def __call__(self, energy, tilt, nats):
        """u + t for y^2 `energy` and tilts `tilt`, [n, width], where a tilt of `NEVER` leaves a coefficient out, and
        divergences `nats` [n]."""
        with torch.no_grad():
            nats = nats.clamp(min=1e-3)  # positions without bits have no coefficient to solve for
            used = tilt < NEVER / 2
            u = -(2 * nats + torch.where(used, tilt, 0).sum(-1)) / used.sum(-1).clamp(min=1)
            for step in range(_STEPS + 1):
                divergence, slope = (v.sum(-1) for v in _terms(u[:, None] + tilt, energy))
                slope = slope.clamp(max=-1e-20)
                if step == _STEPS:
                    break
                linear = ((divergence - nats) / -slope).clamp(max=4)
                logarithmic = divergence * torch.log(divergence.clamp(min=1e-20) / nats) / -slope
                u = u + torch.where(divergence > nats, linear, logarithmic)
        if torch.is_grad_enabled():
            excess = _terms(u[:, None] + tilt, energy)[0].sum(-1)
            u = u - (excess - excess.detach()) / slope
        return u[:, None] + tilt


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
