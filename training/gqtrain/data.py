"""Training crops, validation pictures, and what is measured on patches before training."""

import glob
import os

import numpy as np
from PIL import Image

from .levels import CODE_ERROR, INDICES, LATENTS, LEVELS
from .network import PATCH, PATCH_VALUES


def paths(folder):
    found = sorted(p for e in ("jpg", "jpeg", "png") for p in glob.glob(os.path.join(folder, f"*.{e}")))
    if not found:
        raise SystemExit(f"no pictures in {folder}")
    return found


def load(path):
    return np.asarray(Image.open(path).convert("RGB"))


class Crops:
    """Random square crops, flipped and turned. All pictures stay decoded in one file that processes share."""

    def __init__(self, folder, cache, crop=256):
        self.crop = crop
        files = paths(folder)
        index, pixels = cache + ".index.npy", cache + ".pixels.npy"
        if not (os.path.exists(index) and os.path.exists(pixels)):
            rows, parts, offset = [], [], 0
            for path in files:
                picture = load(path)
                if min(picture.shape[:2]) < crop:
                    continue
                rows.append((offset, *picture.shape[:2]))
                parts.append(picture.reshape(-1))
                offset += picture.size
            np.save(pixels, np.concatenate(parts))
            np.save(index, np.array(rows, np.int64))
        self.index, self.pixels = np.load(index), np.load(pixels, mmap_mode="r")

    def __len__(self):
        return len(self.index)

    def picture(self, k):
        offset, height, width = self.index[k]
        return self.pixels[offset : offset + height * width * 3].reshape(height, width, 3)

    def batch(self, rng, count):
        """[count, crop, crop, 3], float32 in -1...1."""
        result = np.empty((count, self.crop, self.crop, 3), np.float32)
        for k in range(count):
            picture = self.picture(rng.integers(len(self)))
            y = rng.integers(picture.shape[0] - self.crop + 1)
            x = rng.integers(picture.shape[1] - self.crop + 1)
            part = picture[y : y + self.crop, x : x + self.crop]
            part = np.rot90(part, rng.integers(4))
            if rng.integers(2):
                part = part[:, ::-1]
            result[k] = part
        return result / 127.5 - 1


def patches(picture):
    """[h, w, 3] -> [h/16, w/16, 768]"""
    h, w = picture.shape[0] // PATCH, picture.shape[1] // PATCH
    picture = picture[: h * PATCH, : w * PATCH]
    return picture.reshape(h, PATCH, w, PATCH, 3).transpose(0, 2, 1, 3, 4).reshape(h, w, PATCH_VALUES)


def level_factors():
    """[levels, latents + 1]: share of a channel's variance that is left at each level (last: all further ones)."""
    factors = np.ones((len(LEVELS), LATENTS + 1), np.float32)
    for level, groups in enumerate(LEVELS):
        for first, dimension in groups:
            factors[level, first : first + dimension] *= CODE_ERROR[dimension] * 2.0 ** (-32 / dimension)
    return factors


class Components:
    """Principal components of training patches, and how the levels would be used on them."""

    def __init__(self, crops, file):
        if not os.path.exists(file):
            self._measure(crops, file)
        stored = np.load(file)
        self.mean, self.basis, self.spread = stored["mean"], stored["basis"], stored["spread"]
        self.level_variance, self.weights = stored["level_variance"], stored["weights"]
        self.factors = level_factors()

    def _measure(self, crops, file):
        rng = np.random.default_rng(7)
        rows = []
        for k in range(0, len(crops), 2):
            p = patches(crops.picture(k).astype(np.float32) / 127.5 - 1).reshape(-1, PATCH_VALUES)
            rows.append(p[rng.permutation(len(p))[:64]])
        x = np.concatenate(rows)
        mean = x.mean(0)
        x -= mean
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
        values, vectors = values[::-1], vectors[:, ::-1]
        basis, spread = vectors[:, :LATENTS], np.sqrt(values[:LATENTS])
        # Prediction from neighbours takes most of the first components: weigh them so when choosing levels.
        weights = np.ones(LATENTS + 1, np.float32)
        weights[:3], weights[3:8] = 0.45, 0.8
        energy = self._energy(x, basis)
        factors = level_factors()
        variance = np.zeros((len(LEVELS), LATENTS))
        count = np.zeros(len(LEVELS))
        for multiplier in np.exp(np.linspace(np.log(0.01), np.log(6), 12)):
            cost = (energy * weights) @ factors.T + multiplier * np.array(INDICES)
            chosen = cost.argmin(1)
            for level in range(len(LEVELS)):
                members = chosen == level
                variance[level] += energy[members, :LATENTS].sum(0)
                count[level] += members.sum()
        overall = (spread**2)[None]
        variance = (variance + 200 * overall) / (count[:, None] + 200)
        np.savez(
            file,
            mean=mean,
            basis=basis,
            spread=spread,
            level_variance=(variance / overall).astype(np.float32),
            weights=weights,
        )

    @staticmethod
    def _energy(x, basis):
        inside = (x @ basis) ** 2
        rest = (x**2).sum(-1, keepdims=True) - inside.sum(-1, keepdims=True)
        return np.concatenate([inside, np.maximum(rest, 0)], -1)

    def map(self, picture, multiplier, rng=None):
        """Levels [h/16, w/16] by Lagrangian choice in the principal component domain; some shaken if rng is given."""
        energy = self._energy(patches(picture) - self.mean, self.basis) * self.weights
        levels = (energy @ self.factors.T + multiplier * np.array(INDICES)).argmin(-1)
        if rng is not None:
            shake = rng.random(levels.shape) < 0.15
            levels = np.clip(levels + shake * rng.integers(-1, 2, levels.shape), 0, len(LEVELS) - 1)
        return levels
