#!/usr/bin/env python3
"""A second reader of .gqz files, written from docs/format.md alone. Prints what a file says as JSON."""

import argparse
import json
import struct
import sys
import zlib

SIGNATURE = bytes([0x8B, 0x47, 0x51, 0x5A, 0x0D, 0x0A, 0x1A, 0x0A])
STANDARD_LADDER = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48]


class Invalid(Exception):
    pass


class Cursor:
    def __init__(self, data, offset=0):
        self.data, self.offset = data, offset

    def take(self, count):
        if self.offset + count > len(self.data):
            raise Invalid(f"truncated at byte {self.offset}")
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def byte(self):
        return self.take(1)[0]

    def word(self):
        return struct.unpack(">I", self.take(4))[0]

    def varint(self):
        value = 0
        for k in range(9):
            byte = self.byte()
            value |= (byte & 127) << (7 * k)
            if byte < 128:
                if byte == 0 and k > 0:
                    raise Invalid("varint not in shortest form")
                return value
        raise Invalid("varint too long")

    def check(self, start, what):
        computed = zlib.crc32(self.data[start : self.offset])
        if self.word() != computed:
            raise Invalid(f"checksum of {what}")


def quotient(a, b):
    """Rounded towards zero."""
    return a // b if a >= 0 else -(-a // b)


class Probability:
    def __init__(self):
        self.value, self.count = 16384, 0

    def update(self, yes):
        self.value += quotient((32768 if yes else 0) - self.value, self.count + 2)
        self.value = min(max(self.value, 16), 32752)
        self.count = min(self.count + 1, 62)


class RangeDecoder:
    def __init__(self, data):
        self.data, self.position = data, 0
        self.range, self.code = 0xFFFFFFFF, 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()

    def next(self):
        self.position += 1
        return self.data[self.position - 1] if self.position <= len(self.data) else 0

    def decide(self, probability):
        bound = (self.range >> 15) * probability.value
        yes = self.code < bound
        if yes:
            self.range = bound
        else:
            self.code -= bound
            self.range -= bound
        probability.update(yes)
        while self.range < 1 << 24:
            self.range <<= 8
            self.code = (self.code << 8 | self.next()) & 0xFFFFFFFF
        return yes


def decode_levels(data, columns, rows, level_count):
    coder, top = RangeDecoder(data), level_count - 1
    equal = [[Probability() for _ in range(3)] for _ in range(5)]
    above = [[Probability() for _ in range(3)] for _ in range(3)]
    further = [[[Probability() for _ in range(4)] for _ in range(3)] for _ in range(2)]
    levels = [[0] * columns for _ in range(rows)]
    for y in range(rows):
        for x in range(columns):
            if top == 0:
                continue
            w = levels[y][x - 1] if x else (levels[y - 1][x] if y else 0)
            n = levels[y - 1][x] if y else w
            nw = levels[y - 1][x - 1] if x and y else n
            ne = levels[y - 1][x + 1] if y and x + 1 < columns else n
            median = min(max(w + n - nw, min(w, n)), max(w, n))
            prediction = (2 * median + w + ne + 2) // 4
            spread = abs(w - n) + abs(n - nw) + abs(n - ne)
            activity = 0 if spread == 0 else 1 if spread == 1 else 2 if spread <= 3 else 3 if spread <= 6 else 4
            coarse = (0, 1, 1, 2, 2)[activity]
            height = 0 if prediction == 0 else 2 if prediction == top else 1
            if coder.decide(equal[activity][height]):
                levels[y][x] = prediction
                continue
            if prediction == 0:
                up = True
            elif prediction == top:
                up = False
            else:
                twice = w + n - 2 * prediction
                up = coder.decide(above[coarse][0 if twice < 0 else 1 if twice == 0 else 2])
            room = top - prediction if up else prediction
            distance = 1
            while distance < room and coder.decide(further[int(up)][coarse][min(distance - 1, 3)]):
                distance += 1
            levels[y][x] = prediction + distance if up else prediction - distance
    if coder.position < len(data) or data[-1:] == b"\0":
        raise Invalid("unused bytes after the level map")
    return levels


def read(data):
    if data[:8] != SIGNATURE:
        raise Invalid("signature")
    cursor = Cursor(data, 8)
    if cursor.byte() != 1:
        raise Invalid("version")
    length = cursor.varint()
    if length > 64:
        raise Invalid("header length")
    end = cursor.offset + length
    width, height = cursor.varint(), cursor.varint()
    layout, quantizer = cursor.byte(), cursor.byte()
    seed, model = cursor.varint(), cursor.take(8)
    bits = quantizer & 31
    if cursor.offset != end or not width or not height or layout & 15 > 1 or quantizer >> 5 or not 1 <= bits <= 20:
        raise Invalid("header")
    cursor.check(8, "header")
    columns, rows, side = (width + 15) // 16, (height + 15) // 16, 1 << (layout >> 4)
    result = {
        "width": width,
        "height": height,
        "colorType": layout & 15,
        "tileExponent": layout >> 4,
        "quantizer": quantizer >> 5,
        "codebookBits": bits,
        "codebookSeed": seed,
        "model": model.hex(),
        "columns": columns,
        "rows": rows,
        "ancillary": [],
    }
    levels = ladder = indices = None
    while cursor.offset < len(data):
        start = cursor.offset
        kind, length = chr(cursor.byte()), cursor.varint()
        if kind == "I":
            if levels is None or indices is not None:
                raise Invalid("chunk order")
            stop = cursor.offset + length
            indices = [[[] for _ in range(columns)] for _ in range(rows)]
            tiles = []
            for top in range(0, rows, side):
                for left in range(0, columns, side):
                    places = [
                        (y, x)
                        for y in range(top, min(top + side, rows))
                        for x in range(left, min(left + side, columns))
                    ]
                    count = sum(ladder[levels[y][x]] for y, x in places)
                    if not count:
                        tiles.append({"bytes": 0, "intact": True})
                        continue
                    declared, packed = cursor.word(), cursor.take((count * bits + 7) // 8)
                    tiles.append({"bytes": len(packed) + 4, "intact": zlib.crc32(packed) == declared})
                    number, left_over = int.from_bytes(packed, "big"), len(packed) * 8
                    for y, x in places:
                        for _ in range(ladder[levels[y][x]]):
                            left_over -= bits
                            indices[y][x].append(number >> left_over & (1 << bits) - 1)
                    if number & (1 << left_over) - 1:
                        raise Invalid("padding")
            if cursor.offset != stop:
                raise Invalid("length of the indices")
            result["tiles"] = tiles
            continue
        payload = cursor.take(length)
        cursor.check(start, f"chunk {kind}")
        if kind == "L":
            if levels is not None:
                raise Invalid("two level maps")
            if payload[:1] == b"\0":
                ladder, rest = STANDARD_LADDER, payload[1:]
            elif payload[:1] == b"\xff" and 1 <= payload[1] <= 32:
                ladder, rest = list(payload[2 : 2 + payload[1]]), payload[2 + payload[1] :]
            else:
                raise Invalid("ladder")
            levels = decode_levels(rest, columns, rows, len(ladder))
        elif "a" <= kind <= "z":
            result["ancillary"].append({"type": kind, "bytes": length})
        else:
            raise Invalid(f"chunk type {kind!r}")
    if indices is None:
        raise Invalid("a required chunk is missing")
    flat = [i for row in indices for position in row for i in position]
    result["ladder"] = ladder
    result["levels"] = [level for row in levels for level in row]
    result["indexCount"] = len(flat)
    result["indexChecksum"] = zlib.crc32(struct.pack(f"<{len(flat)}I", *flat))
    return result, flat


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--full", action="store_true", help="print all indices too")
    arguments = parser.parse_args()
    with open(arguments.file, "rb") as file:
        data = file.read()
    try:
        result, flat = read(data)
    except Invalid as error:
        sys.exit(f"{arguments.file}: {error}")
    if arguments.full:
        result["indices"] = flat
    print(json.dumps(result))


if __name__ == "__main__":
    main()
