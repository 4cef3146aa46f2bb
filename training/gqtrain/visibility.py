"""How visible single blocks of 8 x 8 pixels are, as the encoder measures it (Sources/Codec/Allocation/PositionSums.swift)."""

import torch
import torch.nn.functional as F

SIDE = 8
WEIGHTS = torch.tensor([0.299, 0.587, 0.114])  # luma's, of ITU-R BT.601


def visibility(decoded, pixels):
    """[b, h/8, w/8]: the square of a block's mean error in levels of 8 bits, divided by the square of 2 + a quarter of the
    picture's standard deviation there, which masks it; decoded, pixels [b, h, w, 3] in -1...1."""
    mean = lambda x: F.avg_pool2d(x.permute(0, 3, 1, 2), SIDE)
    weighted = lambda x: (x * WEIGHTS[:, None, None]).sum(1)
    levels = pixels.float() * 127.5
    variance = weighted(mean(levels**2) - mean(levels) ** 2).clamp(min=0)
    shift = weighted(mean(decoded.float() * 127.5 - levels) ** 2)
    return shift / (2 + 0.25 * variance.sqrt()) ** 2


def norm(decoded, pixels):
    """[b]: the 8-norm of the root of `visibility`, nearly the largest."""
    return ((visibility(decoded, pixels) + 1e-3) ** 4).mean((1, 2)) ** (1 / 8)
