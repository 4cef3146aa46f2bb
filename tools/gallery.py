#!/usr/bin/env python3
"""Makes docs/gallery.md and its sheets: twelve pictures at three qualities beside AVIF, JPEG XL and WebP at equal size.

  gallery.py --program gqimg --wheel scikit_image-0.26.0-*.whl [--output docs] [--only NAME,NAME]

Seven pictures are photographs of the wheel of scikit-image, five are drawn here. gqimg is told the size, and the others make the
largest file that is not above that of gqimg's. Needs numpy, Pillow, imagecodecs and
ssimulacra2.
"""

import argparse
import io
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from ssimulacra2 import compute_ssimulacra2

RATES = (0.2, 0.5, 1.2)
CROP = 176
LIMIT = 2_000_000
INK, MUTED, PAPER = (29, 31, 36), (95, 99, 109), (255, 255, 255)
PHOTOGRAPHS = {
    "coffee": ("coffee.png", "photograph, by Rachel Michetti, CC0"),
    "cat": ("chelsea.png", "photograph, by Stefan van der Walt, CC0"),
    "astronaut": ("astronaut.png", "photograph, NASA, public domain"),
    "rocket": ("rocket.jpg", "photograph, SpaceX, CC0"),
    "galaxies": ("hubble_deep_field.jpg", "photograph, NASA and ESA, public domain"),
    "camera": ("camera.png", "grey photograph, by Lav Varshney, CC0"),
    "grass": ("grass.png", "grey photograph, by linolafett, CC0"),
}
CODECS = ["gqimg", "AVIF", "JPEG XL", "WebP"]


def font(size):
    return ImageFont.load_default(size)


def editor(_):
    """A screen: a program's text in colours."""
    im = Image.new("RGB", (512, 384), (30, 32, 38))
    d = ImageDraw.Draw(im)
    d.rectangle((0, 0, 512, 26), fill=(44, 47, 56))
    for k, colour in enumerate(((236, 106, 94), (245, 191, 79), (98, 197, 84))):
        d.ellipse((12 + 20 * k, 8, 22 + 20 * k, 18), fill=colour)
    d.rectangle((0, 26, 110, 384), fill=(37, 40, 48))
    for k, name in enumerate(("Sources", "Bitstream", "Codec", "Metrics", "Report", "Tests", "docs", "Makefile")):
        d.text((14, 40 + 22 * k), name, fill=(170, 176, 190), font=font(12))
    lines = ["struct Tile {", "  let index: Int", "  var checksum: UInt32 = 0", "", "  mutating func seal(_ bytes: [UInt8]) {",
             "    for byte in bytes {", "      checksum = table[byte ^ checksum]", "    }", "  }", "}", "", "let tiles = (0..<count).map {",
             "  Tile(index: $0)", "}"]
    colours = [(198, 146, 233), (130, 200, 255), (226, 226, 230), (152, 195, 121)]
    for k, line in enumerate(lines):
        d.text((124, 40 + 22 * k), str(k + 1), fill=(90, 95, 108), font=font(13))
        x = 152 + 8 * (len(line) - len(line.lstrip()))
        for word in line.split():
            d.text((x, 40 + 22 * k), word, fill=colours[sum(map(ord, word)) % 4], font=font(13))
            x += int(d.textlength(word + " ", font=font(13)))
    return im


def letter(_):
    """A screen: black text on white, the smallest sizes that people read."""
    im = Image.new("RGB", (512, 384), PAPER)
    d = ImageDraw.Draw(im)
    d.text((36, 26), "Minutes of the meeting", fill=INK, font=font(24))
    words = ("the quick proposal was read and after a short debate adopted by all members present while two questions about "
             "costs were put off until the next meeting in which figures of the past year shall be shown").split()
    y, k = 70, 0
    for size in (15, 13, 12, 11, 10, 9):
        for _ in range(3):
            x = 36
            while x < 400:
                d.text((x, y), words[k % len(words)], fill=INK, font=font(size))
                x += int(d.textlength(words[k % len(words)] + " ", font=font(size))) + 1
                k += 7
            y += int(size * 1.35)
    return im


def chart(_):
    """A screen: curves and bars with thin lines."""
    im = Image.new("RGB", (512, 384), (250, 250, 247))
    d = ImageDraw.Draw(im)
    d.text((30, 18), "Rate and distortion", fill=INK, font=font(20))
    for k in range(7):
        d.line((60, 70 + 40 * k, 480, 70 + 40 * k), fill=(222, 222, 216))
        d.text((28, 62 + 40 * k), str(90 - 10 * k), fill=MUTED, font=font(12))
    for k, colour in enumerate(((36, 80, 200), (179, 42, 160), (91, 140, 22), (12, 133, 120))):
        points = [(60 + 35 * i, 320 - 95 * np.log1p(i * (1.9 - 0.33 * k)) + 8 * k) for i in range(13)]
        d.line(points, fill=colour, width=2)
        for x, y in points:
            d.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour, outline=(255, 255, 255))
    for k in range(12):
        d.rectangle((66 + 35 * k, 360 - (k * 37) % 26, 84 + 35 * k, 360), fill=(120 + 9 * k, 140, 200 - 8 * k))
    return im


def slide(pictures):
    """Mixed: a photograph beside text, on a ramp."""
    ramp = np.linspace(0, 1, 512)[None, :, None]
    ground = np.broadcast_to((1 - ramp) * [18, 32, 62] + ramp * [46, 86, 120], (384, 512, 3))
    im = Image.fromarray(ground.astype(np.uint8).copy())
    d = ImageDraw.Draw(im)
    im.paste(pictures["astronaut"].resize((220, 220), Image.LANCZOS), (270, 100))
    d.text((28, 30), "What was learnt in orbit", fill=(255, 255, 255), font=font(28))
    for k, line in enumerate(("17 days, 4 experiments", "first results in autumn", "all data are public", "next flight in 2027")):
        d.rectangle((30, 118 + 44 * k, 38, 126 + 44 * k), fill=(255, 196, 87))
        d.text((52, 112 + 44 * k), line, fill=(232, 238, 246), font=font(17))
    return im


def shop(pictures):
    """Mixed: a page with photographs, prices and buttons."""
    im = Image.new("RGB", (512, 384), (244, 244, 241))
    d = ImageDraw.Draw(im)
    d.rectangle((0, 0, 512, 44), fill=PAPER)
    d.text((20, 11), "Beans & Cups", fill=(150, 60, 20), font=font(20))
    for k, (name, title) in enumerate((("coffee", "Espresso"), ("cat", "Company"), ("rocket", "To go"))):
        x = 16 + 164 * k
        d.rounded_rectangle((x, 62, x + 152, 366), 10, fill=PAPER, outline=(220, 220, 214))
        picture = pictures[name]
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        im.paste(picture.crop((left, top, left + side, top + side)).resize((150, 190), Image.LANCZOS), (x + 1, 72))
        d.text((x + 12, 272), title, fill=INK, font=font(16))
        d.text((x + 12, 294), f"{3 + k}.{k}5 each, in stock", fill=MUTED, font=font(12))
        d.rounded_rectangle((x + 12, 322, x + 100, 350), 14, fill=(36, 80, 200))
        d.text((x + 28, 328), "Add one", fill=PAPER, font=font(13))
    return im


DRAWN = {
    "editor": (editor, "screen, drawn"), "letter": (letter, "screen, drawn"), "chart": (chart, "screen, drawn"),
    "slide": (slide, "mixed, drawn around the astronaut"), "shop": (shop, "mixed, drawn around three photographs"),
}


def pictures(wheel):
    """All pictures by name, none larger than 512 pixels."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name, (file, _) in PHOTOGRAPHS.items():
            im = Image.open(io.BytesIO(archive.read(f"skimage/data/{file}")))
            im = im.convert("L" if im.mode == "L" else "RGB")
            im.thumbnail((512, 512), Image.LANCZOS)
            # Without its profile, which would take a part of gqimg's bytes alone.
            found[name] = Image.fromarray(np.asarray(im))
    for name, (draw, _) in DRAWN.items():
        found[name] = draw(found)
    return found


def score(original, other, folder):
    paths = folder / "a.png", folder / "b.png"
    for im, path in zip((original, other), paths):
        im.convert("RGB").save(path, compress_level=1)
    return float(compute_ssimulacra2(*map(str, paths)))


def own(program, im, target, folder):
    source, coded, decoded = folder / "source.png", folder / "coded.gqz", folder / "decoded.png"
    im.save(source)
    subprocess.run([program, "compress", "--force", "--quiet", "--bpp", str(target), source, coded], check=True)
    subprocess.run([program, "decompress", "--force", "--quiet", coded, decoded], check=True)
    return coded.stat().st_size, Image.open(decoded).convert(im.mode)


def largest(encode, settings, limit):
    """The largest file of rising settings that has at most so many bytes; None when the first is larger."""
    low, high, best = -1, len(settings), None
    while high - low > 1:
        middle = (low + high) // 2
        data = encode(settings[middle])
        if len(data) <= limit:
            low = middle
            if best is None or len(data) > len(best):
                best = data
        else:
            high = middle
    return best


def peers(im, limit):
    """Bytes and picture of every other codec at that size; None without such a file."""
    x = np.asarray(im.convert("RGB"))
    grey = np.asarray(im)
    ways = {
        "AVIF": (lambda q: imagecodecs.avif_encode(x, level=q, speed=6, pixelformat="444", numthreads=1),
                 list(range(101)), imagecodecs.avif_decode),
        "JPEG XL": (lambda q: imagecodecs.jpegxl_encode(grey, distance=q, effort=7, lossless=False, numthreads=1),
                    [25 * (0.1 / 25) ** (k / 127) for k in range(128)], imagecodecs.jpegxl_decode),
        "WebP": (lambda q: imagecodecs.webp_encode(x, level=q, method=6, lossless=False),
                 list(range(101)), imagecodecs.webp_decode),
    }
    found = {}
    for name, (encode, settings, decode) in ways.items():
        data = largest(encode, settings, limit)
        found[name] = None if data is None else (len(data), Image.fromarray(np.asarray(decode(data))).convert(im.mode))
    return found


def busiest(im):
    """The corner of the crop with the most edges, for that is where codecs differ."""
    x = np.asarray(im.convert("L"), np.float64)
    energy = np.abs(np.diff(x, axis=1))[:-1] + np.abs(np.diff(x, axis=0))[:, :-1]
    sums = np.pad(np.minimum(energy, 40).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    side = min(CROP, *(np.array(im.size) - 1))
    area = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    y, left = np.unravel_index(np.argmax(area[::4, ::4]), area[::4, ::4].shape)
    return int(left) * 4, int(y) * 4


def sheet(name, im, program, folder):
    """The sheet of a picture, and for each quality the score and size of every codec."""
    corner = busiest(im)
    gap, head, foot, side = 8, 26, 36, 62
    columns = ["original"] + CODECS
    width = side + len(columns) * (CROP + gap)
    canvas = Image.new("RGB", (width, head + len(RATES) * (CROP + foot)), PAPER)
    d = ImageDraw.Draw(canvas)
    for k, title in enumerate(columns):
        d.text((side + k * (CROP + gap), 4), title, fill=INK, font=font(15))
    rows = []
    for r, target in enumerate(RATES):
        size, decoded = own(program, im, target, folder)
        versions = {"original": (None, im), "gqimg": (size, decoded), **peers(im, size)}
        y = head + r * (CROP + foot)
        d.text((2, y + 4), f"{size * 8 / im.width / im.height:.2f} bpp", fill=INK, font=font(14))
        row = {}
        for k, title in enumerate(columns):
            x = side + k * (CROP + gap)
            if versions[title] is None:
                d.text((x, y + 80), "no file so small", fill=MUTED, font=font(13))
                continue
            count, picture = versions[title]
            canvas.paste(picture.convert("RGB").crop((*corner, corner[0] + CROP, corner[1] + CROP)), (x, y))
            if count is None:
                continue
            row[title] = score(im, picture, folder), count
            d.text((x, y + CROP + 3), f"{row[title][0]:.1f}, {count:,} bytes", fill=MUTED, font=font(13))
        rows.append(row)
    return canvas, rows


def page(names, results):
    lines = [
        "# Gallery", "",
        "Twelve pictures at three qualities: gqimg at 0.2, 0.5 and 1.2 bits per pixel (`--bpp`), and AVIF, JPEG XL and WebP at the largest "
        "file that is not above gqimg's. Every sheet shows the place with the most edges, pixel for pixel, with SSIMULACRA2 of the whole "
        "picture and the bytes of the file below. 100 is the same picture, 90 visually lossless, 70 high quality.", "",
        f"Others: {imagecodecs.avif_version().split(' (')[0]} (speed 6, 4:4:4), {imagecodecs.jpegxl_version()} (effort 7), "
        f"{imagecodecs.webp_version()} (method 6). Made by `make gallery`.", "",
    ]
    kinds = {**{k: v[1] for k, v in PHOTOGRAPHS.items()}, **{k: v[1] for k, v in DRAWN.items()}}
    for name in names:
        lines += [f"## {name.capitalize()}: {kinds[name]}", "", f"![{name}](gallery/{name}.webp)", "",
                  "| bytes | " + " | ".join(CODECS) + " |", "|---|" + "---|" * len(CODECS)]
        for row in results[name]:
            best = max(value for value, _ in row.values())
            cells = [f"{row['gqimg'][1]:,}"]
            for codec in CODECS:
                value = row.get(codec)
                text = "-" if value is None else f"{value[0]:.1f}"
                cells.append(f"**{text}**" if value and value[0] == best else text)
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", required=True)
    p.add_argument("--wheel", required=True, help="the wheel of scikit-image with its photographs")
    p.add_argument("--output", type=Path, default=Path("docs"))
    p.add_argument("--only", help="names, separated by commas, for a try")
    a = p.parse_args()
    found = pictures(a.wheel)
    names = a.only.split(",") if a.only else list(found)
    folder = a.output / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            canvas, results[name] = sheet(name, found[name], os.path.abspath(a.program), Path(scratch))
            canvas.save(folder / f"{name}.webp", quality=88, method=6)
            print(name, (folder / f"{name}.webp").stat().st_size, "bytes", flush=True)
    (a.output / "gallery.md").write_text(page(names, results))
    total = sum(path.stat().st_size for path in folder.glob("*.webp"))
    if total > LIMIT:
        raise SystemExit(f"{total} bytes of sheets are more than {LIMIT}")


if __name__ == "__main__":
    main()
