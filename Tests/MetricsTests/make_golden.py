"""Makes golden.json: what other people's programs say about pictures and curves.

    pip install torch numpy scipy matplotlib pillow
    pip install --no-deps pytorch-msssim==1.0.0 bjontegaard==1.3.0 ssimulacra2==0.3.0
    python3 make_golden.py

The pictures come from integer formulas that PatternedPicture.swift repeats.
"""

import io
import json
import warnings
from pathlib import Path

import bjontegaard
import numpy as np
import torch
from PIL import Image
from pytorch_msssim import ms_ssim, ssim
from ssimulacra2 import compute_ssimulacra2

torch.set_num_threads(1)


def noise(x, y, c, seed):
    """24 bits that look random."""
    z = (x * 73856093 ^ y * 19349663 ^ c * 83492791 ^ seed * 2654435761) & 0xFFFFFFFF
    z = (z ^ z >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
    z = (z ^ z >> 12) * 0x297A2D39 & 0xFFFFFFFF
    return (z ^ z >> 15) & 0xFFFFFF


def triangle(t, period):
    return np.abs(t % (2 * period) - period)


def original(x, y, c):
    value = 30 + 2 * triangle(x + 2 * y + 31 * c, 64) + triangle(3 * x - y + 100000, 41)
    return np.clip(value + noise(x, y, c, 1) % 16, 0, 255)


def picture(width, height, components, distortion, strength):
    y, x, c = np.mgrid[:height, :width, :components].astype(np.int64)
    if distortion == "none":
        value = original(x, y, c)
    elif distortion == "noise":
        value = original(x, y, c) + noise(x, y, c, 2) % (2 * strength + 1) - strength
    elif distortion == "blocks":
        value = original(x - x % strength, y - y % strength, c)
    elif distortion == "brighter":
        value = original(x, y, c) + strength
    elif distortion == "other":
        value = noise(x, y, c, 3) % 256
    return np.clip(value, 0, 255)


def png(pixels):
    """A file of a picture, since the package reads files."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8).squeeze()).save(file, "png")
    file.seek(0)
    return file


CASES = [
    (768, 512, 3, "noise", 12), (768, 512, 3, "blocks", 4), (333, 217, 3, "noise", 30),
    (333, 217, 3, "blocks", 2), (161, 161, 3, "noise", 5), (161, 240, 3, "blocks", 8),
    (200, 175, 1, "noise", 20), (177, 176, 3, "brighter", 25), (176, 177, 1, "other", 0),
    (190, 170, 3, "none", 0), (11, 11, 3, "noise", 9), (11, 40, 1, "blocks", 4),
    (160, 300, 3, "noise", 9), (10, 40, 3, "noise", 9),
    # Of little loss; of the least height of six scales; of two scales.
    (301, 260, 3, "noise", 2), (300, 225, 3, "noise", 5), (300, 225, 3, "brighter", 3), (23, 17, 3, "noise", 4),
]

CURVES = [
    # JPEG against WebP, means over photographs; six points each.
    ([[0.25, 26.3], [0.5, 29.5], [0.75, 31.5], [1.0, 32.9]],
     [[0.125, 26.3], [0.25, 28.6], [0.5, 31.5], [0.75, 33.6], [1.0, 35.3]]),
    ([[0.1, 25.1], [0.2, 27.7], [0.4, 30.2], [0.8, 33.4], [1.6, 37.9]],
     [[0.11, 25.0], [0.19, 27.9], [0.37, 30.1], [0.85, 34.0], [1.5, 37.2]]),
    # The test needs more; curves that overlap little; unsorted points; two points.
    ([[100, 30.0], [200, 33.0], [400, 36.0], [800, 39.0]],
     [[150, 30.5], [320, 33.1], [700, 36.9], [1500, 40.0]]),
    ([[1.0, 30.0], [2.0, 32.0], [4.0, 34.0], [8.0, 36.0]],
     [[3.0, 35.0], [5.0, 36.5], [9.0, 38.0], [12.0, 41.0]]),
    ([[1.0, 30.0], [2.0, 32.0]], [[0.9, 30.5], [1.7, 31.8]]),
    # A rate that falls as quality rises, in the middle.
    ([[1.0, 30.0], [1.5, 31.0], [1.4, 31.5], [3.0, 34.0]],
     [[0.8, 29.0], [1.2, 30.6], [2.0, 33.0], [2.9, 34.2]]),
]


def main():
    warnings.simplefilter("ignore")
    pictures = []
    for width, height, components, distortion, strength in CASES:
        pair = [picture(width, height, components, d, strength) for d in ("none", distortion)]
        error = float(np.mean((pair[0] - pair[1]) ** 2.0))
        a, b = (torch.from_numpy(p).permute(2, 0, 1)[None].double() for p in pair)
        small = min(width, height)
        pictures.append({
            "width": width, "height": height, "components": components,
            "distortion": distortion, "strength": strength,
            "sums": [int(p.sum()) for p in pair],
            "meanSquaredError": error,
            "ssim": float(ssim(a, b)) if small >= 11 else None,
            "msssim": float(ms_ssim(a, b)) if small > 160 else None,
            "ssimulacra2": compute_ssimulacra2(*(png(p) for p in pair)),
        })
    curves = []
    for anchor, test in CURVES:
        a, t = np.array(anchor), np.array(test)
        a, t = a[a[:, 1].argsort()], t[t[:, 1].argsort()]
        percent = bjontegaard.bd_rate(
            a[:, 0], a[:, 1], t[:, 0], t[:, 1], "pchip", require_matching_points=False, min_overlap=0)
        curves.append({"anchor": anchor, "test": test, "percent": float(percent)})
    text = json.dumps({"pictures": pictures, "curves": curves}, indent=1)
    (Path(__file__).parent / "golden.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
