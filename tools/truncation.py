#!/usr/bin/env python3
"""Cuts files short and tells what PSNR is left, for both orders of codes and for JPEG. Needs NumPy and Pillow."""

import argparse
import io
import os
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageFile

from comparison import jpeg, psnr

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("folder")
    p.add_argument("--program", default=".build/release/gqimg")
    p.add_argument("--bpp", type=float, default=0.5)
    p.add_argument("--pictures", type=int, default=24)
    a = p.parse_args()
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    sums = {}
    names = sorted(n for n in os.listdir(a.folder) if n.endswith(".png"))[: a.pictures]
    with tempfile.TemporaryDirectory() as folder:
        cut = os.path.join(folder, "cut")
        os.mkdir(cut)
        sources = {}
        for name in names:
            path = os.path.join(a.folder, name)
            picture = Image.open(path).convert("RGB")
            sources[name] = np.asarray(picture, np.float32)
            made = {}
            for order, options in (("tiles", []), ("progressive", ["--progressive"])):
                file = os.path.join(folder, "a.gqz")
                subprocess.run([a.program, "compress", path, file, "--bpp", str(a.bpp), "--force", "--quiet", *options],
                               check=True)
                with open(file, "rb") as stream:
                    made[order] = stream.read()
            for order, data in made.items():
                for share in SHARES:
                    with open(os.path.join(cut, f"{name}-{order}-{share}.gqz"), "wb") as file:
                        file.write(data[: round(len(data) * share)])
            data = jpeg(picture, int(a.bpp * picture.width * picture.height / 8))
            for share in SHARES:
                try:
                    part = Image.open(io.BytesIO(data[: round(len(data) * share)])).convert("RGB")
                    value = psnr(sources[name], np.asarray(part, np.float32))
                except Exception:
                    value = None
                sums.setdefault(("JPEG, progressive", share), []).append(value)
        out = os.path.join(folder, "out")
        subprocess.run([a.program, "decompress", "--recover", "--quiet", "--format", "ppm", "--output", out, cut],
                       stderr=subprocess.DEVNULL)
        for name in names:
            for order in ("tiles", "progressive"):
                for share in SHARES:
                    path = os.path.join(out, f"{name}-{order}-{share}.ppm")
                    value = psnr(sources[name], np.asarray(Image.open(path), np.float32)) if os.path.exists(path) else None
                    sums.setdefault((f"gqimg, {order}", share), []).append(value)
    labels = list(dict.fromkeys(label for label, _ in sums))
    print("| bytes kept | " + " | ".join(labels) + " |")
    print("|---|" + "---|" * len(labels))
    for share in SHARES:
        cells = []
        for label in labels:
            values = [v for v in sums[label, share] if v is not None]
            cells.append(f"{np.mean(values):.2f} dB" + ("" if len(values) == len(names) else f" ({len(values)} of {len(names)})")
                         if values else "-")
        print(f"| {100 * share:.0f} % | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
