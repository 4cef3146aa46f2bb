#!/usr/bin/env python3
"""Lossless files beside `cwebp -lossless -m 4`: tools/lossless.py --program gqimg FOLDER-OR-PICTURE ...

Compresses every picture with --lossless, restores it and compares every sample, alpha included; prints bytes and times of whole
processes. Exits with 1 where a sample differs, or where the files of a folder together are more than 3 % larger than WebP's. Needs NumPy,
Pillow and cwebp.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image, ImageOps


def samples(path):
    """RGBA samples of 8 bits, upright, 16 bits of grey rounded as the program rounds them."""
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.int64)
        grey = ((grey * 255 + 32895) >> 16).astype(np.uint8)
        return np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    return np.asarray(image.convert("RGBA"))


def timed(arguments):
    start = time.perf_counter()
    result = subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return time.perf_counter() - start, result


def depth(path):
    """(bits, whether Pillow knows its transparent colour): below and above 8 bits it takes another for it."""
    with open(path, "rb") as file:
        head = file.read(26)
    if head[:4] != b"\x89PNG":
        return 8, True
    return head[24], head[24] == 8 or head[25] == 3 or "transparency" not in Image.open(path).info


def measure(program, name, paths):
    sums, differing, count, beside = {"gqimg": [0, 0.0], "cwebp": [0, 0.0]}, [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        coded, shown, webp = (os.path.join(folder, n) for n in ("a.gqz", "a.png", "a.webp"))
        for path in paths:
            seconds, result = timed([program, "compress", "--force", "--quiet", "--lossless", "--strip", "all", path, coded])
            if result.returncode:
                # Refused: damaged, and known to be.
                continue
            count += 1
            timed([program, "decompress", "--force", "--quiet", coded, shown])
            wanted, found = samples(path).astype(int), samples(shown).astype(int)
            bits, knows_alpha = depth(path)
            parts = slice(0, 4 if knows_alpha else 3)
            # Pillow cuts 16 bits of colour to 8 where the program rounds.
            if wanted.shape != found.shape or np.abs(wanted - found)[..., parts].max() > (bits == 16):
                differing.append(path)
            other, made = timed(["cwebp", "-quiet", "-lossless", "-exact", "-m", "4", path, "-o", webp])
            if made.returncode:
                continue
            beside += 1
            for key, size, spent in (("gqimg", os.path.getsize(coded), seconds), ("cwebp", os.path.getsize(webp), other)):
                sums[key][0] += size
                sums[key][1] += spent
    ours, theirs = sums["gqimg"], sums["cwebp"]
    print(f"| {name} | {count} | {len(differing)} | {beside} | {ours[0]:,} | {theirs[0]:,} | {100 * (ours[0] / theirs[0] - 1):+.2f} % | "
          f"{ours[1]:.2f} | {theirs[1]:.2f} |", flush=True)
    for path in differing:
        print("differs:", path)
    return not differing and ours[0] <= 1.03 * theirs[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--program", required=True)
    options = parser.parse_args()
    print("| pictures | read | not exact | beside | gqimg, bytes | cwebp, bytes | difference | gqimg, s | cwebp, s |")
    print("|---|---|---|---|---|---|---|---|---|")
    good = True
    for path in options.paths:
        names = [os.path.join(path, n) for n in sorted(os.listdir(path))] if os.path.isdir(path) else [path]
        names = [n for n in names if n.endswith((".png", ".ppm"))]
        good &= measure(options.program, os.path.basename(path.rstrip("/")), names)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
