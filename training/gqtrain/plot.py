"""Draws the validation curves of a run: SSIMULACRA2 and PSNR with real codewords against hours of training."""

import argparse
import json
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--log", required=True, help="log.jsonl of a run")
    p.add_argument("--output", required=True, help="picture to write")
    a = p.parse_args()
    records = [json.loads(line) for line in open(a.log)]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), dpi=110)
    for plot, (tuning, place, label) in zip(axes, (("visual", 0, "SSIMULACRA2"), ("psnr", 1, "PSNR, dB"))):
        curves = {}
        for record in records:
            for rate, values in record.get("validation", {}).get(tuning, {}).items():
                curves.setdefault(float(rate), []).append((record["hours"], values[place]))
        for rate, points in sorted(curves.items()):
            plot.plot(*zip(*points), marker="o", markersize=3, label=f"{rate:g} bpp")
        plot.set_xlabel("hours of training (two cores)")
        plot.set_ylabel(f"{label} of the tuning {tuning}")
        plot.grid(alpha=0.3)
        if curves:
            plot.legend(ncol=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.tight_layout()
    os.makedirs(os.path.dirname(a.output) or ".", exist_ok=True)
    figure.savefig(a.output)


if __name__ == "__main__":
    main()
