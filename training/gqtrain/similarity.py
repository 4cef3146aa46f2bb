"""Structural dissimilarity per latent position, for training towards MS-SSIM."""

import functools

import torch
import torch.nn.functional as F

from .network import PATCH

#: Exponents of the five scales (Wang, Simoncelli and Bovik, *Multiscale structural similarity for image quality
#: assessment*, 2003).
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, DEVIATION = 11, 1.5
C1, C2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2  # samples run over 2


@functools.cache
def _blur_matrix(size):
    """[size, size]: the Gaussian window at every place of a row, edges repeated."""
    place = torch.arange(WINDOW) - WINDOW // 2
    window = torch.exp(-(place.float() ** 2) / (2 * DEVIATION**2))
    matrix = torch.zeros(size, size)
    for k, weight in zip(place, window / window.sum()):
        source = (torch.arange(size) + k).clamp(0, size - 1)
        matrix[torch.arange(size), source] += weight
    return matrix


def _blur(x):
    """[n, h, w]; as products with matrices, which are far quicker here than convolutions of single planes."""
    return _blur_matrix(x.shape[1]) @ (x @ _blur_matrix(x.shape[2]).T)


def position_dissimilarities(a, b):
    """[n, h/16, w/16] for pictures [n, h, w, 3] in -1...1: the weighted sum over the scales of 1 - contrast and
    structure (at the last scale with luminance), averaged over each position's part of the map.

    The mean over positions is 1 - MS-SSIM to first order: MS-SSIM is the product of the scales' means to the power of
    their weights.
    """
    n, h, w, c = a.shape
    a, b = (x.permute(0, 3, 1, 2).reshape(n * c, h, w) for x in (a, b))
    result = 0
    for scale, weight in enumerate(WEIGHTS):
        # The finest scale weighs little and would cost most: disjoint squares serve there.
        local = _blur if scale else lambda x: F.avg_pool2d(x, 8)
        mean_a, mean_b, aa, bb, ab = (local(x) for x in (a, b, a * a, b * b, a * b))
        similarity = (2 * (ab - mean_a * mean_b) + C2) / (aa - mean_a**2 + bb - mean_b**2 + C2)
        last = scale == len(WEIGHTS) - 1
        if last:
            similarity = similarity * (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
        pool = similarity.shape[1] // (h // PATCH)
        result = result + weight * F.avg_pool2d(1 - similarity, pool)
        if not last:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return result.reshape(n, c, h // PATCH, w // PATCH).mean(1)
