#!/usr/bin/env python3
"""Encodes and decodes with every kind of instructions that the program has kernels for. Fails unless all files and all
pixels are the same, to the last bit.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
#: Names of GQIMG_ISA for this kind of processor; one that it lacks is passed over in favour of what it has.
SETS = ("plain", "neon", "neon-dot") if platform.machine() in ("aarch64", "arm64") else ("plain", "avx2", "avx512")
#: glibc's own choice of instructions, which must not matter either.
WITHOUT = "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"


def samples(path):
    with open(path, "rb") as file:
        data = file.read()
    return data.split(b"\n", 3)[3]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=os.path.join(ROOT, ".build/release/gqimg"))
    p.add_argument("pictures", nargs="*", default=[os.path.join(ROOT, "testdata/chelsea.png")])
    a = p.parse_args()
    failures = 0
    environments = [(name, {"GQIMG_ISA": name}) for name in SETS]
    environments.append(("glibc without AVX2 and FMA", {"GLIBC_TUNABLES": WITHOUT}))
    with tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(a.pictures):
            print(picture)
            first = pixels = None
            for name, variables in environments:
                path = os.path.join(folder, f"{number}-{len(name)}")

                def run(*arguments):
                    subprocess.run([a.program, *arguments, "--force", "--quiet"], check=True,
                                   env={**os.environ, **variables})

                for effort in ("1", "5"):
                    run("compress", picture, f"{path}-{effort}.gqz", "--effort", effort)
                run("decompress", f"{path}-5.gqz", f"{path}.ppm")
                files = [open(f"{path}-{effort}.gqz", "rb").read() for effort in ("1", "5")]
                if first is None:
                    first, pixels = files, samples(f"{path}.ppm")
                same = files == first and samples(f"{path}.ppm") == pixels
                print(f"  {name:26} {'the same' if same else 'other'} bytes and pixels")
                failures += not same
            # Codes are read with integers alone: the Python reader must find what the program found.
            file = f"{path}-5.gqz"
            info = json.loads(subprocess.run([a.program, "info", file, "--json"], capture_output=True).stdout)
            other = json.loads(subprocess.run(
                [sys.executable, os.path.join(ROOT, "Tests/reader/gqz_reader.py"), file], capture_output=True).stdout)
            counts = [other["levels"].count(k) for k in range(len(info["positionsPerLevel"]))]
            if counts != info["positionsPerLevel"] or not all(t["intact"] for t in other["tiles"]):
                print("  codes are read differently")
                failures += 1
    print("the same everywhere" if not failures else f"{failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
