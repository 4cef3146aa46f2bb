"""GaussianQuant, the quantizer alone (arXiv 2512.06609)."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any, NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from ._native import QuantizerOptions, byref, check, integer, library

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.uint32]

CODEBOOKS = {"noise": 0, "sobol": 1}
GROUPINGS = {"strided": 0, "contiguous": 1}
# The published value of log2(e).
BITS_PER_NAT = 1.4426


def _pointer(array: npt.NDArray[Any], kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))


class Quantized(NamedTuple):
    """What becomes of posteriors: values of the codewords, indices, and bits of each group, in the indices' shape."""

    values: Floats
    indices: Indices
    bits: npt.NDArray[np.float64]


class Posteriors(NamedTuple):
    """Means and standard deviations that an array of posteriors holds; the published `mu` and `std`."""

    mu: Floats
    std: Floats


class Loss:
    """The published loss that pulls each group's bits towards the target; its factors move in `update`.

    target: bits that a group should have, log2 of the codebook's size. tolerance: bits around it that count as on target.
    lam_factor: what the factors move by. lam_range: what lam_min and lam_max are kept in.
    """

    def __init__(
        self, target: float, tolerance: float = 0.5, lam_factor: float = 1.01, lam_range: Sequence[float] = (1e-7, 1e7),
    ) -> None:
        if not lam_factor >= 1 or not 0 < lam_range[0] <= 1 <= lam_range[1]:
            raise ValueError(
                f"lam_factor is {lam_factor} and lam_range {lam_range}; expected at least 1, and (low, high) around 1")
        self.target, self.tolerance, self.lam_factor, self.lam_range = target, tolerance, lam_factor, tuple(lam_range)
        self.lam = self.lam_min = self.lam_max = 1.0

    def __call__(self, bits: npt.ArrayLike) -> float:
        """The loss of a batch of groups with so many bits each."""
        bits = np.asarray(bits, np.float64)
        weight = np.where(
            bits > self.target + self.tolerance, self.lam_max,
            np.where(bits < self.target - self.tolerance, self.lam_min, 1.0))
        return float((weight * bits).mean() * self.lam)

    def update(self, bits: npt.ArrayLike) -> None:
        """Moves the factors after a step of training."""
        bits, factor = np.asarray(bits, np.float64), self.lam_factor
        self.lam *= factor if bits.mean() > self.target else 1 / factor
        self.lam_max *= factor if bits.max() > self.target + self.tolerance else 1 / factor
        self.lam_max = max(min(self.lam_max, self.lam_range[1]), 1.0)
        self.lam_min *= 1 / factor if bits.min() < self.target - self.tolerance else factor
        self.lam_min = max(min(self.lam_min, 1.0), self.lam_range[0])


class GaussianQuant:
    """A codebook of `size` codewords of `dimension` values, and its search; may be used from many threads.

    codebook: "noise", independent noise, the library's own; "sobol", the published scrambled Sobol points, whose published
    seed is 42; or an array [size, dimension], such as a checkpoint's. beta: weight of the prior in the score. grouping:
    "strided", as published, or "contiguous" channels make a group. logvar_range: what log variances are clamped to.

    Two levels of interface: `quantize` and `indices_to_codes` take groups along an axis of their own; `__call__` and
    `indices_to_values` take arrays of channels, as the published module does, along any axis.
    """

    def __init__(
        self, dimension: SupportsIndex, size: SupportsIndex, seed: SupportsIndex | None = None, beta: float = 1.0, *,
        codebook: str | npt.ArrayLike = "noise", grouping: str = "strided", logvar_range: Sequence[float] = (-30.0, 20.0),
    ) -> None:
        self._handle = ctypes.c_void_p()
        options = QuantizerOptions()
        library.gqimg_quantizer_options_init(byref(options))
        options.dimension = self.dimension = integer("dimension", dimension, 0, (1 << 32) - 1)
        options.size = self.size = integer("size", size, 0, (1 << 32) - 1)
        if seed is None:
            seed = 42 if isinstance(codebook, str) and codebook == "sobol" else 0
        options.seed = self.seed = integer("seed", seed, 0, (1 << 64) - 1)
        if isinstance(codebook, str):
            if codebook not in CODEBOOKS:
                raise ValueError(f'the codebook is {codebook!r}; expected "noise", "sobol" or an array')
            options.codebook = CODEBOOKS[codebook]
        else:
            given = np.ascontiguousarray(codebook, np.float32)
            if given.shape != (self.size, self.dimension):
                raise ValueError(f"the codebook is {given.shape}; expected {(self.size, self.dimension)}")
            options.codebook, options.values = 2, _pointer(given, ctypes.c_float)
        if grouping not in GROUPINGS:
            raise ValueError(f'the grouping is {grouping!r}; expected "strided" or "contiguous"')
        options.grouping, options.beta = GROUPINGS[grouping], beta
        low, high = (float(bound) for bound in logvar_range)
        options.log_variance_low, options.log_variance_high = self.logvar_range = low, high
        self.beta, self.grouping = beta, grouping
        check(library.gqimg_quantizer_open_with(byref(options), byref(self._handle)))

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            library.gqimg_quantizer_close(self._handle)
            self._handle = ctypes.c_void_p()

    @property
    def codebook(self) -> Floats:
        """The codewords, [size, dimension]."""
        return self.indices_to_codes(np.arange(self.size, dtype=np.uint32))

    def loss(
        self, tolerance: float = 0.5, lam_factor: float = 1.01, lam_range: Sequence[float] = (1e-7, 1e7),
    ) -> Loss:
        """The loss whose target is log2 of the codebook's size."""
        return Loss(math.log2(self.size), tolerance, lam_factor, lam_range)

    def __call__(self, z: npt.ArrayLike, axis: SupportsIndex = 1) -> Quantized:
        """Quantizes posteriors: along the axis means, then as many log variances, 2 * dimension * groups in all.

        As published: axis is `dim_idx`, values have half the channels, indices the number of groups.
        """
        array, outer, channels, inner, place = self._layout(z, axis, np.float32)
        if channels == 0 or channels % (2 * self.dimension):
            raise ValueError(f"there are {channels} channels; expected a positive multiple of {2 * self.dimension}")
        shape, groups = array.shape, channels // (2 * self.dimension)
        indices = np.empty((*shape[:place], groups, *shape[place + 1 :]), np.uint32)
        values = np.empty((*shape[:place], channels // 2, *shape[place + 1 :]), np.float32)
        bits = np.empty(indices.shape, np.float64)
        if indices.size:
            check(
                library.gqimg_quantize_posteriors(
                    self._handle, _pointer(array, ctypes.c_float), outer, channels, inner,
                    _pointer(indices, ctypes.c_uint32), _pointer(values, ctypes.c_float), _pointer(bits, ctypes.c_double)))
        return Quantized(values, indices, bits)

    def posteriors(self, z: npt.ArrayLike, axis: SupportsIndex = 1) -> Posteriors:
        """Means and standard deviations of posteriors."""
        array, *_, place = self._layout(z, axis, np.float32)
        mu, logvar = np.split(array, 2, place)
        std = np.exp(0.5 * np.clip(logvar.astype(np.float64), *self.logvar_range))
        return Posteriors(mu, std.astype(np.float32))

    def sample(
        self, z: npt.ArrayLike, axis: SupportsIndex = 1, generator: np.random.Generator | None = None,
    ) -> Floats:
        """A sample of every posterior; the published `zhat_noquant`."""
        mu, std = self.posteriors(z, axis)
        noise = (generator or np.random.default_rng()).standard_normal(mu.shape, np.float32)
        return np.asarray(mu + noise * std, np.float32)

    def indices_to_values(self, indices: npt.ArrayLike, axis: SupportsIndex = 1) -> Floats:
        """The values that belong to indices, dimension times as many along the axis. Inverse of `__call__`."""
        given, outer, groups, inner, place = self._layout(self._checked(indices), axis, np.uint32)
        shape = given.shape
        values = np.empty((*shape[:place], groups * self.dimension, *shape[place + 1 :]), np.float32)
        if given.size:
            check(
                library.gqimg_indices_to_values(
                    self._handle, _pointer(given, ctypes.c_uint32), outer, groups, inner, _pointer(values, ctypes.c_float)))
        return values

    def quantize(self, means: npt.ArrayLike, variances: npt.ArrayLike, axis: int = -1) -> Indices:
        """Indices of the best codewords for means and variances above 0, which have a group along the axis.

        The indices lack that axis. Means must be finite; variances are broadcast to their shape.
        """
        mu = np.asarray(means, np.float32)
        spread = np.broadcast_to(np.asarray(variances, np.float32), mu.shape)
        if not -mu.ndim <= axis < mu.ndim or mu.shape[axis] != self.dimension:
            raise ValueError(f"axis {axis} of {mu.shape} has not {self.dimension} values")
        if not np.isfinite(mu).all():
            raise ValueError("a mean is not finite")
        mu, spread = (np.ascontiguousarray(np.moveaxis(array, axis, -1)) for array in (mu, spread))
        indices = np.empty(mu.shape[:-1], np.uint32)
        check(
            library.gqimg_quantize(
                self._handle, _pointer(mu, ctypes.c_float), _pointer(spread, ctypes.c_float), indices.size,
                _pointer(indices, ctypes.c_uint32)))
        return indices

    def indices_to_codes(self, indices: npt.ArrayLike, axis: int = -1) -> Floats:
        """Codewords of indices [...], their values along a new axis at the place `axis` of the result."""
        given = self._checked(indices)
        values = np.empty((*given.shape, self.dimension), np.float32)
        check(
            library.gqimg_indices_to_codes(
                self._handle, _pointer(given, ctypes.c_uint32), given.size, _pointer(values, ctypes.c_float)))
        return np.moveaxis(values, -1, axis)

    def _checked(self, indices: npt.ArrayLike) -> Indices:
        given = np.asarray(indices)
        if not np.issubdtype(given.dtype, np.integer) or (given.size and not 0 <= given.min() <= given.max() < self.size):
            raise ValueError(f"indices must be integers from 0 to {self.size - 1}")
        return np.ascontiguousarray(given, np.uint32).reshape(given.shape)

    @staticmethod
    def _layout(values: Any, axis: SupportsIndex, kind: Any) -> tuple[npt.NDArray[Any], int, int, int, int]:
        """A contiguous array, its extents before, along and after an axis, and the axis counted from the front."""
        array = np.ascontiguousarray(values, kind)
        place = integer("axis", axis, -array.ndim, array.ndim - 1) % array.ndim
        shape = array.shape
        return array, math.prod(shape[:place]), shape[place], math.prod(shape[place + 1 :]), place


__all__ = ["GaussianQuant", "Loss", "Posteriors", "Quantized"]
