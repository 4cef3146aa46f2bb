#!/usr/bin/env python3
"""Times gqimg beside other programs on the same pictures in the same run, and prints ratios as Markdown.

Every program runs as a whole process, once to warm up and then in turn with the others, so that what slows the machine
slows all. Other codecs get the quality whose file is nearest in size to gqimg's. With a Python that has PyTorch, the
networks of a scale hyperprior (Balle et al. 2018, 192 and 320 channels, random weights, single precision, no entropy
coder) run beside them: a lower bound for a neural codec of that design.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HYPERPRIOR = """
import sys, time, torch
from torch import nn
torch.set_num_threads(int(sys.argv[3]))
N, M = 192, 320
class GDN(nn.Module):
    def __init__(self, inverse=False):
        super().__init__()
        self.mix, self.inverse = nn.Conv2d(N, N, 1), inverse
    def forward(self, x):
        norm = torch.sqrt(self.mix(x * x).abs() + 1)
        return x * norm if self.inverse else x / norm
down = lambda i, o: nn.Conv2d(i, o, 5, 2, 2)
up = lambda i, o: nn.ConvTranspose2d(i, o, 5, 2, 2, 1)
analysis = nn.Sequential(down(3, N), GDN(), down(N, N), GDN(), down(N, N), GDN(), down(N, M))
synthesis = nn.Sequential(up(M, N), GDN(True), up(N, N), GDN(True), up(N, N), GDN(True), up(N, 3))
hyper_analysis = nn.Sequential(nn.Conv2d(M, N, 3, 1, 1), nn.ReLU(), down(N, N), nn.ReLU(), down(N, N))
hyper_synthesis = nn.Sequential(up(N, N), nn.ReLU(), up(N, N), nn.ReLU(), nn.Conv2d(N, M, 3, 1, 1))
width, height = int(sys.argv[1]) // 64 * 64, int(sys.argv[2]) // 64 * 64
x = torch.rand(1, 3, height, width)
with torch.inference_mode():
    for _ in range(2):
        start = time.monotonic()
        y = analysis(x)
        z = hyper_analysis(y)
        hyper_synthesis(z)
        middle = time.monotonic()
        hyper_synthesis(z)
        synthesis(y)
        end = time.monotonic()
print(middle - start, end - middle)
"""


def run(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss / 1024


def nearest(encode, low, high, wanted, path):
    """The quality of `low`...`high`, larger files with rising quality, whose file is nearest to `wanted` bytes."""
    best = None
    while low <= high:
        middle = (low + high) // 2
        run(encode(middle))
        size = os.path.getsize(path)
        if best is None or abs(size - wanted) < abs(best[1] - wanted):
            best = (middle, size)
        low, high = (middle + 1, high) if size < wanted else (low, middle - 1)
    return best[0]


def commands(a, picture, folder):
    """Name -> encoding and decoding command, for what is installed."""
    path = lambda name: os.path.join(folder, name)
    threads = str(a.threads)
    own = path("a.gqz")
    result = {
        "gqimg": (
            [a.program, "compress", picture, own, "--force", "--quiet", "--bpp", a.bpp, "--effort", a.effort,
             "--threads", threads],
            [a.program, "decompress", own, path("g.ppm"), "--force", "--quiet", "--threads", threads],
        )
    }
    run(result["gqimg"][0])
    wanted = os.path.getsize(own)
    others = {
        "cwebp -m 4": (
            lambda q: ["cwebp", "-quiet", "-mt", "-m", "4", "-q", str(q), picture, "-o", path("a.webp")],
            (0, 100), "a.webp", ["dwebp", "-quiet", "-mt", path("a.webp"), "-ppm", "-o", path("w.ppm")]),
        "avifenc -s 6": (
            lambda q: ["avifenc", "-s", "6", "-y", "444", "-j", threads, "--min", str(63 - q), "--max", str(63 - q),
                       picture, path("a.avif")],
            (0, 63), "a.avif", ["avifdec", "-j", threads, path("a.avif"), path("v.png")]),
        "cjxl -e 7": (
            lambda q: ["cjxl", "-e", "7", "--num_threads", threads, "-q", str(q), picture, path("a.jxl")],
            (5, 100), "a.jxl", ["djxl", "--num_threads", threads, path("a.jxl"), path("x.ppm")]),
    }
    for name, (encode, (low, high), file, decode) in others.items():
        if shutil.which(encode(low)[0]) is None or shutil.which(decode[0]) is None:
            print(f"{name}: not installed", file=sys.stderr)
            continue
        quality = nearest(encode, low, high, wanted, path(file))
        run(encode(quality))
        result[name] = (encode(quality), decode)
    return result


def size_of(picture):
    """Width and height of a PNG file."""
    with open(picture, "rb") as file:
        head = file.read(24)
    if head[:8] != b"\x89PNG\r\n\x1a\n":
        raise SystemExit(f"{picture} is not a PNG file")
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("pictures", nargs="+", help="PNG files or folders of them")
    p.add_argument("--program", default=".build/release/gqimg")
    p.add_argument("--bpp", default="0.5")
    p.add_argument("--effort", default="3", help="gqimg's")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--stages", action="store_true", help="time gqimg's stages on the largest picture too")
    p.add_argument("--torch", help="a Python that has PyTorch")
    a = p.parse_args()
    pictures = []
    for path in a.pictures:
        names = sorted(n for n in os.listdir(path) if n.endswith(".png")) if os.path.isdir(path) else [None]
        pictures += [os.path.join(path, n) if n else path for n in names]
    total = {}
    megapixels = 0
    with tempfile.TemporaryDirectory() as folder:
        for picture in pictures:
            width, height = size_of(picture)
            megapixels += width * height / 1e6
            programs = commands(a, picture, folder)
            times = {name: ([], [], []) for name in programs}
            for _ in range(a.rounds):
                for name, (encode, decode) in programs.items():
                    for k, command in enumerate((encode, decode)):
                        seconds, peak = run(command)
                        times[name][k].append(seconds)
                        times[name][2].append(peak)
            if a.torch:
                found = subprocess.run(
                    [a.torch, "-c", HYPERPRIOR, str(width), str(height), str(a.threads)],
                    capture_output=True, text=True, check=True).stdout.split()
                times["hyperprior in PyTorch, networks alone"] = ([float(found[0])], [float(found[1])], [0])
            for name, (encode, decode, peak) in times.items():
                sums = total.setdefault(name, [0, 0, 0])
                sums[0] += statistics.median(encode)
                sums[1] += statistics.median(decode)
                sums[2] = max(sums[2], max(peak))
    own = total["gqimg"]
    print(f"{len(pictures)} pictures, {megapixels:.2f} megapixels, {a.bpp} bits per pixel, {a.threads} threads\n")
    print("| | encode, s | MP/s | times gqimg's | decode, s | MP/s | times gqimg's | peak, MB |")
    print("|---|---|---|---|---|---|---|---|")
    for name, (encode, decode, peak) in total.items():
        print(
            f"| {name} | {encode:.2f} | {megapixels / encode:.2f} | {encode / own[0]:.2f} | {decode:.2f} "
            f"| {megapixels / decode:.2f} | {decode / own[1]:.2f} | {f'{peak:.0f}' if peak else '-'} |")
    if a.stages:
        largest = max(pictures, key=lambda picture: size_of(picture)[0] * size_of(picture)[1])
        print(f"\nStages within one process, {os.path.basename(largest)}:\n", flush=True)
        subprocess.run(
            [a.program, "benchmark", largest, "--bpp", a.bpp, "--effort", a.effort, "--threads", str(a.threads)],
            check=True)


if __name__ == "__main__":
    main()
