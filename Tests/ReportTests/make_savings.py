#!/usr/bin/env python3
"""Makes savings.json: measurements, and BD-rates of them by SciPy, to compare the report's with.

  make_savings.py RESULTS.json|MEASUREMENTS.jsonl ...

Takes results.json of reports, or a line of JSON for every file with picture, codec, bpp, psnr, msssim and ss2. The numbers
are those of one picture each: PCHIP of the logarithm of the rate over the quality, over the qualities that both curves
reach, points that are not better than a cheaper one left out, three points or more, and 15 % of the anchor's qualities
in common or more. Needs NumPy and SciPy.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator


def read(path):
    text = Path(path).read_text()
    if path.endswith(".jsonl"):
        return [{key: row[key] for key in ("picture", "codec", "bpp", "psnr", "msssim", "ss2")}
                for row in map(json.loads, text.splitlines())]
    return [dict(picture=row["picture"], codec=row["method"], bpp=row["bitsPerPixel"], psnr=row["psnr"],
                 msssim=row["msssim"], ss2=row["ssimulacra2"])
            for row in json.loads(text)["rows"] if {"psnr", "msssim", "ssimulacra2"} <= row.keys()]


def saving(anchor, test):
    def curve(points):
        kept = []
        for rate, quality in sorted(points):
            if not kept or quality > kept[-1][1] + 1e-9:
                kept.append((rate, quality))
        return np.array([quality for _, quality in kept]), np.log([rate for rate, _ in kept])
    (qa, ra), (qt, rt) = curve(anchor), curve(test)
    if min(len(qa), len(qt)) < 3:
        return None
    low, high = max(qa[0], qt[0]), min(qa[-1], qt[-1])
    if high - low < 0.15 * (qa[-1] - qa[0]):
        return None
    area = [PchipInterpolator(q, r).integrate(low, high) for q, r in ((qt, rt), (qa, ra))]
    return (math.exp((area[0] - area[1]) / (high - low)) - 1) * 100


def main():
    rows = [row for path in sys.argv[1:] for row in read(path)]
    qualities = {
        "ssimulacra2": lambda row: row["ss2"], "psnr": lambda row: row["psnr"],
        "msssim": lambda row: -10 * math.log10(1 - row["msssim"]),
    }
    expected = []
    for picture in sorted({row["picture"] for row in rows}):
        codecs = sorted({row["codec"] for row in rows if row["picture"] == picture})
        test = "gqimg" if "gqimg" in codecs else codecs[0]
        for anchor in codecs:
            if anchor == test:
                continue
            for name, quality in qualities.items():
                curves = [[(row["bpp"], quality(row)) for row in rows if row["picture"] == picture and row["codec"] == codec]
                          for codec in (anchor, test)]
                percent = saving(*curves)
                expected.append(dict(quality=name, test=test, anchor=anchor, picture=picture,
                                     **({} if percent is None else dict(percent=round(percent, 6)))))
    # A line for every row, so that changes can be read.
    def lines(values):
        return ",\n".join("    " + json.dumps(value) for value in values)
    text = '{\n  "rows": [\n' + lines(rows) + '\n  ],\n  "expected": [\n' + lines(expected) + "\n  ]\n}\n"
    (Path(__file__).parent / "savings.json").write_text(text)
    print(len(rows), "rows,", sum("percent" in value for value in expected), "numbers")


if __name__ == "__main__":
    main()
