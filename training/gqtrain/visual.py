"""SSIMULACRA2 as a differentiable distortion, for whole pictures and per latent position.

SSIMULACRA2 (Sneyers, https://github.com/cloudinary/ssimulacra2, and libjxl's tools) compares pictures in the XYB colour
space at six scales by three maps: structural similarity, edges that were added (artifacts) and edges that were lost. A
picture's raw distortion r is the weighted sum of the maps' means and 4-norms; the score is a polynomial and a power of
it. Maps whose weights are below 0.05 are left out: they move no score by more than a tenth.
"""

import functools

import torch
import torch.nn.functional as F

from .network import PATCH

SCALES = 5  # of six: no map of the last one weighs anything
SSIM, ARTIFACT, DETAIL = range(3)
#: [channel X, Y, B - Y][scale]: (map, norm 1 or 4, weight).
TERMS = {
    (0, 1): ((SSIM, 4, 1.1041726426657346),),
    (0, 2): ((SSIM, 4, 1.8422455520539298), (ARTIFACT, 4, 11.441172603757666)),
    (0, 3): ((SSIM, 4, 1.8787594979546387), (ARTIFACT, 4, 10.94906990605142)),
    (0, 4): ((ARTIFACT, 1, 0.9677937080626833), (ARTIFACT, 4, 0.9981766977854967)),
    (1, 0): ((SSIM, 4, 7.466890328078848), (DETAIL, 4, 17.445833984131262)),
    (1, 1): ((SSIM, 4, 6.683678146179332), (DETAIL, 4, 1.027889937768264)),
    (1, 2): ((SSIM, 1, 225.20515300849274), (SSIM, 4, 19.213238186143016)),
    (1, 3): ((SSIM, 1, 176.39317598450694), (SSIM, 4, 24.43300999870476), (ARTIFACT, 4, 0.28520802612117757)),
    (1, 4): ((SSIM, 4, 34.77906344483772), (ARTIFACT, 4, 44.835625328877896)),
    (2, 3): ((SSIM, 4, 8.826982764996862), (ARTIFACT, 4, 23.19243343998926)),
    (2, 4): (
        (SSIM, 1, 95.1080498811086),
        (ARTIFACT, 1, 0.9863978034400682),
        (DETAIL, 1, 0.9834382792465353),
        (ARTIFACT, 4, 171.2667255897307),
        (DETAIL, 4, 0.9807858872435379),
    ),
}
FACTOR = 0.9562382616834844
C2 = 0.0009
RADIUS, DEVIATION = 5, 1.5
OPSIN = torch.tensor(
    [
        [0.30, 1 - 0.078 - 0.30, 0.078],
        [0.23, 1 - 0.078 - 0.23, 0.078],
        [0.24342268924547819, 0.20476744424496821, 1 - 0.24342268924547819 - 0.20476744424496821],
    ]
)
OPSIN_BIAS = 0.0037930732552754493


def _linear(x):
    """sRGB samples in -1...1 as linear light in 0...1."""
    x = (x.clamp(-1, 1) + 1) / 2
    curve = ((x.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(x <= 0.04045, x / 12.92, curve)


def _xyb(linear):
    """[n, 3, h, w] -> X, Y, B - Y with the offsets that make them positive."""
    mixed = torch.einsum("oc,nchw->nohw", OPSIN, linear) + OPSIN_BIAS
    long, medium, short = (mixed.clamp(min=1e-9) ** (1 / 3) - OPSIN_BIAS ** (1 / 3)).unbind(1)
    y = 0.5 * (long + medium)
    return torch.stack([7.0 * (long - medium) + 0.42, y + 0.01, short - y + 0.55], 1)


@functools.cache
def _blur_matrix(size, reflects):
    """[size, size]: the Gaussian window at every place of a row; outside is the reflection, or zero."""
    place = torch.arange(-RADIUS, RADIUS + 1)
    window = torch.exp(-(place.double() ** 2) / (2 * DEVIATION**2))
    matrix = torch.zeros(size, size, dtype=torch.float64)
    rows = torch.arange(size)
    for k, weight in zip(place, window / window.sum()):
        source = rows + k
        inside = (source >= 0) & (source < size)
        source = torch.where(source < 0, -1 - source, torch.where(source >= size, 2 * size - 1 - source, source))
        used = torch.ones_like(inside) if reflects else inside
        matrix.index_put_((rows[used], source[used].clamp(0, size - 1)), weight.expand(int(used.sum())), accumulate=True)
    return matrix.float()


def _blur(x):
    """[m, h, w], as the Python package does it: reflected above and below, zero to the left and right."""
    return _blur_matrix(x.shape[1], True) @ (x @ _blur_matrix(x.shape[2], False).T)


def _halve(x):
    """Means of 2 x 2; what is over at the right and below is averaged alone."""
    h, w = x.shape[2:]
    return F.avg_pool2d(x, 2, ceil_mode=True) if h % 2 or w % 2 else F.avg_pool2d(x, 2)


class _Scale:
    """One picture at one scale: the channels that have terms there, their local means and mean squares."""

    def __init__(self, linear, channels):
        x = _xyb(linear)
        n, _, h, w = x.shape
        self.x = x[:, channels].reshape(-1, h, w)
        self.shape = (n, len(channels), h, w)
        self.mean, self.square = _blur(torch.cat([self.x, self.x * self.x])).chunk(2)


class Reference:
    """Originals [n, h, w, 3] in -1...1, prepared once for several comparisons."""

    def __init__(self, pixels):
        self.scales = []
        with torch.no_grad():
            for scale, channels, linear in _pyramid(pixels):
                self.scales.append((scale, channels, _Scale(linear, channels)))


def _pyramid(pixels):
    linear = _linear(pixels.permute(0, 3, 1, 2))
    for scale in range(SCALES):
        if min(linear.shape[2:]) < 8:
            return
        yield scale, [c for c in range(3) if (c, scale) in TERMS], linear
        if scale + 1 < SCALES:
            linear = _halve(linear)


def _maps(reference, decoded):
    """Yields (scale, map [n, h, w], norm, weight)."""
    for (scale, channels, a), (_, _, linear) in zip(reference.scales, _pyramid(decoded)):
        b = _Scale(linear, channels)
        shape = a.shape
        found = {}

        def map_of(kind):
            if kind not in found:
                if kind == SSIM:
                    product = _blur(a.x * b.x) - a.mean * b.mean
                    structure = (2 * product + C2) / (a.square - a.mean**2 + b.square - b.mean**2 + C2)
                    d = 1 - (1 - (a.mean - b.mean) ** 2) * structure
                else:
                    d = (1 + (b.x - b.mean).abs()) / (1 + (a.x - a.mean).abs()) - 1
                    d = d if kind == ARTIFACT else -d
                found[kind] = d.clamp(min=0).reshape(shape)
            return found[kind]

        for place, channel in enumerate(channels):
            for kind, norm, weight in TERMS[channel, scale]:
                yield scale, map_of(kind)[:, place], norm, weight


def _norm(d, norm):
    """Of means [..., ] of d or d^4: the root again."""
    return d if norm == 1 else (d + 1e-20) ** 0.25


def distortions(reference, decoded):
    """[n]: r of decoded pictures [n, h, w, 3] in -1...1."""
    result = 0
    for _, d, norm, weight in _maps(reference, decoded):
        result = result + FACTOR * weight * _norm((d**norm).mean((1, 2)), norm)
    return result


def position_distortions(reference, decoded):
    """([n], [n, h/16, w/16]): r of whole pictures, and r of every position as if it were a picture."""
    total, local = 0, 0
    rows, columns = decoded.shape[1] // PATCH, decoded.shape[2] // PATCH
    for scale, d, norm, weight in _maps(reference, decoded):
        d = d**norm
        total = total + FACTOR * weight * _norm(d.mean((1, 2)), norm)
        side = PATCH >> scale
        pooled = F.avg_pool2d(d[:, None], side)[:, 0]
        local = local + FACTOR * weight * _norm(pooled[:, :rows, :columns], norm)
    return total, local


def score(r):
    """SSIMULACRA2 of raw distortions: 100 is the original, 90 visually lossless."""
    r = torch.as_tensor(r)
    s = 2.326765642916932 * r - 0.020884521182843837 * r**2 + 6.248496625763138e-05 * r**3
    return 100 - 10 * s.clamp(min=0) ** 0.6276336467831387
