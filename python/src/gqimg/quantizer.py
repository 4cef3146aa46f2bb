"""GaussianQuant, the quantizer alone (arXiv 2512.06609)."""

import ctypes

import numpy as np

from ._native import byref, check, integer, library


def _pointer(array, kind):
    return array.ctypes.data_as(ctypes.POINTER(kind))


class GaussianQuant:
    """A codebook of `size` codewords of `dimension` values of Gaussian noise; may be used from many threads."""

    def __init__(self, dimension, size, seed=0, beta=1.0):
        self._handle = ctypes.c_void_p()
        dimension, size = (integer(name, value, 0, (1 << 32) - 1) for name, value in (("dimension", dimension), ("size", size)))
        seed = integer("seed", seed, 0, (1 << 64) - 1)
        check(library.gqimg_quantizer_open(dimension, size, seed, beta, byref(self._handle)))
        self.dimension, self.size, self.seed = dimension, size, seed

    def __del__(self):
        if getattr(self, "_handle", None):
            library.gqimg_quantizer_close(self._handle)
            self._handle = None

    def quantize(self, means, variances, axis=-1):
        """Indices of the best codewords for means and variances above 0, which have a group along the axis.

        The indices lack that axis. Means must be finite; variances are broadcast to their shape.
        """
        means = np.asarray(means, np.float32)
        variances = np.broadcast_to(np.asarray(variances, np.float32), means.shape)
        if not -means.ndim <= axis < means.ndim or means.shape[axis] != self.dimension:
            raise ValueError(f"axis {axis} of {means.shape} has not {self.dimension} values")
        if not np.isfinite(means).all():
            raise ValueError("a mean is not finite")
        means, variances = (np.ascontiguousarray(np.moveaxis(array, axis, -1)) for array in (means, variances))
        indices = np.empty(means.shape[:-1], np.uint32)
        check(
            library.gqimg_quantize(
                self._handle, _pointer(means, ctypes.c_float), _pointer(variances, ctypes.c_float), indices.size,
                _pointer(indices, ctypes.c_uint32)))
        return indices

    def indices_to_codes(self, indices, axis=-1):
        """Codewords of indices [...], their values along a new axis at the place `axis` of the result."""
        given = np.asarray(indices)
        if not np.issubdtype(given.dtype, np.integer) or (given.size and not 0 <= given.min() <= given.max() < self.size):
            raise ValueError(f"indices must be integers from 0 to {self.size - 1}")
        given = np.ascontiguousarray(given, np.uint32).reshape(given.shape)
        values = np.empty((*given.shape, self.dimension), np.float32)
        check(
            library.gqimg_indices_to_codes(
                self._handle, _pointer(given, ctypes.c_uint32), given.size, _pointer(values, ctypes.c_float)))
        return np.moveaxis(values, -1, axis)
