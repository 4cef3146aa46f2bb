#!/usr/bin/env python3
"""Peak memory and time of gqimg by picture size, and refusals of huge claims."""

import argparse
import os
import struct
import subprocess
import tempfile
import time
import zlib


def peak(arguments):
    """Peak resident bytes, seconds and exit code of a process."""
    start = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * 1024, time.monotonic() - start, process.returncode


SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../testdata/sample.png")


def sample_rows(program, folder):
    """The rows of the sample photograph as the program shows it."""
    file, path = os.path.join(folder, "sample.gqz"), os.path.join(folder, "sample.ppm")
    for arguments in (["compress", SAMPLE, file], ["decompress", file, path]):
        subprocess.run([program, *arguments, "--quiet"], check=True)
    with open(path, "rb") as picture:
        kind, size, depth = (picture.readline() for _ in range(3))
        width, height = map(int, size.split())
        return [picture.read(3 * width) for _ in range(height)]


def write_ppm(path, side, rows):
    """A square of the sample side by side."""
    across = -(-3 * side // len(rows[0]))
    with open(path, "wb") as file:
        file.write(f"P6\n{side} {side}\n255\n".encode())
        for y in range(side):
            file.write((rows[y % len(rows)] * across)[: 3 * side])


def plot(path, measured):
    """Time and peak memory against megapixels."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (times, peaks) = pyplot.subplots(1, 2, figsize=(9, 3.6), constrained_layout=True)
    for name in ("compress", "decompress"):
        sizes = [side * side / 1e6 for side in measured]
        times.loglog(sizes, [measured[side][name][1] for side in measured], "o-", label=name)
        peaks.semilogx(sizes, [measured[side][name][0] / 1e6 for side in measured], "o-", label=name)
    times.set(xlabel="megapixels", ylabel="seconds", title="time of the process")
    peaks.set(xlabel="megapixels", ylabel="MB", title="peak memory", ylim=(0, None))
    for axes in (times, peaks):
        axes.grid(True, alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def varint(value):
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    return bytes(result + bytes([value]))


def claim(width, height):
    """A file of 60 bytes that claims to be so large."""
    payload = varint(width) + varint(height) + bytes([0x40, 12, 0]) + bytes(8)
    head = bytes([1, len(payload)]) + payload
    return (bytes([0x8B]) + b"GQZ\r\n\x1a\n" + head + struct.pack(">I", zlib.crc32(head))).ljust(60, b"\0")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", default=".build/release/gqimg")
    p.add_argument("--sides", default="64,512,1024,2048")
    p.add_argument("--effort", default="3")
    p.add_argument("--plot", help="a PNG file to draw times and peaks into; needs matplotlib")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base, measured = None, {}
        rows = sample_rows(a.program, folder)
        print("side   command      peak MB   seconds   bytes per pixel beyond the smallest")
        for side in map(int, a.sides.split(",")):
            picture, file = os.path.join(folder, "a.ppm"), os.path.join(folder, "a.gqz")
            write_ppm(picture, side, rows)
            used, times = {}, {}
            for name, arguments in (
                ("compress", ["compress", picture, file, "--force", "--bpp", "0.5", "--effort", a.effort]),
                ("decompress", ["decompress", file, os.path.join(folder, "b.ppm"), "--force"]),
            ):
                used[name], times[name], code = peak([a.program, *arguments])
                if code:
                    raise SystemExit(f"{name} of {side} x {side} failed with {code}")
            base = base or used
            measured[side] = {name: (used[name], times[name]) for name in used}
            for name, value in used.items():
                extra = (value - base[name]) / side**2
                print(f"{side:5}  {name:10} {value / 1e6:9.1f} {times[name]:9.2f}   {extra:8.1f}")
        if a.plot:
            plot(a.plot, measured)
        file = os.path.join(folder, "claim.gqz")
        for width, height in ((1 << 31, 1 << 31), (65535, 65535)):
            with open(file, "wb") as out:
                out.write(claim(width, height))
            for command in (["info", file], ["decompress", file, os.path.join(folder, "c.ppm")]):
                value, seconds, code = peak([a.program, *command])
                print(f"claim of {width} x {height}, {command[0]}: exit code {code}, {value / 1e6:.1f} MB, {seconds:.3f} s")


if __name__ == "__main__":
    main()
