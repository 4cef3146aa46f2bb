#!/usr/bin/env python3
"""Compresses a folder of pictures with Ray Data, on one machine or on a cluster.

    compress_directory.py pictures output --bpp 0.5

Writes output/NAME.gqz for every picture, and a row of the table output/rates (Parquet). Started again, it leaves out
the pictures that the table has without an error. Both places may be folders or addresses that pyarrow knows, such as
s3://bucket/pictures; every machine must reach them. The exit code is 1 when a picture failed.
"""

import argparse
import io
import os
import posixpath
import sys
import time

import gqimg
import numpy as np
import pyarrow.dataset
import ray
from PIL import Image, ImageOps
from pyarrow import fs

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".ppm", ".pgm")
# Rows are written when a block of pictures is done: at most this many per process are compressed twice.
PICTURES_PER_BLOCK = 256


def read_pixels(data):
    """The array of a picture file, upright, and the ICC profile that says what its numbers mean."""
    image = Image.open(io.BytesIO(data))
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode in ("1", "P", "PA", "CMYK", "YCbCr"):
        if image.mode in ("CMYK", "YCbCr"):
            profile = None
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise ValueError(f"samples of mode {image.mode} are not taken")
    return np.asarray(image), profile


def psnr(original, restored):
    """Decibels over the samples that are not alpha; alpha is kept without loss."""
    if original.ndim == 3:
        colours = 3 if original.shape[-1] > 2 else 1
        original, restored = original[..., :colours], restored[..., :colours]
    error = np.mean((original.astype(np.float32) - restored) ** 2, dtype=np.float64)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


class Compressor:
    """A process that keeps its model from picture to picture."""

    def __init__(self, source, target, options, measures_psnr):
        self.source, self.target = (fs.FileSystem.from_uri(place) for place in (source, target))
        self.options, self.measures_psnr = options, measures_psnr
        # Ray starts a process per processor, so each has one thread.
        self.codec = gqimg.Codec(threads=1)

    def __call__(self, row):
        # No column is ever None: the files of a table must agree in their types.
        result = {
            "name": row["name"], "width": 0, "height": 0, "channels": 0, "source_bytes": 0, "bytes": 0,
            "bpp": float("nan"), "psnr": float("nan"), "cpu_seconds": float("nan"), "error": "",
        }
        try:
            result.update(self.compress(row["name"]))
        except Exception as error:  # one bad picture does not end a run over a million
            result["error"] = f"{type(error).__name__}: {error}"
        return result

    def compress(self, name):
        start = time.process_time()
        files, folder = self.source
        with files.open_input_stream(posixpath.join(folder, name)) as stream:
            source = stream.read()
        pixels, profile = read_pixels(source)
        data = self.codec.encode(pixels, icc=profile, **self.options)
        files, folder = self.target
        path = posixpath.join(folder, name + ".gqz")
        files.create_dir(posixpath.dirname(path), recursive=True)
        # A file under its final name is whole.
        with files.open_output_stream(path + ".part") as stream:
            stream.write(data)
        files.move(path + ".part", path)
        height, width = pixels.shape[:2]
        result = {
            "width": width, "height": height, "channels": 1 if pixels.ndim == 2 else pixels.shape[2],
            "source_bytes": len(source), "bytes": len(data), "bpp": 8 * len(data) / (width * height),
            "cpu_seconds": time.process_time() - start,
        }
        if self.measures_psnr:
            result["psnr"] = psnr(pixels, self.codec.decode(data))
        return result


def names(source):
    """The pictures of a folder and the folders in it, by their paths from there."""
    files, folder = fs.FileSystem.from_uri(source)
    found = files.get_file_info(fs.FileSelector(folder, recursive=True))
    return sorted(
        posixpath.relpath(f.path, folder) for f in found
        if f.type == fs.FileType.File and f.path.lower().endswith(ENDINGS))


def outcomes(target):
    """The names that the table has without an error, and the others with theirs."""
    files, folder = fs.FileSystem.from_uri(target)
    rates = posixpath.join(folder, "rates")
    if files.get_file_info(rates).type == fs.FileType.NotFound:
        return set(), {}
    rows = pyarrow.dataset.dataset(rates, filesystem=files, format="parquet").to_table(["name", "error"]).to_pydict()
    errors = dict(zip(rows["name"], rows["error"]))
    done = {name for name, error in zip(rows["name"], rows["error"]) if not error}
    return done, {name: error for name, error in errors.items() if name not in done}


def parse():
    p = argparse.ArgumentParser(description="Compresses a folder of pictures with Ray Data.")
    p.add_argument("source", help="folder of pictures")
    p.add_argument("target", help="folder for .gqz files and the table")
    rate = p.add_mutually_exclusive_group()
    rate.add_argument("--bpp", type=float, help="at most this many bits per pixel")
    rate.add_argument("--size", type=int, help="at most this many bytes")
    rate.add_argument("--quality", type=float, help="0 to 100")
    p.add_argument("--effort", type=int, default=5, help="1 (fast) to 9 (thorough)")
    p.add_argument("--tune", choices=("visual", "psnr"), default="visual")
    p.add_argument("--psnr", action="store_true", help="decode every file and measure")
    p.add_argument("--address", help="of a running Ray cluster; without it, RAY_ADDRESS or this machine")
    a = p.parse_args()
    for place in ("source", "target"):
        if "://" not in getattr(a, place):
            setattr(a, place, os.path.abspath(getattr(a, place)))
    return a


def main():
    a = parse()
    done, _ = outcomes(a.target)
    wanted = [name for name in names(a.source) if name not in done]
    print(f"pictures to compress: {len(wanted)}, done before: {len(done)}", flush=True)
    if wanted:
        ray.init(address=a.address, include_dashboard=False, log_to_driver=False)
        options = {"bpp": a.bpp, "size": a.size, "quality": a.quality, "effort": a.effort, "tune": a.tune}
        (
            ray.data.from_items(
                [{"name": name} for name in wanted], override_num_blocks=-(-len(wanted) // PICTURES_PER_BLOCK))
            .map(Compressor, fn_constructor_args=(a.source, a.target, options, a.psnr), num_cpus=1)
            .write_parquet(posixpath.join(a.target, "rates"))
        )
    done, failed = outcomes(a.target)
    for name, error in failed.items():
        print(f"{name}: {error}", file=sys.stderr)
    print(f"pictures compressed: {len(done)}, failed: {len(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
