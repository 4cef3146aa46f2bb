"""The scrambled Sobol codebook of the published code, bit for bit as docs/codebook.md specifies it.

It is that of torch.quasirandom.SobolEngine(dimension, scramble=True, seed=seed) and scipy.stats.norm.ppf, computed
without either: the tests compare the two.
"""

import numpy as np

from codebook import normal_quantile

BITS = 30  # Of a coordinate.

# Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", 2008: for dimensions 2 to 64 the
# primitive polynomial with all its coefficients as bits, and the initial direction numbers.
# Copyright (c) 2008, Frances Y. Kuo and Stephen Joe. All rights reserved. Licence: packaging/licenses/joe-kuo.txt.
DIRECTIONS = [
    (3, [1]), (7, [1, 3]), (11, [1, 3, 1]), (13, [1, 1, 1]), (19, [1, 1, 3, 3]), (25, [1, 3, 5, 13]),
    (37, [1, 1, 5, 5, 17]), (41, [1, 1, 5, 5, 5]), (47, [1, 1, 7, 11, 19]), (55, [1, 1, 5, 1, 1]),
    (59, [1, 1, 1, 3, 11]), (61, [1, 3, 5, 5, 31]), (67, [1, 3, 3, 9, 7, 49]), (91, [1, 1, 1, 15, 21, 21]),
    (97, [1, 3, 1, 13, 27, 49]), (103, [1, 1, 1, 15, 7, 5]), (109, [1, 3, 1, 15, 13, 25]),
    (115, [1, 1, 5, 5, 19, 61]), (131, [1, 3, 7, 11, 23, 15, 103]), (137, [1, 3, 7, 13, 13, 15, 69]),
    (143, [1, 1, 3, 13, 7, 35, 63]), (145, [1, 3, 5, 9, 1, 25, 53]), (157, [1, 3, 1, 13, 9, 35, 107]),
    (167, [1, 3, 1, 5, 27, 61, 31]), (171, [1, 1, 5, 11, 19, 41, 61]), (185, [1, 3, 5, 3, 3, 13, 69]),
    (191, [1, 1, 7, 13, 1, 19, 1]), (193, [1, 3, 7, 5, 13, 19, 59]), (203, [1, 1, 3, 9, 25, 29, 41]),
    (211, [1, 3, 5, 13, 23, 1, 55]), (213, [1, 3, 7, 3, 13, 59, 17]), (229, [1, 3, 1, 3, 5, 53, 69]),
    (239, [1, 1, 5, 5, 23, 33, 13]), (241, [1, 1, 7, 7, 1, 61, 123]), (247, [1, 1, 7, 9, 13, 61, 49]),
    (253, [1, 3, 3, 5, 3, 55, 33]), (285, [1, 3, 1, 15, 31, 13, 49, 245]), (299, [1, 3, 5, 15, 31, 59, 63, 97]),
    (301, [1, 3, 1, 11, 11, 11, 77, 249]), (333, [1, 3, 1, 11, 27, 43, 71, 9]), (351, [1, 1, 7, 15, 21, 11, 81, 45]),
    (355, [1, 3, 7, 3, 25, 31, 65, 79]), (357, [1, 3, 1, 1, 19, 11, 3, 205]), (361, [1, 1, 5, 9, 19, 21, 29, 157]),
    (369, [1, 3, 7, 11, 1, 33, 89, 185]), (391, [1, 3, 3, 3, 15, 9, 79, 71]), (397, [1, 3, 7, 11, 15, 39, 119, 27]),
    (425, [1, 1, 3, 1, 11, 31, 97, 225]), (451, [1, 1, 1, 3, 23, 43, 57, 177]), (463, [1, 3, 7, 7, 17, 17, 37, 71]),
    (487, [1, 3, 1, 5, 27, 63, 123, 213]), (501, [1, 1, 3, 5, 11, 43, 53, 133]),
    (529, [1, 3, 5, 5, 29, 17, 47, 173, 479]), (539, [1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (545, [1, 1, 1, 5, 17, 39, 23, 5, 343]), (557, [1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (563, [1, 1, 1, 11, 11, 17, 63, 105, 183]), (601, [1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (607, [1, 1, 5, 15, 19, 45, 41, 7, 383]), (617, [1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (623, [1, 1, 1, 3, 23, 15, 111, 223, 83]), (631, [1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (637, [1, 1, 3, 13, 25, 47, 39, 87, 257]),
]


def mersenne_twister(seed):
    """MT19937 (Matsumoto and Nishimura, 1998), seeded as its authors' init_genrand does: 32-bit words without end."""
    state = [seed & 0xFFFFFFFF]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + i) & 0xFFFFFFFF)
    while True:
        for i in range(624):
            mixed = state[i] & 0x80000000 | state[(i + 1) % 624] & 0x7FFFFFFF
            state[i] = state[(i + 397) % 624] ^ mixed >> 1 ^ (0x9908B0DF if mixed & 1 else 0)
        for word in state:
            word ^= word >> 11
            word ^= word << 7 & 0x9D2C5680
            word ^= word << 15 & 0xEFC60000
            yield word ^ word >> 18


def directions(dimension):
    """The direction numbers of each dimension, [dimension][BITS]; the first bit of a coordinate is bit 29."""
    result = [[1 << BITS - 1 - j for j in range(BITS)]]
    for polynomial, initial in DIRECTIONS[: dimension - 1]:
        degree, numbers = len(initial), list(initial)
        for j in range(degree, BITS):
            number = numbers[j - degree]
            for k in range(1, degree + 1):
                if polynomial >> degree - k & 1:
                    number ^= numbers[j - k] << k
            numbers.append(number)
        result.append([number << BITS - 1 - j for j, number in enumerate(numbers)])
    return result


def scrambled(dimension, seed):
    """Direction numbers after a random linear scrambling, and the digital shift of each dimension."""
    words = mersenne_twister(seed)
    shifts = [sum((next(words) & 1) << bit for bit in range(BITS)) for _ in range(dimension)]
    result = []
    for numbers in directions(dimension):
        # A lower triangular matrix of random bits with ones on the diagonal; the highest bit is the first column.
        rows = []
        for row in range(BITS):
            bits = [next(words) & 1 for _ in range(BITS)]
            bits = bits[:row] + [1] + [0] * (BITS - 1 - row)
            rows.append(sum(bit << BITS - 1 - column for column, bit in enumerate(bits)))
        result.append(
            [sum((bin(rows[row] & v).count("1") & 1) << BITS - 1 - row for row in range(BITS)) for v in numbers])
    return result, shifts


def sobol_points(dimension, size, seed=42):
    """The first ``size`` points as integers of 30 bits: int64 array [size, dimension]."""
    if not 1 <= dimension <= 64:
        raise ValueError(f"dimension {dimension} is outside 1...64")
    numbers, shifts = scrambled(dimension, seed)
    points = np.empty((size, dimension), np.int64)
    point = np.array(shifts, np.int64)
    numbers = np.array(numbers, np.int64)
    points[0] = point
    for index in range(1, size):
        # The place of the lowest zero bit of index - 1: points in the order of the Gray code.
        before = index - 1
        point = point ^ numbers[:, (~before & -~before).bit_length() - 1]
        points[index] = point
    return points


def sobol_codebook(dimension, size, seed=42):
    """The published codebook: float32 array [size, dimension]."""
    # The published code has the points in binary32.
    uniform = points_to_binary32(sobol_points(dimension, size, seed))
    if not ((uniform > 0) & (uniform < 1)).all():
        raise ValueError(f"a point of seed {seed} lies on the edge of the cube, where the quantile is infinite")
    return normal_quantile(uniform.astype(np.float64).reshape(-1)).astype(np.float32).reshape(size, dimension)


def points_to_binary32(points):
    """Coordinates between 0 and 1 in binary32."""
    return points.astype(np.float32) * np.float32(2.0**-BITS)
