"""GaussianQuant in PyTorch, binary64, formula by formula as published.

Xu et al., "Vector Quantization using Gaussian Variational Autoencoder", arXiv 2512.06609. This is
the reference that the Swift library is tested against; it is written for clarity, not for speed.
"""

import math

import torch
from torch.distributions import Normal

from codebook import codebook, normal_quantile, philox
from sobol import sobol_codebook

LOG_VARIANCE_RANGE = (-30.0, 20.0)
SAMPLES = 0x4751534E  # "GQSN": the counter's last word.


class GaussianQuant:
    """Quantizes arrays that hold means and then log variances along one axis."""

    def __init__(
        self, dimension, size, axis, seed=0, beta=1.0, grouping="strided", source="philox", codewords=None,
        log_variances=LOG_VARIANCE_RANGE,
    ):
        self.dimension = dimension
        self.size = size
        self.axis = axis
        self.beta = beta
        self.grouping = grouping
        self.log_variances = log_variances
        # [size, dimension]
        if source == "values":
            values = codewords
        else:
            values = (sobol_codebook if source == "sobol" else codebook)(dimension, size, seed)
        self.codewords = torch.from_numpy(values)

    def _to_groups(self, channels):
        """[rows, C] to [rows, groups, dimension]."""
        if self.grouping == "strided":
            return channels.reshape(channels.shape[0], self.dimension, -1).permute(0, 2, 1)
        return channels.reshape(channels.shape[0], -1, self.dimension)

    def _from_groups(self, groups):
        """[rows, groups, dimension] to [rows, C]."""
        if self.grouping == "strided":
            groups = groups.permute(0, 2, 1)
        return groups.reshape(groups.shape[0], -1)

    def posterior(self, z):
        """Mean, log variance, variance [rows, groups, dimension], and the other extents."""
        z = torch.movedim(z.double(), self.axis, -1)
        mean, log_variance = z.reshape(-1, z.shape[-1]).chunk(2, dim=-1)
        log_variance = torch.clamp(log_variance, *self.log_variances)
        mean, log_variance = self._to_groups(mean), self._to_groups(log_variance)
        return mean, log_variance, torch.exp(log_variance), z.shape[:-1]

    def divergences(self, z):
        """Bits of every group, [rows, groups]."""
        mean, log_variance, variance, _ = self.posterior(z)
        return torch.sum(1.4426 * 0.5 * (torch.pow(mean, 2) + variance - 1.0 - log_variance), dim=2)

    def sample(self, z, seed):
        """A draw from the posteriors with the noise of a seed, and its means and deviations, all with half the channels."""
        z = torch.movedim(z.double(), self.axis, -1)
        mean, log_variance = z.chunk(2, dim=-1)
        deviation = torch.exp(0.5 * torch.clamp(log_variance, *self.log_variances))
        mean, deviation = (torch.movedim(part, -1, self.axis) for part in (mean, deviation))
        count = mean.numel()
        blocks = torch.arange((count + 3) // 4).numpy()
        words = philox((blocks, 0, 0, SAMPLES), (seed & 0xFFFFFFFF, seed >> 32))
        uniform = (torch.tensor([list(map(int, word)) for word in words]).T.reshape(-1)[:count].numpy() + 0.5) * 2.0**-32
        noise = torch.from_numpy(normal_quantile(uniform).astype("float32")).reshape(mean.shape)
        return mean + noise.double() * deviation, mean, deviation

    def scores(self, z):
        """Log ratios of every group and codeword [rows * groups, size], and the number of
        groups along the axis and the other extents."""
        mean, _, variance, extents = self.posterior(z)
        means = mean.reshape(-1, 1, self.dimension)
        deviations = variance.sqrt().reshape(-1, 1, self.dimension)
        samples = self.codewords.double()[None]
        prior = Normal(torch.zeros(self.dimension).double(), torch.ones(self.dimension).double())
        prior_log_prob = prior.log_prob(samples)
        scores = []
        for part in zip(means.split(16), deviations.split(16)):  # To bound the memory.
            log_ratios = Normal(*part).log_prob(samples) - prior_log_prob * self.beta
            scores.append(log_ratios.sum(dim=2))
        return torch.cat(scores), mean.shape[1], extents

    def quantize(self, z):
        """Values, indices and, for checking, the scores [groups in all, size]."""
        scores, group_count, extents = self.scores(z)
        # NumPy promises the first of equal maxima.
        indices = torch.from_numpy(scores.numpy().argmax(axis=1)).reshape(*extents, group_count)
        indices = torch.movedim(indices, -1, self.axis)
        return self.indices_to_codes(indices), indices, scores

    def indices_to_codes(self, indices):
        """The values that belong to indices; inverse of the second result of ``quantize``."""
        indices = torch.movedim(indices, self.axis, -1)
        values = self.codewords[indices.reshape(-1, indices.shape[-1])]
        values = self._from_groups(values).reshape(*indices.shape[:-1], -1)
        return torch.movedim(values, -1, self.axis)


class TargetDivergence:
    """The published loss with its three weights ``lam``, ``lam_max`` and ``lam_min``."""

    def __init__(self, size, tolerance=0.5, step=1.01, lam_range=(1e-7, 1e7)):
        # The published code rounds this down.
        self.target = math.log2(size)
        self.tolerance = tolerance
        self.step = step
        self.lam_range = lam_range
        self.lam = self.lam_max = self.lam_min = 1.0

    def loss(self, kl2):
        above = (kl2 > self.target + self.tolerance).type(kl2.dtype) * self.lam_max
        inside = (kl2 <= self.target + self.tolerance).type(kl2.dtype) * (
            kl2 >= self.target - self.tolerance
        ).type(kl2.dtype)
        below = (kl2 < self.target - self.tolerance).type(kl2.dtype) * self.lam_min
        return torch.mean(above * kl2 + inside * kl2 + below * kl2) * self.lam

    def update(self, kl2):
        self.lam *= self.step if kl2.mean() > self.target else 1 / self.step
        self.lam_max *= self.step if kl2.max() > self.target + self.tolerance else 1 / self.step
        self.lam_max = min(max(self.lam_max, 1.0), self.lam_range[1])
        self.lam_min *= 1 / self.step if kl2.min() < self.target - self.tolerance else self.step
        self.lam_min = min(max(self.lam_min, self.lam_range[0]), 1.0)
