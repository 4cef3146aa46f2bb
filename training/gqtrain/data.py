"""Training crops and validation pictures."""

import glob
import os

import numpy as np
from PIL import Image

from . import synthetic


def paths(folder):
    found = sorted(p for e in ("jpg", "jpeg", "png", "avif", "webp") for p in glob.glob(os.path.join(folder, f"*.{e}")))
    if not found:
        raise SystemExit(f"no pictures in {folder}")
    return found


def load(path):
    return np.asarray(Image.open(path).convert("RGB"))


def whole_positions(picture):
    """A picture without what is over a multiple of 16 pixels to the right and below."""
    height, width = picture.shape[:2]
    return picture[: height - height % 16, : width - width % 16]


class Crops:
    """Random square crops, flipped, turned and reduced. All pictures stay decoded in one file that processes share.

    `drawn` is the share of crops that `synthetic` makes; `reduced` that of crops from up to twice as many pixels.
    """

    def __init__(self, folder, cache, crop=256, drawn=0.0, reduced=0.0):
        self.crop, self.drawn, self.reduced = crop, drawn, reduced
        files = paths(folder)
        index, pixels = cache + ".index.npy", cache + ".pixels.npy"
        if not (os.path.exists(index) and os.path.exists(pixels)):
            rows, chosen, offset = [], [], 0
            for path in files:
                with Image.open(path) as picture:
                    width, height = picture.size
                if min(width, height) >= crop:
                    chosen.append(path)
                    rows.append((offset, height, width))
                    offset += height * width * 3
            if not rows:
                raise SystemExit(f"no picture in {folder} has {crop} pixels both ways")
            # Picture by picture: all together may be larger than memory.
            stored = np.lib.format.open_memmap(pixels, "w+", np.uint8, (offset,))
            for path, (start, height, width) in zip(chosen, rows):
                stored[start : start + height * width * 3] = load(path).reshape(-1)
            stored.flush()
            np.save(index, np.array(rows, np.int64))
        self.index, self.pixels = np.load(index), np.load(pixels, mmap_mode="r")

    def __len__(self):
        return len(self.index)

    def picture(self, k):
        offset, height, width = self.index[k]
        return self.pixels[offset : offset + height * width * 3].reshape(height, width, 3)

    def one(self, rng):
        """([crop, crop, 3], uint8, whether it is more than a photograph)."""
        picture = self.picture(rng.integers(len(self)))
        side = self.crop
        if rng.random() < self.reduced:
            side = min(int(side * 2 ** rng.uniform(0, 1)), *picture.shape[:2])
        y = rng.integers(picture.shape[0] - side + 1)
        x = rng.integers(picture.shape[1] - side + 1)
        part = picture[y : y + side, x : x + side]
        if side > self.crop:
            # As sharp as pictures on web pages are.
            kernel = (Image.Resampling.BOX, Image.Resampling.LANCZOS)[rng.integers(2)]
            part = np.asarray(Image.fromarray(part).resize((self.crop, self.crop), kernel))
        part = np.rot90(part, rng.integers(4))
        if rng.integers(2):
            part = part[:, ::-1]
        return synthetic.varied(rng, part, self.drawn)

    def batch(self, rng, count):
        """[count, crop, crop, 3], float32 in -1...1."""
        return np.stack([self.one(rng)[0] for _ in range(count)]).astype(np.float32) / 127.5 - 1
