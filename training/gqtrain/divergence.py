"""Posteriors whose divergence is exact by construction, and the published loss."""

import math

import torch

from . import native

#: About the largest coefficient: codewords end near 3.7.
BOUND = 3.5
NEVER = 1e4  # log-variance offset of a coefficient that is not sent: its variance is 1, its mean 0


def bound(x):
    """x / (1 + (x / BOUND)^8)^(1/8): bounds coefficients to what codewords reach."""
    x = x.clamp(-1e4 * BOUND, 1e4 * BOUND)
    ratio = (x / BOUND) ** 2
    ratio = ratio * ratio
    return x / torch.sqrt(torch.sqrt(torch.sqrt(1 + ratio * ratio)))


class _Offsets(torch.autograd.Function):
    """u + t, with the derivatives that the constraint implies."""

    @staticmethod
    def forward(context, squares, offsets, bits, nats):
        u = torch.from_numpy(native.solve(squares.numpy(), offsets.numpy(), bits.numpy(), nats.numpy()))
        place = u[:, None] + offsets
        kept = torch.sigmoid(-place)  # 1 - v
        context.save_for_backward(squares, kept)
        return place

    @staticmethod
    def backward(context, gradient):
        squares, kept = context.saved_tensors
        # Derivatives of the divergence sum of [(1 - v)(y^2 - 1) - ln v] / 2 by log-variance offsets and by squares.
        by_offset = -0.5 * kept * (kept + (1 - kept) * squares)
        along = (gradient.sum(-1) / by_offset.sum(-1).clamp(max=-1e-20))[:, None]
        return -0.5 * along * kept, gradient - along * by_offset, None, None


def exact_divergence(squares, offsets, bits, nats):
    """u + t for y^2 `squares` and log-variance offsets `offsets`, [n, width], where `bits` (uint8) of 0 leave a coefficient out and its
    offset is `NEVER`, and divergences `nats` [n].

    With y the encoder's output for a group of coefficients and t the log-variance offsets that encoder and decoder know, the
    posterior has mean sqrt(1 - v) y and variance v = sigmoid(u + t), one u per group. The divergence from N(0, I) is
    the sum of [(1 - v)(y^2 - 1) - ln v] / 2 nats. It falls monotonically in u, from infinity to 0, so a solution
    always exists. An offset of -2 ln s for a coefficient of spread s makes the noise of all coefficients alike where they
    can afford it: reverse water-filling, without a rate that would have to be sent.
    """
    return _Offsets.apply(squares, offsets, bits, nats)


def divergence_bits(mean, log_variance):
    """Divergence of N(mean, exp(log_variance)) from N(0, 1), in bits per dimension."""
    return 0.5 / math.log(2.0) * (mean**2 + log_variance.exp() - 1 - log_variance)
