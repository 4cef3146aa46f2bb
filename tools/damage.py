#!/usr/bin/env python3
"""Damages files at random and counts what is left: gqimg beside JPEG and WebP of the same size.

Bit errors at several rates, and losses of 1,500 bytes in a row, which are replaced by zeros as a receiver would; both
anywhere, headers included. Decoders go on as they can: `gqimg decompress --recover`, `djpeg`, `dwebp`. PSNR is lost
against the undamaged file of the same codec. Needs NumPy, Pillow, djpeg and dwebp.
"""

import argparse
import io
import json
import os
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageDraw

RATES = (1e-6, 1e-5, 1e-4, 1e-3)
LOSS = 1500


def psnr(a, b):
    if a.shape != b.shape:
        return None
    return 10 * np.log10(255**2 / max(np.mean((a.astype(np.float64) - b) ** 2), 1e-9))


def pixels(path_or_bytes):
    source = io.BytesIO(path_or_bytes) if isinstance(path_or_bytes, bytes) else path_or_bytes
    return np.asarray(Image.open(source).convert("RGB"), np.float32)


def largest(encode, limit, low, high):
    best = None
    while low <= high:
        middle = (low + high) // 2
        data = encode(middle)
        if len(data) <= limit:
            best, low = data, middle + 1
        else:
            high = middle - 1
    return best


def jpeg(picture, limit, restart):
    """Progressive files cannot be cut in independent parts; baseline with restart markers in every row can."""
    def encode(quality):
        data = io.BytesIO()
        options = {"restart_marker_rows": 1} if restart else {"progressive": True}
        picture.save(data, "JPEG", quality=quality, optimize=True, subsampling=2, **options)
        return data.getvalue()
    return largest(encode, limit, 1, 95)


def webp(picture, limit):
    def encode(quality):
        data = io.BytesIO()
        picture.save(data, "WEBP", quality=quality, method=4)
        return data.getvalue()
    return largest(encode, limit, 1, 100)


def flip(data, rate, generator):
    count = generator.binomial(len(data) * 8, rate)
    damaged = np.frombuffer(data, np.uint8).copy()
    for place in generator.integers(0, len(data) * 8, count):
        damaged[place // 8] ^= 1 << (place % 8)
    return damaged.tobytes()


def lose(data, generator):
    start = int(generator.integers(0, max(1, len(data) - LOSS)))
    return data[:start] + bytes(min(LOSS, len(data) - start)) + data[start + LOSS:]


def decode_other(command, data):
    result = subprocess.run(command, input=data, capture_output=True)
    try:
        return pixels(result.stdout) if result.stdout else None
    except Exception:
        return None


def figure(program, sample, bpp, target):
    """Bit errors of 1e-4 above, a loss below, for gqimg, JPEG and WebP of the same size."""
    picture = Image.open(sample).convert("RGB")
    limit = int(bpp * picture.width * picture.height / 8)
    source = np.asarray(picture, np.float32)
    font = {"font_size": 18}
    label = 26
    canvas = Image.new("RGB", (3 * picture.width + 20, 2 * (picture.height + label) + 10), "white")
    draw = ImageDraw.Draw(canvas)
    with tempfile.TemporaryDirectory() as folder:
        file, bad, out = (os.path.join(folder, name) for name in ("a.gqz", "b.gqz", "c.ppm"))
        def run(*arguments):
            result = subprocess.run([program, *arguments, "--force", "--quiet"], stderr=subprocess.DEVNULL)
            # 2: damage was concealed.
            if result.returncode not in (0, 2):
                raise SystemExit(f"gqimg {' '.join(arguments)}: exit code {result.returncode}")
        for row, kind in enumerate(("bits", "loss")):
            run("compress", sample, file, "--bpp", str(bpp), "--protect", *(["--progressive"] if row else []))
            with open(file, "rb") as stream:
                made = {"gqimg": stream.read(), "JPEG": jpeg(picture, limit, True), "WebP": webp(picture, limit)}
            for column, (codec, data) in enumerate(made.items()):
                # The same places, headers apart, in every file.
                generator = np.random.default_rng(3)
                head = 1024
                rest = flip(data[head:], 1e-4, generator) if kind == "bits" else lose(data[head:], generator)
                if codec == "gqimg":
                    with open(bad, "wb") as stream:
                        stream.write(data[:head] + rest)
                    run("decompress", "--recover", bad, out, *(["--use-damaged-bits"] if kind == "bits" else []))
                    result = pixels(out)
                else:
                    command = ["djpeg", "-pnm"] if codec == "JPEG" else ["dwebp", "-quiet", "-ppm", "-o", "-", "--", "-"]
                    result = decode_other(command, data[:head] + rest)
                x, y = column * (picture.width + 10), row * (picture.height + label + 10)
                what = "bit errors 1e-4" if kind == "bits" else f"{LOSS} bytes lost"
                value = None if result is None else psnr(source, result)
                text = f"{codec}, {what}: " + ("not decoded" if value is None else f"{value:.1f} dB")
                draw.text((x, y), text, fill="black", **font)
                if value is not None:
                    canvas.paste(Image.fromarray(result.astype(np.uint8)), (x, y + label))
    canvas.resize((canvas.width // 2, canvas.height // 2), Image.LANCZOS).quantize(256).save(target, optimize=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", nargs="?", default=".", help="folder of pictures")
    p.add_argument("--program", default=".build/release/gqimg")
    p.add_argument("--count", type=int, default=1000, help="corruptions in all")
    p.add_argument("--bpp", type=float, default=0.5)
    p.add_argument("--pictures", type=int, default=24)
    p.add_argument("--figure", help="PNG to write, of the same damage to a sample, side by side; no figures then")
    p.add_argument("--json", help="file for the numbers")
    p.add_argument("--sample", default="testdata/sample.png", help="picture of the figure")
    a = p.parse_args()
    if a.figure:
        figure(a.program, a.sample, a.bpp, a.figure)
        return
    generator = np.random.default_rng(1)
    names = sorted(n for n in os.listdir(a.folder) if n.endswith(".png"))[: a.pictures]
    kinds = [("bits", rate) for rate in RATES] + [("loss", LOSS)]
    rounds = -(-a.count // (len(kinds) * len(names)))
    outcomes = {}
    with tempfile.TemporaryDirectory() as folder:
        sources, files, clean = [], [], []
        for name in names:
            path = os.path.join(a.folder, name)
            picture = Image.open(path).convert("RGB")
            limit = int(a.bpp * picture.width * picture.height / 8)
            made = {}
            for key, options in (("gqimg", ["--protect"]), ("gqimg progressive", ["--protect", "--progressive"])):
                output = os.path.join(folder, "a.gqz")
                subprocess.run([a.program, "compress", path, output, "--bpp", str(a.bpp), "--force", "--quiet",
                                *options], check=True)
                with open(output, "rb") as file:
                    made[key] = file.read()
            made["JPEG"], made["JPEG restart"] = jpeg(picture, limit, False), jpeg(picture, limit, True)
            made["WebP"] = webp(picture, limit)
            sources.append(np.asarray(picture, np.float32))
            files.append(made)
        damaged = []
        for kind in kinds:
            for number, made in enumerate(files):
                for _ in range(rounds):
                    for codec, data in made.items():
                        bad = flip(data, kind[1], generator) if kind[0] == "bits" else lose(data, generator)
                        damaged.append((kind, number, codec, bad))
        for number, made in enumerate(files):
            damaged += [(("none", 0), number, codec, data) for codec, data in made.items()]
        # gqimg takes all files of a policy in one run.
        jobs = {}
        for policy in ("conceal", "use bits"):
            source, target = os.path.join(folder, policy, "in"), os.path.join(folder, policy, "out")
            os.makedirs(source)
            for k, (_, _, codec, data) in enumerate(damaged):
                if codec.startswith("gqimg"):
                    with open(os.path.join(source, f"{k}.gqz"), "wb") as file:
                        file.write(data)
            subprocess.run([a.program, "decompress", "--recover", "--quiet", "--format", "ppm", "--output", target, source]
                           + (["--use-damaged-bits"] if policy == "use bits" else []), stderr=subprocess.DEVNULL)
            jobs[policy] = target
        commands = {"JPEG": ["djpeg", "-pnm"], "JPEG restart": ["djpeg", "-pnm"],
                    "WebP": ["dwebp", "-quiet", "-ppm", "-o", "-", "--", "-"]}
        for k, (kind, number, codec, data) in enumerate(damaged):
            results = {}
            if codec.startswith("gqimg"):
                for policy, target in jobs.items():
                    path = os.path.join(target, f"{k}.ppm")
                    results[f"{codec}, {policy}"] = pixels(path) if os.path.exists(path) else None
            else:
                results[codec] = decode_other(commands[codec], data)
            for label, result in results.items():
                value = None if result is None else psnr(sources[number], result)
                outcomes.setdefault((label, kind), []).append((number, value))
    table = []
    labels = list(dict.fromkeys(label for label, _ in outcomes))
    for label in labels:
        whole = dict(outcomes[label, ("none", 0)])
        for kind in kinds:
            values = outcomes[label, kind]
            lost = [whole[n] - v for n, v in values if v is not None]
            table.append({
                "codec": label, "damage": f"bit errors {kind[1]:g}" if kind[0] == "bits" else f"loss of {LOSS} bytes",
                "corruptions": len(values), "decoded": len(lost) / len(values),
                "psnr": float(np.mean([v for _, v in values if v is not None])) if lost else None,
                "lostMean": float(np.mean(lost)) if lost else None,
                "lostMedian": float(np.median(lost)) if lost else None,
                "clean": float(np.mean(list(whole.values()))),
            })
    print("| codec | damage | corruptions | decoded | PSNR lost, mean | median |")
    print("|---|---|---|---|---|---|")
    for row in table:
        print(f"| {row['codec']} | {row['damage']} | {row['corruptions']} | {100 * row['decoded']:.0f} % | "
              + (f"{row['lostMean']:.2f} dB | {row['lostMedian']:.2f} dB |" if row["lostMean"] is not None else "- | - |"))
    if a.json:
        with open(a.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
