#!/usr/bin/env python3
"""Screens without loss beside AVIF: pages of text, terminals, dashboards, code, charts, and web pages with photographs.

    tools/screens.py draw FOLDER [--photographs DIR]   draws them, light and dark, at 900 x 620 and 2560 x 1440
    tools/screens.py measure FOLDER --program gqimg    compresses each with -q 90 and compares
    tools/screens.py page FOLDER --program gqimg --output docs/graphics.png
                                                       a web page with photographs beside AVIF of the same size

AVIF is libavif's at speed 6, 4:4:4, the smallest of its qualities that reaches SSIMULACRA2 90, or what gqimg reaches where that
is less. The web pages show photographs of DIR, each once where there are enough of them, since AVIF's intra block copy would code a second one
at almost no cost. Needs NumPy, Pillow, imagecodecs and ssimulacra2.
"""

import argparse
import concurrent.futures
import io
import json
import math
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = ((900, 620), (2560, 1440))
KINDS = ("text", "terminal", "dashboard", "code", "chart", "web")
FONTS = "/usr/share/fonts/truetype/dejavu/"
WORDS = (
    "a picture is read row by row and every row goes through the network once while the rest of it is still to come so that "
    "memory does not grow with height the level of a position says how many bits describe it and which of them stay at what "
    "is predicted text lines and flat colours cost less when they are stored as they are than when a model approximates them"
).split()
LIGHT = dict(ground=(255, 255, 255), panel=(246, 248, 250), line=(208, 215, 222), ink=(31, 35, 40), dim=(101, 109, 118))
DARK = dict(ground=(13, 17, 23), panel=(22, 27, 34), line=(48, 54, 61), ink=(230, 237, 243), dim=(125, 133, 144))
HUES = ((9, 105, 218), (26, 127, 55), (191, 135, 0), (207, 34, 46), (130, 80, 223), (27, 124, 131))


def font(name, size):
    return ImageFont.truetype(FONTS + name + ".ttf", size)


def sentence(rng, count):
    words = [rng.choice(WORDS) for _ in range(count)]
    return (" ".join(words)).capitalize() + rng.choice(".,;:?")


def canvas(size, colors):
    image = Image.new("RGB", size, colors["ground"])
    return image, ImageDraw.Draw(image)


def paragraph(draw, box, text, face, fill, leading=1.5):
    """Wraps text in a box; returns the row below it."""
    left, top, right, bottom = box
    line, y = "", top
    for word in text.split():
        longer = f"{line} {word}".strip()
        if draw.textlength(longer, font=face) > right - left and line:
            if y + face.size > bottom:
                return y
            draw.text((left, y), line, font=face, fill=fill)
            y, line = y + round(face.size * leading), word
        else:
            line = longer
    if y + face.size <= bottom:
        draw.text((left, y), line, font=face, fill=fill)
        y += round(face.size * leading)
    return y


def text(size, colors, rng):
    image, draw = canvas(size, colors)
    margin, y = size[0] // 9, 36
    draw.text((margin, y), "On the size of files", font=font("DejaVuSerif-Bold", 30), fill=colors["ink"])
    y += 56
    while y < size[1] - 40:
        if rng.random() < 0.2:
            draw.text((margin, y), sentence(rng, 4), font=font("DejaVuSerif-Bold", 19), fill=colors["ink"])
            y += 36
        words = " ".join(sentence(rng, rng.randint(6, 18)) for _ in range(rng.randint(3, 7)))
        y = paragraph(draw, (margin, y, size[0] - margin, size[1] - 20), words, font("DejaVuSerif", 16), colors["ink"]) + 12
        if y > size[1] - 60:
            break
    return image


def terminal(size, colors, rng):
    image, draw = canvas(size, colors)
    face, bold = font("DejaVuSansMono", 14), font("DejaVuSansMono-Bold", 14)
    draw.rectangle((0, 0, size[0], 30), fill=colors["panel"])
    for k, color in enumerate(((255, 95, 87), (254, 188, 46), (40, 200, 64))):
        draw.ellipse((12 + 22 * k, 9, 24 + 22 * k, 21), fill=color)
    y = 40
    while y < size[1] - 18:
        if rng.random() < 0.12:
            draw.text((10, y), "user@host", font=bold, fill=HUES[1])
            draw.text((10 + 8.43 * 9, y), ":~/project$ make " + rng.choice(WORDS), font=face, fill=colors["ink"])
        else:
            line = f"-rw-r--r-- 1 user user {rng.randint(100, 9999999):>8} Nov {rng.randint(1, 28):>2} 12:{rng.randint(0, 59):02} "
            draw.text((10, y), line, font=face, fill=colors["dim"])
            name = "-".join(rng.sample(WORDS, 2)) + rng.choice((".swift", ".png", ".gqz", "/"))
            draw.text((10 + 8.43 * len(line), y), name, font=face, fill=rng.choice((colors["ink"], HUES[0], HUES[5])))
        y += 18
    return image


def code(size, colors, rng):
    image, draw = canvas(size, colors)
    face = font("DejaVuSansMono", 14)
    draw.rectangle((0, 0, 200, size[1]), fill=colors["panel"])
    for k in range(12):
        draw.text((20 + 14 * (k % 3), 20 + 24 * k), rng.choice(WORDS) + ".swift", font=font("DejaVuSans", 13), fill=colors["dim"])
    y, number, depth = 14, 1, 0
    while y < size[1] - 18:
        draw.text((210, y), f"{number:>4}", font=face, fill=colors["dim"])
        x = 260 + 34 * depth
        parts = rng.choice((
            [("let ", HUES[3]), (rng.choice(WORDS), colors["ink"]), (" = ", colors["dim"]), (str(rng.randint(0, 999)), HUES[0])],
            [("if ", HUES[3]), (rng.choice(WORDS), colors["ink"]), (" == ", colors["dim"]), ('"' + rng.choice(WORDS) + '"', HUES[1]), (" {", colors["ink"])],
            [("// " + sentence(rng, rng.randint(4, 9)), colors["dim"])],
            [("return ", HUES[3]), (rng.choice(WORDS) + "(" + rng.choice(WORDS) + ": ", HUES[4]), (str(rng.randint(0, 99)) + ")", HUES[0])],
            [("}", colors["ink"])],
            [],
        ))
        for part, color in parts:
            draw.text((x, y), part, font=face, fill=color)
            x += draw.textlength(part, font=face)
        if parts and parts[-1][0] == " {":
            depth = min(depth + 1, 5)
        if parts and parts[0][0] == "}":
            depth = max(depth - 1, 0)
        y, number = y + 19, number + 1
    return image


def smooth(size, paint):
    """What `paint` draws at four times the size, made small: edges without steps."""
    image = Image.new("RGBA", (4 * size[0], 4 * size[1]), (0, 0, 0, 0))
    paint(ImageDraw.Draw(image), 4)
    return image.resize(size, Image.Resampling.BOX)


def plot(image, box, colors, rng, lines=3, filled=True):
    left, top, right, bottom = box
    draw = ImageDraw.Draw(image)
    face = font("DejaVuSans", 12)
    for k in range(6):
        y = bottom - (bottom - top) * k // 5
        draw.line((left, y, right, y), fill=colors["line"])
        draw.text((left - 34, y - 7), str(20 * k), font=face, fill=colors["dim"])
    for k in range(0, 11, 2):
        draw.text((left + (right - left) * k // 10 - 8, bottom + 8), str(2016 + k), font=face, fill=colors["dim"])
    size = (right - left, bottom - top)
    for k in range(lines):
        points, value = [], rng.uniform(0.3, 0.7)
        for x in range(0, size[0] + 1, max(6, size[0] // 60)):
            value = min(0.95, max(0.05, value + rng.uniform(-0.06, 0.06)))
            points.append((x, size[1] * (1 - value)))

        def paint(pen, scale):
            line = [(x * scale, y * scale) for x, y in points]
            if filled and k == 0:
                pen.polygon(line + [(size[0] * scale, size[1] * scale), (0, size[1] * scale)], fill=HUES[k] + (40,))
            pen.line(line, fill=HUES[k] + (255,), width=2 * scale, joint="curve")

        image.alpha_composite(smooth(size, paint), (left, top))


def chart(size, colors, rng):
    image, draw = canvas(size, colors)
    image = image.convert("RGBA")
    ImageDraw.Draw(image).text((60, 24), "Bytes a picture, by year", font=font("DejaVuSans-Bold", 22), fill=colors["ink"])
    plot(image, (80, 80, size[0] - 60, size[1] - 70), colors, rng, lines=4, filled=False)
    draw = ImageDraw.Draw(image)
    for k in range(4):
        draw.rectangle((100 + 120 * k, 56, 112 + 120 * k, 68), fill=HUES[k])
        draw.text((118 + 120 * k, 55), rng.choice(WORDS), font=font("DejaVuSans", 12), fill=colors["ink"])
    return image.convert("RGB")


def card(image, box, colors):
    """A rounded panel with a soft shadow."""
    left, top, right, bottom = box
    shadow = Image.new("L", image.size, 0)
    ImageDraw.Draw(shadow).rounded_rectangle((left, top + 3, right, bottom + 3), 8, fill=50)
    shadow = shadow.filter(ImageFilter.GaussianBlur(5))
    image.paste(Image.new("RGB", image.size, (0, 0, 0)), (0, 0), shadow)

    def paint(pen, scale):
        area = (0, 0, (right - left) * scale - 1, (bottom - top) * scale - 1)
        pen.rounded_rectangle(area, 8 * scale, fill=colors["ground"] + (255,), outline=colors["line"] + (255,), width=scale)

    image.alpha_composite(smooth((right - left, bottom - top), paint), (left, top))


def dashboard(size, colors, rng):
    image = Image.new("RGBA", size, colors["panel"] + (255,))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0], 48), fill=(36, 41, 47))
    draw.text((20, 14), "Overview", font=font("DejaVuSans-Bold", 16), fill=(255, 255, 255))
    columns = max(3, size[0] // 300)
    width = (size[0] - 20) // columns
    for k in range(columns):
        box = (20 + k * width, 68, k * width + width, 160)
        card(image, box, colors)
        draw = ImageDraw.Draw(image)
        draw.text((box[0] + 16, box[1] + 14), rng.choice(WORDS).capitalize(), font=font("DejaVuSans", 13), fill=colors["dim"])
        draw.text((box[0] + 16, box[1] + 38), f"{rng.randint(1000, 99999):,}", font=font("DejaVuSans-Bold", 26), fill=colors["ink"])
    middle = size[0] * 3 // 5
    card(image, (20, 180, middle, size[1] - 20), colors)
    plot(image, (70, 220, middle - 30, size[1] - 60), colors, rng)
    card(image, (middle + 20, 180, size[0] - 20, size[1] - 20), colors)
    draw = ImageDraw.Draw(image)
    y = 200
    while y < size[1] - 60:
        draw.text((middle + 40, y), sentence(rng, 3), font=font("DejaVuSans", 13), fill=colors["ink"])
        length = rng.randint(20, (size[0] - middle) // 3)
        draw.rectangle((middle + 40, y + 20, middle + 40 + length, y + 26), fill=rng.choice(HUES))
        draw.text((size[0] - 80, y), f"{rng.randint(0, 100)} %", font=font("DejaVuSans", 13), fill=colors["dim"])
        draw.line((middle + 40, y + 36, size[0] - 40, y + 36), fill=colors["line"])
        y += 46
    return image.convert("RGB")


def web(size, colors, rng, photographs):
    image, draw = canvas(size, colors)
    draw.rectangle((0, 0, size[0], 56), fill=colors["panel"])
    draw.line((0, 56, size[0], 56), fill=colors["line"])
    draw.text((30, 16), "The Daily Picture", font=font("DejaVuSerif-Bold", 20), fill=colors["ink"])
    for k, name in enumerate(("News", "Science", "Travel", "Letters")):
        draw.text((size[0] - 340 + 84 * k, 20), name, font=font("DejaVuSans", 14), fill=colors["dim"])
    columns = max(2, size[0] // 440)
    width = (size[0] - 30) // columns
    k = 0
    for column in range(columns):
        x, y = 30 + column * width, 80
        while y < size[1] - 120:
            photo = Image.open(photographs[k % len(photographs)]).convert("RGB")
            wide = width - 30
            # A cut of the photograph without a change of its scale above one.
            share = min(1.0, wide / photo.width)
            part = photo if share == 1 else photo.resize((wide, round(photo.height * share)), Image.Resampling.LANCZOS)
            part = part.crop((0, 0, wide, min(part.height, 250 + 30 * (k % 3))))
            if part.width > photo.width * share:
                part = part.crop((0, 0, photo.width, part.height))
            image.paste(part, (x, y))
            y += part.height + 14
            y = paragraph(draw, (x, y, x + wide, size[1] - 10), sentence(rng, 6), font("DejaVuSerif-Bold", 18), colors["ink"], 1.3) + 6
            words = " ".join(sentence(rng, rng.randint(6, 14)) for _ in range(4))
            y = paragraph(draw, (x, y, x + wide, size[1] - 10), words, font("DejaVuSans", 14), colors["ink"]) + 24
            k += 1
    return image


def draw_all(folder, photographs):
    os.makedirs(folder, exist_ok=True)
    names = sorted(os.listdir(photographs)) if photographs else ["chelsea.png", "sample.png"]
    photographs = [os.path.join(photographs or os.path.join(HERE, "..", "testdata"), name) for name in names]
    for kind in KINDS:
        for theme, colors in (("light", LIGHT), ("dark", DARK)):
            for size in SIZES:
                more = (photographs,) if kind == "web" else ()
                picture = globals()[kind](size, colors, random.Random(f"{kind} {theme} {size}"), *more)
                picture.save(os.path.join(folder, f"{kind}-{theme}-{size[0]}x{size[1]}.png"), optimize=True)


def score(original, other):
    import ssimulacra2

    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("a.png", "b.png")]
        for path, picture in zip(paths, (original, other)):
            Image.fromarray(picture).save(path, compress_level=1)
        return ssimulacra2.compute_ssimulacra2(*paths)


def avif(picture, quality):
    import imagecodecs

    # Level in the words of imagecodecs is the quality; speed 6, 4:4:4, one thread more does not change bytes.
    return imagecodecs.avif_encode(picture, level=quality, speed=6, pixelformat="yuv444", numthreads=1)


def avif_reaching(picture, target):
    """(bytes, score, quality) of the smallest AVIF file found with this score."""
    import imagecodecs

    low, high, best = 40, 100, None
    while low < high:
        middle = (low + high) // 2
        data = avif(picture, middle)
        found = score(picture, imagecodecs.avif_decode(data)[..., :3])
        if found >= target:
            best, high = (len(data), found, middle), middle
        else:
            low = middle + 1
    return best or (len(avif(picture, 100)), float("nan"), 100)


def measure_one(path, program, options, known):
    picture = np.asarray(Image.open(path).convert("RGB"))
    name = os.path.basename(path)
    with tempfile.TemporaryDirectory() as folder:
        coded, shown = os.path.join(folder, "a.gqz"), os.path.join(folder, "a.png")
        subprocess.run([program, "compress", "--quiet", *options, path, coded], check=True)
        subprocess.run([program, "decompress", "--quiet", coded, shown], check=True)
        size, decoded = os.path.getsize(coded), np.asarray(Image.open(shown).convert("RGB"))
    wrong = np.mean((decoded != picture).any(2))
    reached = 100.0 if wrong == 0 else score(picture, decoded)
    target = min(90.0, reached)
    key = f"{name} {target:.1f}"
    if key not in known:
        known[key] = avif_reaching(picture, target)
    return name, os.path.getsize(path), size, reached, wrong, known[key]


def measure(folder, program, options, store, pattern):
    known = json.load(open(store)) if store and os.path.exists(store) else {}
    paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".png") and pattern in name]
    print("| screen | optimised PNG | gqimg -q 90 | SSIMULACRA2 | pixels not exact | AVIF (SSIMULACRA2, quality) | gqimg / AVIF |")
    print("|---|---|---|---|---|---|---|")
    ratios, failures = {}, []
    for path in paths:
        name, png, size, reached, wrong, (other, other_score, quality) = measure_one(path, program, options, known)
        ratio = size / other
        ratios.setdefault("web" if name.startswith("web") else "screens", []).append(ratio)
        print(f"| {name[:-4]} | {png:,} | {size:,} | {reached:.1f} | {100 * wrong:.2f} % | {other:,} ({other_score:.1f}, {quality}) | {ratio:.2f} |", flush=True)
        if reached < 88:
            failures.append(f"{name}: SSIMULACRA2 {reached:.1f}")
        if size > png:
            failures.append(f"{name}: {size} bytes, its PNG has {png}")
        if store:
            json.dump(known, open(store, "w"))
    for kind, bound in (("screens", 1.1), ("web", 1.0)):
        if ratios.get(kind):
            mean = math.exp(np.mean(np.log(ratios[kind])))
            print(f"{kind}: {mean:.3f} times the bytes of AVIF (geometric mean), {np.mean(ratios[kind]):.3f} (mean)")
            if np.mean(ratios[kind]) > bound:
                failures.append(f"{kind}: {np.mean(ratios[kind]):.3f} times AVIF")
    for failure in failures:
        print("not as it should be:", failure)
    return 1 if failures else 0


def page(folder, program, output, quality, crop):
    """A part of a web page with photographs: the original, gqimg, and the best AVIF file that is not larger."""
    import imagecodecs

    path = os.path.join(folder, "web-light-900x620.png")
    picture = np.asarray(Image.open(path).convert("RGB"))
    with tempfile.TemporaryDirectory() as work:
        coded, shown = os.path.join(work, "a.gqz"), os.path.join(work, "a.png")
        subprocess.run([program, "compress", "--quiet", "-q", str(quality), path, coded], check=True)
        subprocess.run([program, "decompress", "--quiet", coded, shown], check=True)
        size, ours = os.path.getsize(coded), np.asarray(Image.open(shown).convert("RGB"))
    low, high = 1, 100
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(avif(picture, middle)) <= size else (low, middle - 1)
    data = avif(picture, low)
    theirs = imagecodecs.avif_decode(data)[..., :3]
    columns = [("original", picture), (f"gqimg, {size:,} bytes, SSIMULACRA2 {score(picture, ours):.1f}", ours),
               (f"AVIF, {len(data):,} bytes, SSIMULACRA2 {score(picture, theirs):.1f}", theirs)]
    left, top, right, bottom = crop
    width, height = 2 * (right - left), 2 * (bottom - top)
    sheet = Image.new("RGB", (3 * width + 16, height + 26), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for k, (name, samples) in enumerate(columns):
        part = Image.fromarray(samples).crop(crop).resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(part, (k * (width + 8), 26))
        draw.text((k * (width + 8) + 4, 5), name, font=font("DejaVuSans", 14), fill=(0, 0, 0))
    sheet.save(output, optimize=True)
    print(*(name for name, _ in columns), sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    drawing = verbs.add_parser("draw")
    drawing.add_argument("folder")
    drawing.add_argument("--photographs", help="a folder of pictures for the web pages; by default those of testdata")
    measuring = verbs.add_parser("measure")
    measuring.add_argument("folder")
    measuring.add_argument("--program", required=True)
    measuring.add_argument("--options", default="-q 90")
    measuring.add_argument("--store", help="keeps what was measured of AVIF")
    measuring.add_argument("--only", default="", help="names with this in them")
    showing = verbs.add_parser("page")
    showing.add_argument("folder")
    showing.add_argument("--program", required=True)
    showing.add_argument("--output", required=True)
    showing.add_argument("--quality", type=int, default=55)
    showing.add_argument("--crop", type=int, nargs=4, default=(30, 250, 250, 440), help="left upper right lower")
    options = parser.parse_args()
    if options.verb == "draw":
        return draw_all(options.folder, options.photographs)
    if options.verb == "page":
        return page(options.folder, options.program, options.output, options.quality, options.crop)
    return measure(options.folder, options.program, options.options.split(), options.store, options.only)


if __name__ == "__main__":
    sys.exit(main())
