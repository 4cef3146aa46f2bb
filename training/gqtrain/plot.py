"""Draws the validation curve of a run: dB with real codewords and predicted levels against hours of training."""

import argparse
import json
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--log", nargs="+", required=True, help="log.jsonl of a run, or of runs that follow each other")
    p.add_argument("--output", required=True, help="picture to write")
    p.add_argument("--quality", default="PSNR", help="what the run is tuned for")
    a = p.parse_args()
    curves, offset = {}, 0.0
    for path in a.log:
        last = 0.0
        for line in open(path):
            record = json.loads(line)
            last = record["hours"]
            for rate, (coded, _) in record.get("validation", {}).get("predicted", {}).items():
                curves.setdefault(float(rate), []).append((offset + record["hours"], coded, record["step"]))
        offset += last
    figure, axes = plt.subplots(figsize=(7, 4.2), dpi=110)
    for rate, points in sorted(curves.items()):
        hours, psnr, _ = zip(*points)
        axes.plot(hours, psnr, marker="o", markersize=3, label=f"{rate:g} bpp")
    axes.set_xlabel("hours of training (two cores)")
    axes.set_ylabel(f"validation {a.quality}, dB")
    axes.grid(alpha=0.3)
    axes.legend(ncol=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.tight_layout()
    os.makedirs(os.path.dirname(a.output) or ".", exist_ok=True)
    figure.savefig(a.output)


if __name__ == "__main__":
    main()
