#!/usr/bin/env python3
"""Makes the README's picture: a crop of the original, of gqimg's file and of a JPEG of at most the same size."""

import argparse
import io
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageDraw


def psnr(a, b):
    error = np.mean((np.asarray(a, np.float64) - np.asarray(b, np.float64)) ** 2)
    return 10 * np.log10(255**2 / error)


def jpeg(picture, limit):
    best = None
    for quality in range(1, 96):
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=2)
        if data.tell() <= limit:
            best = data.getvalue()
    return best


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("picture")
    p.add_argument("output")
    p.add_argument("--program", default=".build/release/gqimg")
    p.add_argument("--bpp", default="0.25")
    p.add_argument("--crop", type=int, nargs=4, default=(150, 60, 430, 340), help="left upper right lower")
    a = p.parse_args()
    original = Image.open(a.picture).convert("RGB")
    with tempfile.TemporaryDirectory() as folder:
        coded, decoded = f"{folder}/a.gqz", f"{folder}/a.png"
        subprocess.run([a.program, "compress", a.picture, coded, "--bpp", a.bpp, "--quiet"], check=True)
        subprocess.run([a.program, "decompress", coded, decoded, "--quiet"], check=True)
        size = len(open(coded, "rb").read())
        restored = Image.open(decoded).convert("RGB")
    other = jpeg(original, size)
    compared = Image.open(io.BytesIO(other)).convert("RGB")
    crops = [
        (original, "original"),
        (restored, f"gqimg {size} bytes, {psnr(original, restored):.2f} dB"),
        (compared, f"JPEG {len(other)} bytes, {psnr(original, compared):.2f} dB"),
    ]
    width, height = a.crop[2] - a.crop[0], a.crop[3] - a.crop[1]
    sheet = Image.new("RGB", (3 * width + 20, height + 24), "white")
    draw = ImageDraw.Draw(sheet)
    for k, (picture, text) in enumerate(crops):
        sheet.paste(picture.crop(a.crop), (k * (width + 10), 0))
        draw.text((k * (width + 10) + 4, height + 6), text, fill="black")
    sheet.save(a.output, optimize=True)
    print(*(text for _, text in crops), sep="\n")


if __name__ == "__main__":
    main()
