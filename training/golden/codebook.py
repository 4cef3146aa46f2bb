"""The fixed codebook of Gaussian noise, bit for bit as docs/codebook.md specifies it.

Every step is an integer operation or one that IEEE 754 rounds exactly, each rounded on its own
(NumPy never fuses a product and a sum of two array operations), so any machine gives the same bits
as the Swift type ``Codebook``.
"""

import numpy as np

PURPOSE = 0x47514342  # "GQCB": the counter's last word.

_CENTRE_NUMERATOR = [
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
    3.3430575583588128105e4, 2.5090809287301226727e3,
]
_CENTRE_DENOMINATOR = [
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
    2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
    5.2264952788528545610e3,
]
_TAIL_NUMERATOR = [
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
    3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4,
]
_TAIL_DENOMINATOR = [
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
    1.05075007164441684324e-9,
]
_FAR_NUMERATOR = [
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7,
]
_FAR_DENOMINATOR = [
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
    2.04426310338993978564e-15,
]


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).

    ``counter``: four arrays (or numbers) of 32-bit words that broadcast together; ``key``: two
    words. Returns four uint32 arrays.
    """
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    x0, x1, x2, x3 = np.broadcast_arrays(*(np.asarray(word, dtype=np.uint64) for word in counter))
    k0, k1 = int(key[0]), int(key[1])
    for _ in range(10):
        product0 = x0 * np.uint64(0xD2511F53)
        product1 = x2 * np.uint64(0xCD9E8D57)
        x0, x1, x2, x3 = (
            (product1 >> shift) ^ x1 ^ np.uint64(k0),
            product1 & low,
            (product0 >> shift) ^ x3 ^ np.uint64(k1),
            product0 & low,
        )
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return tuple(word.astype(np.uint32) for word in (x0, x1, x2, x3))


def _polynomial(coefficients, x):
    """Horner's rule from the highest coefficient down; one rounding per operation."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value


def natural_logarithm(x):
    """ln x for positive normal float64, from exactly rounded operations only."""
    mantissa, exponent = np.frexp(x)
    mantissa, exponent = mantissa * 2.0, exponent - 1  # now in [1, 2)
    large = mantissa > 1.4142135623730951
    mantissa = np.where(large, mantissa * 0.5, mantissa)
    exponent = np.where(large, exponent + 1, exponent).astype(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    series = _polynomial([1.0 / (2 * k + 1) for k in range(11)], s * s)
    return exponent * 0.6931471805599453 + (s + s) * series


def normal_quantile(probability):
    """Inverse of the standard normal distribution, Wichura's AS 241 (PPND16), for 0 < p < 1."""
    p = np.asarray(probability, dtype=np.float64)
    q = p - 0.5
    r = 0.180625 - q * q
    centre = q * _polynomial(_CENTRE_NUMERATOR, r) / _polynomial(_CENTRE_DENOMINATOR, r)
    outside = np.abs(q) > 0.425
    tail_p = np.where(q < 0.0, p, 1.0 - p)[outside]
    root = np.sqrt(-natural_logarithm(tail_p))
    near = root - 1.6
    tail = _polynomial(_TAIL_NUMERATOR, near) / _polynomial(_TAIL_DENOMINATOR, near)
    far = root - 5.0
    far_tail = _polynomial(_FAR_NUMERATOR, far) / _polynomial(_FAR_DENOMINATOR, far)
    tail = np.where(root <= 5.0, tail, far_tail)
    value = np.array(centre)
    value[outside] = np.where(q[outside] < 0.0, -tail, tail)
    return value


def codebook(dimension, size, seed=0):
    """The first ``size`` codewords of ``dimension`` elements: float32 array [size, dimension]."""
    if not 1 <= dimension <= 64:
        raise ValueError(f"dimension {dimension} is outside 1...64")
    if not 2 <= size <= 1 << 20:
        raise ValueError(f"size {size} is outside 2...2^20")
    blocks = (dimension + 3) // 4
    words = philox(
        (np.arange(size)[:, None], np.arange(blocks)[None, :], dimension, PURPOSE),
        (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF),
    )
    words = np.stack(words, axis=-1).reshape(size, blocks * 4)[:, :dimension]
    uniform = (words.astype(np.float64) + 0.5) * 2.0**-32
    return normal_quantile(uniform.reshape(-1)).astype(np.float32).reshape(size, dimension)
