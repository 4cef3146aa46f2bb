"""Writes checksums.txt: what every valid file of PngSuite must decode to.

    pip install pypng==0.20220715.0
    python3 testdata/pngsuite/make_checksums.py

The decoder is pypng, in Python alone; palette, transparency and the scaling to 8 bits are done here. A line has name,
width, height, colour type, "alpha" or "opaque", and the CRC-32 of the samples and of the alpha samples.
"""

import zlib
from pathlib import Path

import png

HERE = Path(__file__).parent


def decode(path):
    """Width, height, components, samples and alpha (or None) as bytes of 8 bits."""
    reader = png.Reader(filename=str(path))
    width, height, rows, info = reader.read()
    rows = [list(row) for row in rows]
    top = (1 << info["bitdepth"]) - 1
    planes = info["planes"]
    if reader.colormap:
        table = reader.palette("force")
        has_alpha = reader.trns is not None
        samples = bytes(v for row in rows for index in row for v in table[index][:3])
        alpha = bytes(table[index][3] for row in rows for index in row) if has_alpha else None
        return width, height, 3, samples, alpha

    def eight(value):
        return (2 * value * 255 + top) // (2 * top)

    pixels = [tuple(row[k : k + planes]) for row in rows for k in range(0, len(row), planes)]
    components = planes - 1 if info["alpha"] else planes
    samples = bytes(eight(v) for pixel in pixels for v in pixel[:components])
    alpha = None
    if info["alpha"]:
        alpha = bytes(eight(pixel[-1]) for pixel in pixels)
    elif reader.trns is not None:
        clear = tuple(reader.transparent)
        alpha = bytes(0 if pixel == clear else 255 for pixel in pixels)
    return width, height, components, samples, alpha


def main():
    lines = []
    for path in sorted(HERE.glob("*.png")):
        width, height, components, samples, alpha = decode(path)
        lines.append(
            f"{path.name} {width} {height} {'rgb' if components == 3 else 'grey'} "
            f"{'opaque' if alpha is None else 'alpha'} {zlib.crc32(samples):08x} {zlib.crc32(alpha or b''):08x}"
        )
    (HERE / "checksums.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
