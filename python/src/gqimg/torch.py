"""GaussianQuant for PyTorch, with the interface of the published module (arXiv 2512.06609).

    gq = GaussianQuant(dim=3, dim_idx=1, codebook_size=128)
    zhat, log = gq(z)               # z: means, then as many log variances, along axis dim_idx
    log["kl-loss"].backward()
    same = gq.indices_to_codes(log["indices"])

Where it deviates from the published code:

- Codebooks beside the published one: `codebook="philox"` is that of `gqimg.GaussianQuant` and the Swift library, and a
  tensor [codebook_size, dim] is used as it is.
- Scores are those of the Swift library, in float64, and so are the indices; the published code uses float32, where
  codewords that are nearly as good can change places.
- The factors `lam`, `lam_min` and `lam_max` move in training only (the published ones in evaluation too), and `lam_max`
  also falls: in the published code the line that would lower it has no effect.
- The target is log2 of the codebook's size; the published code rounds it down.
- Inputs of fewer than eight groups are quantized; the published code stops at them. Means that are not finite and log
  variances that are not numbers raise ValueError when the codebook is searched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

# The published value of log2(e).
BITS_PER_NAT = 1.4426
# Scores buffered at a time.
SCORES_AT_A_TIME = 1 << 22


def sobol_codebook(size: int, dimension: int, seed: int = 42) -> Tensor:
    """The published codebook [size, dimension]: scrambled Sobol points through the normal distribution's quantiles."""
    from scipy.stats import norm

    points = torch.quasirandom.SobolEngine(dimension, scramble=True, seed=seed).draw(size)
    values = torch.from_numpy(norm.ppf(points.numpy())).float()
    if not torch.isfinite(values).all():
        raise ValueError(f"a Sobol point of seed {seed} lies on the edge of the cube; choose another seed")
    return values


def philox_codebook(size: int, dimension: int, seed: int = 0) -> Tensor:
    """The codebook [size, dimension] of `gqimg.GaussianQuant` and the Swift library."""
    from .quantizer import GaussianQuant as Native

    return torch.from_numpy(Native(dimension, size, seed).codebook)


def nearest(means: Tensor, variances: Tensor, codebook: Tensor, beta: float = 1.0) -> Tensor:
    """Indices [n] of the codewords that are likeliest for means and variances [n, dimension] relative to the prior.

    The score is that of the Swift library, with the same operations in the same order: for each element c of a codeword
    c * (mean / variance + c * (beta - 1 / variance) / 2), summed up from the first on; the first of equals is taken.
    """
    precision = 1 / variances.double()
    linear, quadratic = means.double() * precision, (beta - precision) / 2
    code = codebook.double()
    found = torch.empty(len(means), dtype=torch.long, device=means.device)
    step = max(1, SCORES_AT_A_TIME // len(code))
    for start in range(0, len(means), step):
        rows = slice(start, start + step)
        scores = torch.zeros(len(linear[rows]), len(code), dtype=torch.float64, device=means.device)
        for d in range(code.shape[1]):
            value = code[:, d]
            scores += value * (linear[rows, d, None] + value * quadratic[rows, d, None])
        found[rows] = scores.argmax(1)
    return found


class GaussianQuant(nn.Module):
    """Quantizes a Gaussian VAE's posteriors; in training it also gives the loss that suits them to the codebook.

    dim: elements of a group. dim_idx: the axis of the channels, 2 * dim * groups of them. codebook_size: from 2 on.
    logvar_range: what log variances are clamped to. tolerance: bits around log2 of the size that count as on target.
    lam_factor: what the loss's factors move by at each step. lam_range: what lam_min and lam_max are kept in. seed: of
    the codebook. beta: weight of the prior in the score. use_ste: give codewords with the sample's gradient, always;
    else a sample in training and codewords in evaluation. codebook: "sobol", "philox" or a tensor [codebook_size, dim].
    """

    prior_samples: Tensor

    def __init__(
        self, dim: int, dim_idx: int, codebook_size: int, logvar_range: Sequence[float] = (-30.0, 20.0),
        tolerance: float = 0.5, lam_factor: float = 1.01, seed: int = 42, beta: float = 1.0, use_ste: bool = True, *,
        lam_range: Sequence[float] = (1e-7, 1e7), codebook: str | Tensor = "sobol",
    ) -> None:
        super().__init__()
        if dim < 1 or codebook_size < 2:
            raise ValueError(f"dim is {dim} and codebook_size {codebook_size}; expected at least 1 and 2")
        if not logvar_range[0] <= logvar_range[1] or not 0 < lam_range[0] <= 1 <= lam_range[1]:
            raise ValueError(f"logvar_range is {logvar_range} and lam_range {lam_range}; expected (low, high), 1 within lam_range")
        if not math.isfinite(beta) or not lam_factor >= 1:
            raise ValueError(f"beta is {beta} and lam_factor {lam_factor}; expected a finite number and one of at least 1")
        self.dim, self.dim_idx, self.n_samples, self.seed, self.beta = dim, dim_idx, codebook_size, seed, beta
        self.logvar_range, self.tolerance, self.use_ste = tuple(logvar_range), tolerance, use_ste
        self.lam_factor, self.lam_range = lam_factor, tuple(lam_range)
        self.lam = self.lam_min = self.lam_max = 1.0
        self.log_n_samples = math.log2(codebook_size)
        if isinstance(codebook, Tensor):
            if codebook.shape != (codebook_size, dim) or not torch.isfinite(codebook).all():
                raise ValueError(f"the codebook is {tuple(codebook.shape)}; expected finite values [{codebook_size}, {dim}]")
            values = codebook.detach().float().clone()
        elif codebook == "sobol":
            values = sobol_codebook(codebook_size, dim, seed)
        elif codebook == "philox":
            values = philox_codebook(codebook_size, dim, seed)
        else:
            raise ValueError(f'the codebook is {codebook!r}; expected "sobol", "philox" or a tensor')
        self.register_buffer("prior_samples", values, persistent=False)

    def _posterior(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Means and clamped log variances with the channels last."""
        z = torch.movedim(z, self.dim_idx, -1)
        if z.shape[-1] == 0 or z.shape[-1] % (2 * self.dim):
            raise ValueError(f"there are {z.shape[-1]} channels; expected a positive multiple of {2 * self.dim}")
        mu, logvar = z.chunk(2, -1)
        return mu, logvar.clamp(*self.logvar_range)

    def _back(self, values: Tensor) -> Tensor:
        return torch.movedim(values, -1, self.dim_idx)

    def _groups(self, channels: Tensor) -> Tensor:
        """[..., channels] to [..., groups, dim]: of N groups, group g takes the channels g, g + N and so on."""
        groups: Tensor = channels.unflatten(-1, (self.dim, -1)).transpose(-1, -2)
        return groups

    def quant_gaussian(self, z: Tensor) -> tuple[Tensor, dict[str, Any]]:
        """A sample of the posteriors, and the loss with what it follows from."""
        mu, logvar = self._posterior(z)
        std, var = torch.exp(0.5 * logvar), torch.exp(logvar)
        zhat = self._back(mu + torch.randn_like(mu) * std)
        bits = self._groups(BITS_PER_NAT * 0.5 * (mu.square() + var - 1 - logvar)).sum(-1)
        above = bits > self.log_n_samples + self.tolerance
        below = bits < self.log_n_samples - self.tolerance
        weight = torch.ones_like(bits).masked_fill(above, self.lam_max).masked_fill(below, self.lam_min)
        loss = (weight * bits).mean() * self.lam
        mean, least, most = bits.mean(), bits.min(), bits.max()
        if self.training:
            self._update(mean.item(), least.item(), most.item())
        return zhat, {
            "kl-loss": loss, "bits-mean": mean, "bits-min": least, "bits-max": most, "lam-min": self.lam_min,
            "lam-max": self.lam_max, "lam": self.lam, "mu": self._back(mu), "std": self._back(std), "zhat_noquant": zhat,
        }

    def _update(self, mean: float, least: float, most: float) -> None:
        factor, target = self.lam_factor, self.log_n_samples
        self.lam = self.lam * factor if mean > target else self.lam / factor
        above = self.lam_max * factor if most > target + self.tolerance else self.lam_max / factor
        self.lam_max = max(min(above, self.lam_range[1]), 1.0)
        below = self.lam_min / factor if least < target - self.tolerance else self.lam_min * factor
        self.lam_min = max(min(below, 1.0), self.lam_range[0])

    @torch.no_grad()
    def quant_vq(self, z: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The codewords of the posteriors, and their indices."""
        mu, logvar = (self._groups(half) for half in self._posterior(z))
        if not torch.isfinite(mu).all() or torch.isnan(logvar).any():
            raise ValueError("a mean is not finite or a log variance is not a number")
        rows = nearest(
            mu.reshape(-1, self.dim), torch.exp(logvar.double()).reshape(-1, self.dim), self.prior_samples, self.beta)
        indices = self._back(rows.reshape(mu.shape[:-1]))
        zhat = self.indices_to_codes(indices)
        return zhat, {"indices": indices, "zhat_quant": zhat}

    def forward(self, z: Tensor) -> tuple[Tensor, dict[str, Any]]:
        """Quantized values, or samples, and a log: kl-loss, indices, mu, std, bits-*, lam*, zhat_noquant, zhat_quant."""
        sample, log = self.quant_gaussian(z)
        codes, found = self.quant_vq(z)
        if self.use_ste:
            zhat = sample - sample.detach() + codes
        else:
            zhat = sample if self.training else codes
        return zhat, log | found

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        """The values that belong to indices, with dim times as many channels along the axis."""
        rows = torch.movedim(indices, self.dim_idx, -1)
        codes = self.prior_samples[rows]
        return self._back(codes.transpose(-1, -2).flatten(-2))


__all__ = ["GaussianQuant", "nearest", "philox_codebook", "sobol_codebook"]
