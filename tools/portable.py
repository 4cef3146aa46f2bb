#!/usr/bin/env python3
"""The same pixels everywhere: decodes files with the program on every instruction set, and with the decoder in Embedded Swift on
aarch64 under qemu-aarch64 and as WebAssembly in Node. Exits with 1 where any byte differs."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TESTDATA = os.path.join(ROOT, "testdata")
TINY = os.path.join(TESTDATA, "tiny.safetensors")
#: What the program on x86 and the decoder on aarch64 can be told to use.
NATIVE = ("plain", "avx2", "avx512")
ARM = ("plain", "neon", "neon-dot")


def run(command, isa=None):
    environment = dict(os.environ, **({"GQIMG_ISA": isa} if isa else {}))
    done = subprocess.run(command, env=environment, capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def samples(netpbm):
    """What follows the header of a PGM or PPM file."""
    for _ in range(3):
        netpbm = netpbm[netpbm.index(b"\n") + 1 :]
    return netpbm


def page():
    """A PPM file: rows of marks from a few glyphs above colours that swing."""
    width, height, state = 320, 240, 1
    rows = []
    for y in range(height):
        for x in range(width):
            glyph = (x // 9 * 40503 + y // 14 * 30011) * 2654435761 % 4294967296 >> 28
            if y < 144:
                ink = x % 9 < 7 and y % 14 < 10 and (x % 9 * 5 + y % 14 * 3 + glyph * (x % 9 + 1)) % 7 < 3
                rows.append(bytes((20, 30, 90 + 10 * (glyph % 3))) if ink else bytes((250, 250, 244)))
            else:
                state = state * 1103515245 + 12345 & 0x7FFFFFFF
                rows.append(bytes(40 + (x * (3 + c) + y * 5) % 200 * 3 // 4 + (state >> 16) % 17 for c in range(3)))
    return b"P6\n%d %d\n255\n" % (width, height) + b"".join(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", required=True)
    p.add_argument("--wasm", help="gqdecode.wasm")
    p.add_argument("--aarch64", help="gqdecode-aarch64")
    p.add_argument("--model", required=True, help="the weights that the program comes with")
    a = p.parse_args()
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        files = []

        def compress(name, picture, model, *options):
            path = os.path.join(folder, name + ".gqz")
            run([a.program, "compress", *(["--model", model] if model == TINY else []), *options,
                 os.path.join(TESTDATA, picture), path])
            files.append((name, path, model))

        # Marks on a ground beside a photograph. What libwebp codes of graphics, the decoder in Embedded Swift leaves to others.
        with open(os.path.join(folder, "page.ppm"), "wb") as file:
            file.write(page())
        compress("page", os.path.join(folder, "page.ppm"), a.model, "-q", "60")
        info = json.loads(run([a.program, "info", "--json", files[-1][1]]))
        if not 0 < info["graphicsPositions"] < info["rows"] * info["columns"]:
            sys.exit("the page is not graphics beside a photograph")
        compress("tiny", "sample.png", TINY, "--bpp", "0.5")
        compress("tiny-phases", "chelsea.png", TINY, "--progressive", "--bpp", "0.3")
        compress("tiny-protected", "chelsea.png", TINY, "--protect", "--uniform", "--bpp", "0.7")
        compress("tiny-grey", "camera.png", TINY, "--bpp", "0.4")
        compress("tiny-small", "pngsuite/s07n3p02.png", TINY)
        compress("tiny-fine", "chelsea.png", TINY, "--tune", "visual", "-q", "80")
        compress("tiny-psnr", "sample.png", TINY, "--tune", "psnr", "-q", "95")
        compress("real", "chelsea.png", a.model, "-q", "60")
        compress("real-grey", "camera.png", a.model, "--bpp", "0.3")
        for name, path, model in files:
            chosen = ["--model", model] if model == TINY else []
            target = os.path.join(folder, "out.ppm" if "grey" not in name else "out.pgm")
            expected = None

            def compare(where, found):
                nonlocal expected, differ
                if expected is None:
                    expected = found
                same = found[: len(expected)] == expected
                differ += not same
                print(f"{name:16} {where:24} {len(found):8} bytes  {'the same' if same else 'DIFFERENT'}", flush=True)

            for isa in NATIVE:
                run([a.program, "decompress", "--force", *chosen, path, target], isa)
                with open(target, "rb") as file:
                    compare(f"program, {isa}", samples(file.read()))
            if a.aarch64:
                # Emulated, so real weights on the quickest alone.
                for isa in ARM if model == TINY else ARM[-1:]:
                    compare(f"aarch64, {isa}", run(["qemu-aarch64", a.aarch64, model, path], isa))
            if a.wasm:
                compare("WebAssembly", run(["node", os.path.join(ROOT, "portable", "decode.mjs"), a.wasm, model, path]))
    if differ:
        sys.exit(f"{differ} results differ")


if __name__ == "__main__":
    main()
