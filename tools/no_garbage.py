#!/usr/bin/env python3
"""Pictures that a model trained on photographs may turn into garbage: PSNR and the worst 16 x 16 block of each.

Draws flat grounds, ramps, frames, portraits before pure colours, text, screens, codes, dithers, noise and tiny pictures,
compresses and restores them by the program, and exits with 1 where a bound is broken. Needs NumPy and Pillow.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CORNERS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255),
    "cyan": (0, 255, 255), "magenta": (255, 0, 255), "yellow": (255, 255, 0), "grey": (119, 119, 119),
}


def photo():
    here = os.path.dirname(os.path.abspath(__file__))
    return np.asarray(Image.open(os.path.join(here, "..", "testdata", "chelsea.png")).convert("RGB"))


def before(color):
    """A face, cut out, before a ground of one colour."""
    picture = photo()
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    inside = ((y - 130) / 120) ** 2 + ((x - 225) / 130) ** 2 < 1
    return np.where(inside[..., None], picture, np.array(color)).astype(np.uint8)


def framed(color, width=60):
    picture = photo()
    result = np.empty((picture.shape[0] + 2 * width, picture.shape[1] + 2 * width, 3), np.uint8)
    result[:] = color
    result[width:-width, width:-width] = picture
    return result


def page(size=(512, 256), ground=255, ink=0, smooth=True):
    image = Image.new("RGB", size, (ground,) * 3)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "L" if smooth else "1"
    face = ImageFont.load_default(13)
    line = "Fixed-length codes of a learned transform: every size is known before it is written."
    for y in range(8, size[1] - 16, 18):
        draw.text((8, y), line[y % 7 :], fill=(ink,) * 3, font=face)
    return np.asarray(image)


def screen():
    image = Image.new("RGB", (640, 400), (240, 240, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, 32), fill=(44, 62, 80))
    draw.rectangle((0, 32, 150, 400), fill=(52, 73, 94))
    face = ImageFont.load_default(12)
    for k in range(8):
        draw.text((12, 50 + 28 * k), f"Menu entry {k + 1}", fill=(236, 240, 241), font=face)
        draw.rectangle((170, 50 + 40 * k, 620, 82 + 40 * k), fill=(255, 255, 255), outline=(189, 195, 199))
        draw.text((182, 58 + 40 * k), f"Row {k + 1}: value {k * 37 % 100}", fill=(0, 0, 0), font=face)
    return np.asarray(image)


def ramp(width=480, height=320):
    import colorsys

    row = [[round(255 * v) for v in colorsys.hsv_to_rgb(x / width, 1, 1)] for x in range(width)]
    return np.tile(np.array(row, np.uint8), (height, 1, 1))


def pictures():
    """Yields (name, kind, pixels)."""
    rng = np.random.default_rng(1)
    for name, color in CORNERS.items():
        yield f"flat {name}", "flat", np.full((256, 320, 3), color, np.uint8)
    for name in ("green", "blue", "magenta", "cyan"):
        yield f"portrait on {name}", "portrait", before(CORNERS[name])
    for name in ("blue", "red", "white", "black"):
        yield f"frame {name}", "frame", framed(CORNERS[name])
    yield "hue ramp", "ramp", ramp()
    yield "grey ramp", "ramp", np.repeat(np.tile(np.linspace(0, 255, 480).astype(np.uint8), (160, 1))[..., None], 3, -1)
    quarters = np.zeros((64, 96, 3), np.uint8)
    quarters[:32, :48], quarters[:32, 48:], quarters[32:, :48], quarters[32:, 48:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
    yield "four colours", "ramp", quarters
    yield "text page", "text", page()
    yield "text page, dark", "text", page(ground=20, ink=220)
    yield "text of 1 bit", "text", page((600, 420), smooth=False)
    yield "screen", "text", screen()
    modules = rng.random((29, 29)) < 0.5
    yield "code of 8-pixel modules", "text", np.kron(np.where(modules, 0, 255).astype(np.uint8), np.ones((8, 8), np.uint8))[..., None].repeat(3, -1)
    yield "checkerboard", "text", np.where(np.indices((320, 480)).sum(0) // 8 % 2, 255, 0).astype(np.uint8)[..., None].repeat(3, -1)
    yield "noise", "noise", rng.integers(0, 256, (128, 192, 3), dtype=np.uint8)
    yield "photograph", "photograph", photo()
    for height, width in ((1, 1), (1, 2), (3, 3), (16, 16), (17, 15)):
        yield f"{width} x {height} pixels", "tiny", photo()[100 : 100 + height, 200 : 200 + width]


def measure(original, decoded):
    """(PSNR, the largest mean squared error of a block of 16 x 16)."""
    error = (original.astype(float) - decoded) ** 2
    rows, columns = original.shape[:2]
    worst = max(error[y : y + 16, x : x + 16].mean() for y in range(0, rows, 16) for x in range(0, columns, 16))
    mean = error.mean()
    return (99.0 if mean == 0 else 10 * np.log10(65025 / mean)), worst


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", required=True)
    p.add_argument("--rates", default="0.5,1,2,4", help="bits per pixel beside the default quality")
    p.add_argument("--only", default="", help="names that contain this")
    p.add_argument("--options", default="", help="more options of compress")
    p.add_argument("folder", nargs="*", help="more pictures, or folders of them: reported, not judged")
    a = p.parse_args()
    more = [os.path.join(f, n) for f in a.folder if os.path.isdir(f) for n in sorted(os.listdir(f))] + [f for f in a.folder if os.path.isfile(f)]
    readable = [f for f in more if f.endswith((".png", ".jpg", ".ppm"))]
    found = list(pictures()) + [(os.path.basename(f), "", np.asarray(Image.open(f).convert("RGB"))) for f in readable]
    rates = [float(r) for r in a.rates.split(",") if r]
    broken = 0
    print(f"{'':26} {'default: bytes, dB, worst block':>32}" + "".join(f"{r:>10g} bpp" for r in rates))
    with tempfile.TemporaryDirectory() as folder:
        source, coded, restored = (os.path.join(folder, n) for n in ("a.png", "a.gqz", "b.png"))
        for name, kind, pixels in found:
            if a.only not in name:
                continue
            Image.fromarray(pixels).save(source)

            def run(*options):
                subprocess.run([a.program, "compress", "-f", source, coded, *options, *a.options.split()], check=True, capture_output=True)
                subprocess.run([a.program, "decompress", "-f", coded, restored], check=True, capture_output=True)
                return os.path.getsize(coded), *measure(pixels, np.asarray(Image.open(restored).convert("RGB")))

            size, ratio, worst = run()
            faults = []
            if kind == "flat" and worst > 25:
                faults.append("a flat ground has a block above 25")
            if kind == "portrait" and (ratio < 30 or worst > 1500):
                faults.append("a portrait is below 30 dB or has a block above 1500")
            curve = []
            for rate in rates:
                try:
                    curve.append(run("--bpp", f"{rate:g}")[1])
                except subprocess.CalledProcessError:
                    curve.append(float("nan"))  # too few bytes for so few pixels
            known = [v for v in curve if v == v]
            if kind and any(later < earlier - 0.1 for earlier, later in zip(known, known[1:])):
                faults.append("more bits, lower PSNR")
            broken += len(faults)
            print(f"{name:26} {size:12} {ratio:9.2f} {worst:9.0f}" + "".join(f"{v:14.2f}" for v in curve) + "  " + "; ".join(faults), flush=True)
    print(f"{broken} bounds broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
