"""A small convolutional autoencoder with GaussianQuant between its halves, on crops of testdata's photographs.

    python training/examples/autoencoder.py [--steps 300]

Prints every 50 steps `rec loss | kl loss | active %`: the mean absolute error with codewords, the divergence loss, and the
share of the codebook that was used since the last line. It takes about a minute on two cores.
"""

import argparse
import importlib.util
import pathlib

import numpy as np
import torch
from PIL import Image
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
# With the package installed: from gqimg.torch import GaussianQuant
_spec = importlib.util.spec_from_file_location("gqimg_torch", ROOT / "python" / "src" / "gqimg" / "torch.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
GaussianQuant = _module.GaussianQuant

SIDE, BATCH = 64, 8


class Autoencoder(nn.Module):
    """8 x 8 pixels become two groups of three channels, so two indices."""

    def __init__(self, channels=48, dim=3, groups=2, codebook_size=256):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, channels, 4, 4), nn.GELU(), nn.Conv2d(channels, channels, 3, padding=1), nn.GELU(),
            nn.Conv2d(channels, channels, 2, 2), nn.GELU(), nn.Conv2d(channels, 2 * dim * groups, 1),
        )
        self.quantizer = GaussianQuant(dim=dim, dim_idx=1, codebook_size=codebook_size)
        self.decoder = nn.Sequential(
            nn.Conv2d(dim * groups, channels, 1), nn.GELU(), nn.ConvTranspose2d(channels, channels, 2, 2), nn.GELU(),
            nn.Conv2d(channels, channels, 3, padding=1), nn.GELU(), nn.ConvTranspose2d(channels, 3, 4, 4),
        )

    def forward(self, pixels):
        """Pixels [b, 3, h, w] -> (decoded pixels, the quantizer's log)."""
        zhat, log = self.quantizer(self.encoder(pixels))
        return self.decoder(zhat), log


def crops(pictures, rng):
    """[BATCH, 3, SIDE, SIDE] in -1...1"""
    result = []
    for _ in range(BATCH):
        picture = pictures[rng.integers(len(pictures))]
        y, x = (rng.integers(size - SIDE) for size in picture.shape[:2])
        result.append(picture[y : y + SIDE, x : x + SIDE])
    return torch.from_numpy(np.stack(result)).permute(0, 3, 1, 2).float() / 127.5 - 1


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--steps", type=int, default=300)
    a = p.parse_args()
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    pictures = [np.asarray(Image.open(ROOT / "testdata" / name).convert("RGB")) for name in ("sample.png", "chelsea.png")]
    model = Autoencoder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    used = torch.zeros(model.quantizer.n_samples, dtype=torch.bool)
    for step in range(1, a.steps + 1):
        pixels = crops(pictures, rng)
        decoded, log = model(pixels)
        rec = (decoded - pixels).abs().mean()
        optimizer.zero_grad()
        (rec + 1e-4 * log["kl-loss"]).backward()
        optimizer.step()
        used[log["indices"].reshape(-1)] = True
        if step % 50 == 0:
            active = 100 * used.float().mean().item()
            print(f"step {step}: rec loss {rec.item():.3f} | kl loss {log['kl-loss'].item():.3f} | active {active:.1f} %", flush=True)
            used.zero_()


if __name__ == "__main__":
    main()
