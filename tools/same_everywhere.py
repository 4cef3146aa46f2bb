#!/usr/bin/env python3
"""Encodes and decodes with every instruction set that oneDNN can be held to, with products of bytes and in single
precision, and with the plain Swift engine. Fails unless all files and all pixels are the same, to the last bit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
#: oneDNN's names, least first; one that the processor lacks falls back to what it has.
SETS = ("SSE41", "AVX", "AVX2", "AVX512_CORE", "AVX512_CORE_VNNI", "AVX512_CORE_BF16")


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
    configurations = [("", "reference"), ("", "int8"), ("", "float32")] + [(name, "automatic") for name in SETS]
    with tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(a.pictures):
            print(picture)
            reference, reference_file, reader = None, None, None
            files = {}
            for isa, engine in configurations:
                name = f"{isa or 'own'}-{engine}"
                environment = dict(os.environ, ONEDNN_MAX_CPU_ISA=isa) if isa else dict(os.environ)
                file, output = os.path.join(folder, f"{number}-{name}.gqz"), os.path.join(folder, f"{number}-{name}.ppm")

                def run(*arguments):
                    return subprocess.run([a.program, *arguments, "--engine", engine, "--force", "--quiet"],
                                          env=environment, capture_output=True, text=True)

                made = run("compress", picture, file, "--effort", "1")
                if made.returncode:
                    print(f"  {name:26} not available: {made.stderr.strip()}")
                    failures += engine != "int8"
                    continue
                files[name] = file
                if reference_file is None:
                    reference_file = file
                if run("decompress", reference_file, output).returncode:
                    print(f"  {name:26} cannot decode")
                    failures += 1
                    continue
                pixels = samples(output)
                if reference is None:
                    reference = pixels
                worst = max(abs(x - y) for x, y in zip(reference, pixels))
                share = sum(x != y for x, y in zip(reference, pixels)) / len(pixels)
                with open(file, "rb") as one, open(reference_file, "rb") as other:
                    same = one.read() == other.read()
                print(f"  {name:26} worst difference {worst}, {100 * share:.3f} % of the samples; "
                      f"encodes {'the same file' if same else 'another file of ' + str(os.path.getsize(file)) + ' bytes'}")
                failures += worst > 0 or not same
            # Codes are read with integers alone: the Python reader must find what the program found, in every file.
            for name, file in files.items():
                info = json.loads(subprocess.run([a.program, "info", file, "--json"], capture_output=True).stdout)
                other = json.loads(subprocess.run(
                    [sys.executable, os.path.join(ROOT, "Tests/reader/gqz_reader.py"), file], capture_output=True).stdout)
                counts = [other["levels"].count(k) for k in range(len(info["positionsPerLevel"]))]
                if counts != info["positionsPerLevel"] or not all(t["intact"] for t in other["tiles"]):
                    print(f"  {name}: codes are read differently")
                    failures += 1
    print("the same everywhere" if not failures else f"{failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
