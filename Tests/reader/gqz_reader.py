#!/usr/bin/env python3
"""A second reader of .gqz files, written from docs/format.md alone. Prints what a file says as JSON."""

import argparse
import bisect
import json
import math
import struct
import sys
import zlib

SIGNATURE = bytes([0x8B, 0x47, 0x51, 0x5A, 0x0D, 0x0A, 0x1A, 0x0A])
STANDARD_RATE_TABLES = [
    [(0, 1), (16, 3), (32, 4), (48, 4), (64, 4), (96, 5), (128, 5), (192, 5), (256, 5), (384, 5), (512, 5), (768, 4),
     (1024, 4), (1536, 4), (2304, 3), (3072, 3)],
    [(0, 1)],
]
PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))


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
    return abs(a) // abs(b) * (1 if (a >= 0) == (b >= 0) else -1)


LOGISTIC = (11, 18, 30, 49, 81, 133, 219, 360, 589, 961, 1554, 2486, 3906, 5978, 8813, 12371, 16384, 20397, 23955, 26790, 28862,
            30282, 31214, 31807, 32179, 32408, 32549, 32635, 32687, 32719, 32738, 32750, 32757)


def interpolated(odds):
    k, part = divmod(odds + 2048, 128)
    return (LOGISTIC[k] * (128 - part) + LOGISTIC[k + 1] * part + 64) >> 7


RISING = [interpolated(odds) for odds in range(-2047, 2048)]
ODDS = [max(bisect.bisect_right(RISING, 8 * step + 4) - 2048, -2047) for step in range(4096)]


class Decisions:
    """The range decoder, states and weights: sections 4.2 to 4.4. A state is whatever names it."""

    FIRST = 1 << 21, 0

    def __init__(self, data, what):
        if data[-1:] == b"\0":
            raise Invalid(f"unused bytes of {what}")
        self.data, self.what, self.position = data, what, 0
        self.range, self.code = 0xFFFFFFFF, 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()
        self.states, self.weights = {}, {}

    def next(self):
        self.position += 1
        return self.data[self.position - 1] if self.position <= len(self.data) else 0

    def end(self):
        if self.position < len(self.data):
            raise Invalid(f"unused bytes of {self.what}")

    def decode(self, value, scale):
        bound = (self.range >> scale) * value
        yes = self.code < bound
        if yes:
            self.range = bound
        else:
            self.code -= bound
            self.range -= bound
        while self.range < 1 << 24:
            self.range <<= 8
            self.code = (self.code << 8 | self.next()) & 0xFFFFFFFF
        return yes

    def learn(self, state, yes, limit):
        p, n = self.states.get(state, self.FIRST)
        p = 1024 * p + (((1 << 22) - 1 if yes else 0) - p) // 8 * (16384 // (2 * n + 3)) >> 10
        self.states[state] = p, min(n + 1, limit)

    def alone(self, state):
        p, _ = self.states.get(state, self.FIRST)
        yes = self.decode(min(max(p >> 6, 1), 65535), 16)
        self.learn(state, yes, 127)
        return yes

    def mix(self, states, weight_set):
        weights = self.weights.setdefault(weight_set, [20000] * len(states))
        odds = [ODDS[self.states.get(state, self.FIRST)[0] >> 10] for state in states]
        total = sum(w * o for w, o in zip(weights, odds)) >> 16
        value = min(max(interpolated(min(max(total, -2047), 2047)), 16), 32752)
        yes = self.decode(value, 15)
        error = (32768 if yes else 0) - value
        for k, (state, o) in enumerate(zip(states, odds)):
            weights[k] = min(max(weights[k] + (o * error + 4096 >> 13), -131072), 131072)
            self.learn(state, yes, 40)
        return yes


def decode_levels(data, columns, rows, rate_table):
    """Pairs (rate level, mode)."""
    coder, top = Decisions(data, "the level map"), len(rate_table) - 1
    modes = [[0] * columns for _ in range(rows)]
    levels = [[0] * columns for _ in range(rows)]

    def decide(decision, contexts, weight_set=None):
        return coder.mix([(k, decision, context) for k, context in enumerate(contexts)], (decision, weight_set))

    def decide_rate_level(y, x):
        if top == 0:
            return 0
        w = levels[y][x - 1] if x else (levels[y - 1][x] if y else 0)
        n = levels[y - 1][x] if y else w
        nw = levels[y - 1][x - 1] if x and y else n
        ne = levels[y - 1][x + 1] if y and x + 1 < columns else n
        ww = levels[y][x - 2] if x > 1 else w
        nn = levels[y - 2][x] if y > 1 else n
        median = min(max(w + n - nw, min(w, n)), max(w, n))
        prediction = (2 * median + w + ne + 2) // 4
        spread = abs(w - n) + abs(n - nw) + abs(n - ne)
        activity = 0 if spread == 0 else 1 if spread == 1 else 2 if spread <= 3 else 3 if spread <= 6 else 4
        step = lambda level: min(max(level - prediction, -2), 2)
        contexts = (prediction, activity), (prediction, step(w), step(n)), (step(ne), step(ww), step(nn))
        if decide("equal", contexts, activity):
            return prediction
        if prediction == 0:
            up = True
        elif prediction == top:
            up = False
        else:
            twice = w + n - 2 * prediction
            up = decide("above", contexts, 0 if twice < 0 else 1 if twice == 0 else 2)
        room = top - prediction if up else prediction
        distance = 1
        while distance < room and decide(("further", up, min(distance, 6)), contexts):
            distance += 1
        return prediction + distance if up else prediction - distance

    def neighbour(y, x, rate_level):
        if y < 0 or x < 0 or abs(levels[y][x] - rate_level) > 2:
            return None
        return levels[y][x] - rate_level, modes[y][x]

    for y in range(rows):
        for x in range(columns):
            rate_level = levels[y][x] = decide_rate_level(y, x)
            contexts = (rate_level, neighbour(y, x - 1, rate_level)), (rate_level, neighbour(y - 1, x, rate_level)), rate_level
            while modes[y][x] < rate_table[rate_level][1] - 1 and decide(modes[y][x], contexts):
                modes[y][x] += 1
    coder.end()
    return levels, modes


def decode_alpha(payload, width, height):
    """The alpha samples of all rows."""
    if payload[:1] == b"\0":
        if len(payload) != 1 + width * height:
            raise Invalid("length of stored alpha")
        return payload[1:]
    if payload[:1] != b"\1":
        raise Invalid("method of alpha")
    coder = Decisions(payload[1:], "alpha")
    above, was_same, samples = bytes([255]) * width, 0, bytearray()

    def kind(value):
        return 0 if value == 0 else 2 if value == 255 else 1

    for _ in range(height):
        was_same = int(coder.alone(("same", was_same)))
        row = bytearray()
        for x in range(0 if was_same else width):
            n = above[x]
            w = row[x - 1] if x else n
            nw = above[x - 1] if x else n
            ne = above[x + 1] if x + 1 < width else n
            context = 4 * (27 * kind(w) + 9 * kind(n) + 3 * kind(nw) + kind(ne)) + 2 * (w == n) + (n == nw)
            if coder.alone(("left", context)):
                row.append(w)
            elif n != w and coder.alone(("upper", context)):
                row.append(n)
            else:
                spread = abs(w - n) + abs(n - nw)
                k = sum(spread >= bound for bound in (2, 4, 7, 12, 24, 64))
                node = 1
                for _ in range(8):
                    node = 2 * node + int(coder.alone(("difference", k, node)))
                row.append((min(max(w + n - nw, 0), 255) + node) & 255)
        above = above if was_same else bytes(row)
        samples += above
    coder.end()
    return bytes(samples)


def read_index(cursor, start, what):
    """The bytes of the index of a divided picture's chunk; its checksum is right."""
    index = cursor.take(cursor.varint())
    cursor.check(start, f"index of the {what}")
    return index


def varint(value):
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


def read_rate_table(cursor):
    kind = cursor.byte()
    if kind < len(STANDARD_RATE_TABLES):
        return STANDARD_RATE_TABLES[kind]
    if kind != 255:
        raise Invalid("rate table")
    rate_table = []
    for _ in range(cursor.byte()):
        rate_table.append((cursor.varint(), cursor.byte()))
        if not 1 <= rate_table[-1][1] <= 8 or rate_table[-1][0] > 4095:
            raise Invalid("rate level")
    if not 1 <= len(rate_table) <= 32 or any(a[0] >= b[0] for a, b in zip(rate_table, rate_table[1:])):
        raise Invalid("rate table")
    if rate_table in STANDARD_RATE_TABLES:
        raise Invalid("spelling of a standard rate table")
    return rate_table


def read(data, pixels=False):
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
    layout, bits = cursor.byte(), cursor.byte()
    seed, model = cursor.varint(), cursor.take(8)
    if cursor.offset != end or not width or not height or layout >> 4 > 9 or layout & 3 > 2 or bits not in range(5, 17):
        raise Invalid("header")
    cursor.check(8, "header")
    columns, rows, side = (width + 15) // 16, (height + 15) // 16, 1 << (layout >> 4)
    block = max(64, side)
    divided = columns > block or rows > block
    result = {
        "width": width,
        "height": height,
        "colorType": layout & 3,
        "tuning": layout >> 2 & 3,
        "tileExponent": layout >> 4,
        "stateBits": bits,
        "seed": seed,
        "model": model.hex(),
        "columns": columns,
        "rows": rows,
        "ancillary": [],
    }
    rate_levels = rate_table = codes = copy = None
    head = data[8 : cursor.offset]
    while cursor.offset < len(data):
        start = cursor.offset
        kind, length = chr(cursor.byte()), cursor.varint()
        if kind in "IP":
            if rate_levels is None or codes is not None:
                raise Invalid("chunk order")
            stop = cursor.offset + length
            index = read_index(cursor, start, "indices") if divided else None
            codes = [["" for _ in range(columns)] for _ in range(rows)]
            start_bits = 8
            tiles, runs = [], {}
            for number, phases in enumerate([PHASES] if kind == "I" else [(phase,) for phase in PHASES]):
                for top in range(0, rows, side):
                    for left in range(0, columns, side):
                        places = [
                            (y, x)
                            for odd_row, odd_column in phases
                            for y in range(top, min(top + side, rows))
                            for x in range(left, min(left + side, columns))
                            if (y % 2, x % 2) == (odd_row, odd_column)
                        ]
                        count = sum(rate_table[rate_levels[y][x]][0] for y, x in places)
                        run = number, top, left // block
                        runs[run] = runs.get(run, 0) + (4 + (start_bits + count + 7) // 8 if count else 0)
                        if not count:
                            tiles.append({"bytes": 0, "intact": True, "start": 0})
                            continue
                        count += start_bits
                        declared, packed = cursor.word(), cursor.take((count + 7) // 8)
                        text = "".join(f"{byte:08b}" for byte in packed)
                        start_state, place = int(text[:start_bits] or "0", 2), start_bits
                        intact = zlib.crc32(packed) == declared
                        tiles.append({"bytes": len(packed) + 4, "intact": intact, "start": start_state})
                        for y, x in places:
                            width = rate_table[rate_levels[y][x]][0]
                            codes[y][x] = text[place : place + width]
                            place += width
                        if "1" in text[place:]:
                            raise Invalid("padding")
            if cursor.offset != stop:
                raise Invalid("length of the indices")
            if divided and index != b"".join(varint(count) for count in runs.values()):
                raise Invalid("index of the indices")
            result["tiles"] = tiles
            result["order"] = "tiles" if kind == "I" else "phases"
            continue
        if kind == "G":
            if rate_levels is None or codes is not None or "graphics" in result:
                raise Invalid("chunk order")
            result["graphics"] = read_graphics(cursor, start, length, result["width"], result["height"], columns, rows, divided,
                                                result["colorType"] != 0, model != bytes(8), pixels)
            head += data[start : start + result["graphics"].pop("headBytes")]
            continue
        if kind == "L" and divided:
            if rate_levels is not None:
                raise Invalid("two level maps")
            stop = cursor.offset + length
            index = Cursor(read_index(cursor, start, "level map"))
            rate_table = read_rate_table(index)
            rate_levels, modes = [[0] * columns for _ in range(rows)], [[0] * columns for _ in range(rows)]
            for top in range(0, rows, block):
                for left in range(0, columns, block):
                    count, across, down = index.varint(), min(block, columns - left), min(block, rows - top)
                    declared = cursor.word() if count else 0
                    coded = cursor.take(count)
                    if zlib.crc32(coded) != declared:
                        raise Invalid("checksum of the level map")
                    part_levels, part_modes = decode_levels(coded, across, down, rate_table)
                    for y in range(down):
                        rate_levels[top + y][left : left + across] = part_levels[y]
                        modes[top + y][left : left + across] = part_modes[y]
            if index.offset != len(index.data) or cursor.offset != stop:
                raise Invalid("length of the level map")
            head += data[start : cursor.offset]
            continue
        payload = cursor.take(length)
        cursor.check(start, f"chunk {kind}")
        if kind == "L":
            if rate_levels is not None:
                raise Invalid("two level maps")
            inside = Cursor(payload)
            rate_table = read_rate_table(inside)
            rate_levels, modes = decode_levels(payload[inside.offset :], columns, rows, rate_table)
            head += data[start : cursor.offset]
        elif kind == "r":
            if copy is not None:
                raise Invalid("a second chunk r")
            copy = payload
        elif "a" <= kind <= "z":
            if kind in "aeixp" and any(chunk["type"] == kind for chunk in result["ancillary"]):
                raise Invalid(f"a second chunk {kind}")
            if kind == "a":
                if length > result["width"] * result["height"] + 1:
                    raise Invalid("length of alpha")
                result["alpha"] = list(decode_alpha(payload, result["width"], result["height"]))
            result["ancillary"].append({"type": kind, "bytes": length})
        else:
            raise Invalid(f"chunk type {kind!r}")
    if codes is None:
        raise Invalid("a required chunk is missing")
    if model == bytes(8) and (rate_table != [(0, 1)] or not all(result.get("graphics", {}).get("mask", [0]))):
        raise Invalid("no model, though one is needed")
    if copy is not None and copy != head:
        raise Invalid("copy of header, level map and mask of graphics")
    result["hasCopy"] = copy is not None
    first = [sum(n for _, n in rate_table[:k]) for k in range(len(rate_table))]
    result["rateTable"] = [list(rate_level) for rate_level in rate_table]
    result["levels"] = [first[r] + v for a, b in zip(rate_levels, modes) for r, v in zip(a, b)]
    return result, codes


def read_graphics(cursor, start, length, width, height, columns, rows, divided, grey, has_model, pixels):
    """The mask of a chunk G, and for each unit its place in pixels, its bytes and whether they are intact."""
    stop = cursor.offset + length
    index_stop = cursor.varint() + cursor.offset if divided else None
    coded = cursor.take(cursor.varint())
    coder, mask, outside = Decisions(coded, "the mask of graphics"), [], []
    for place in range(rows * columns):
        y, x = divmod(place, columns)
        at = lambda dy, dx: y + dy >= 0 and 0 <= x + dx < columns and mask[(y + dy) * columns + x + dx]
        context = at(0, -1) | at(-1, 0) << 1 | at(-1, -1) << 2 | at(-1, 1) << 3
        mask.append(int(coder.alone(context)))
        if mask[-1] and has_model:
            beside = int(x > 0 and outside[place - 1]) | int(y > 0 and outside[place - columns]) << 1
            outside.append(int(coder.alone(("outside", beside))))
        else:
            outside.append(mask[-1])
    coder.end()
    units = []
    for top in range(0, rows, 64):
        for left in range(0, columns, 64):
            inside = [mask[y * columns + x] for y in range(top, min(top + 64, rows)) for x in range(left, min(left + 64, columns))]
            if any(inside):
                units.append({
                    "x": 16 * left, "y": 16 * top, "width": min(16 * (left + 64), width) - 16 * left,
                    "height": min(16 * (top + 64), height) - 16 * top, "bytes": cursor.varint(),
                })
    if index_stop not in (None, cursor.offset):
        raise Invalid("length of the index of the graphics")
    cursor.check(start, "graphics mask")
    head_bytes = cursor.offset - start
    for unit in units:
        declared, packed = cursor.word(), cursor.take(unit["bytes"])
        unit["intact"] = zlib.crc32(packed) == declared
        if not unit["intact"]:
            continue
        if not packed:
            raise Invalid("length of a unit of graphics")
        if packed[0] == 0x2F:
            # A VP8L bitstream begins with its signature and its size.
            size = int.from_bytes(packed[1:5], "little")
            if (size & 0x3FFF) + 1 != unit["width"] or (size >> 14 & 0x3FFF) + 1 != unit["height"]:
                raise Invalid("size of a unit of graphics")
        elif packed[0] == 1:
            if pixels:
                unit["pixels"] = ContextPixels(packed[1:], unit["width"], unit["height"], grey).colours
        else:
            raise Invalid("first byte of a unit of graphics")
    if cursor.offset != stop:
        raise Invalid("length of the graphics")
    return {"mask": mask, "outside": outside, "units": units, "headBytes": head_bytes}


GOLDEN = 0x9E3779B1
WORD = 0xFFFFFFFF
NEIGHBOURS = ((-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2), (-1, -2), (1, -2), (-2, -1), (2, -1), (-3, 0), (0, -3),
              (2, -2), (-2, -2), (3, -1), (-3, -1), (-4, 0), (1, -3))


def hashed(a, b):
    p = (a ^ b) * GOLDEN & WORD
    return p ^ p >> 15


def component(colour, k):
    """Green, red, blue."""
    return colour >> (8, 16, 0)[k] & 255


class ContextPixels:
    """Section 4.5."""

    def __init__(self, data, width, height, grey):
        self.coder, self.width, self.grey = Decisions(data, "a unit of graphics"), width, grey
        self.bits = next(bits for bits in range(10, 19) if bits == 18 or 1 << bits >= width * height)
        self.followers = {}
        self.background = self.last_escape = 0
        rows, escapes = [], 0
        for y in range(height):
            rows.append([])

            def at(x, above):
                row = y - above
                if row < 0:
                    return 0
                if x < 0:
                    return rows[row - 1][0] if row > 0 else 0
                return rows[row][min(x, width - 1)]

            for x in range(width):
                c = [at(x + dx, -dy) for dx, dy in NEIGHBOURS]
                around = ((range(-4, 0), 0), (range(-3, 4), 1), (range(-2, 4), 2), (range(-1, 2), 3))
                uniform = y >= 3 and all(at(x + dx, above) == c[0] for columns, above in around for dx in columns)
                if uniform:
                    self.background = c[0]
                    if self.coder.alone(("uniform", (c[0] * GOLDEN & WORD) >> 24)):
                        rows[y].append(c[0])
                        continue
                colour, is_escape = self.pixel(c, c[0] if uniform else None)
                rows[y].append(colour)
                escapes += is_escape
        if escapes > width * height // 4 + 4096:
            raise Invalid("escapes of a unit of graphics")
        self.coder.end()
        self.colours = [colour for row in rows for colour in row]

    def slot(self, a):
        return (a * 0x85EBCA6B & WORD) >> (32 - self.bits)

    def pixel(self, c, excluded):
        s = {m: sum(colour * pow(GOLDEN, i + 1, 1 << 32) for i, colour in enumerate(c[:m])) & WORD for m in (2, 4, 9, 18)}
        places = [(m, self.slot(hashed(s[m], 0))) for m in (18, 9, 4)]
        entries = [self.followers.get(place, (0, 0)) for place in places]
        tried, found = [], None
        for colour in [known for known, confidence in entries if confidence] + c[:5]:
            if colour == excluded or colour in tried:
                continue
            t = len(tried)
            e = sum(1 << i for i in range(6) if c[i] == colour)
            q = [min(confidence, 7) if known == colour else 0 for known, confidence in entries]
            key = colour + (t << 24)
            if self.coder.mix([("equal", t, e), ("confidence", t, *q), ("hashed", 0, self.slot(hashed(hashed(s[18], 0), key))),
                         ("hashed", 1, self.slot(hashed(s[2], key)))], ("predicted", t, q[0] > 0, min(q[1], 3), q[2] > 0)):
                found = colour
                break
            tried.append(colour)
            if len(tried) == 3:
                break
        is_escape = found is None
        if is_escape:
            found = self.escape(c, s[2])
        for place, (known, confidence) in zip(places, entries):
            self.followers[place] = found, min(confidence + 1, 255) if known == found else 1
        return found, is_escape

    def escape(self, c, s2):
        green = [component(colour, 0) for colour in c[:3]]
        median = sorted((green[0], green[1], green[0] + green[1] - green[2]))[1]
        diagonals = c[2] * GOLDEN + c[3] * pow(GOLDEN, 2, 1 << 32) & WORD
        g = self.escape_component(0, [median, s2, c[0], diagonals, c[1], component(self.last_escape, 0)])
        if self.grey:
            r = b = g
        else:
            known = hashed(0, g + 1)
            r = self.escape_other(1, c, g, known)
            b = self.escape_other(2, c, g, hashed(known, r + 1))
        self.last_escape = r << 16 | g << 8 | b
        return self.last_escape

    def escape_other(self, k, c, g, known):
        d = component(self.last_escape, 0) - component(self.background, 0)
        if d:
            x = component(self.background, k)
            expected = x + quotient((g - component(self.background, 0)) * (component(self.last_escape, k) - x), d)
        else:
            expected = component(c[0], k) + g - component(c[0], 0)
        expected = min(max(expected, 0), 255)
        return self.escape_component(k, [known, hashed(c[0], known), hashed(self.background, expected), hashed(self.background, known),
                                        expected, hashed(c[1], known)])

    def escape_component(self, k, contexts):
        node = 1
        for bit in range(7, -1, -1):
            number = 256 * k + node
            places = [("bits", number)] + [("escape", i, self.slot(hashed(hashed(x, 0), number))) for i, x in enumerate(contexts)]
            node = 2 * node + self.coder.mix(places, ("escape", k, bit))
        return node & 255


def path(count):
    """The order in which a path takes the steps of a list."""
    stride = (618 * count + 999) // 1000
    while math.gcd(stride, count) > 1:
        stride += 1
    return [j * stride % count for j in range(count)]


def read_codes(result, texts, codes):
    """The trellis states after every position's codes. codes: of a model the `widths` by phase and level, and the `groupEnds`."""
    columns, side = result["columns"], 1 << result["tileExponent"]
    mask = (1 << result["stateBits"]) - 1
    values, states = {}, {}
    places = [(y, x) for y in range(-(-result["rows"] // side)) for x in range(-(-columns // side))]
    starts = [tile["start"] for tile in result["tiles"]]
    for phase, (odd_row, odd_column) in enumerate(PHASES):
        steps = {}
        if phase == 0 or result["order"] == "phases":
            states = dict(zip(places, starts[phase * len(places) :]))
        for y in range(odd_row, result["rows"], 2):
            for x in range(odd_column, columns, 2):
                text, place = texts[y][x], 0
                values[y, x] = []
                widths = codes["widths"][phase][result["levels"][y * columns + x]]
                for k, width in enumerate(widths):
                    group = sum(8 * k >= end * len(widths) for end in codes["groupEnds"])
                    steps.setdefault((group, y // side, x // side), []).append((y, x, k, width))
                    values[y, x].append(int(text[place : place + width], 2))
                    place += width
                if place != len(text):
                    raise Invalid("code widths do not match the rate table")
        for (_, *tile), listed in sorted(steps.items()):
            tile = tuple(tile)
            for j in path(len(listed)):
                y, x, k, width = listed[j]
                entering = min(width, 2)
                states[tile] = (states[tile] << entering | values[y, x][k] % (1 << entering)) & mask
                values[y, x][k] = states[tile]
    return [values[y, x] for y in range(result["rows"]) for x in range(columns)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--full", action="store_true", help="print the bits of all positions and alpha too")
    parser.add_argument("--pixels", action="store_true", help="print the colours of units of graphics that are coded by context mixing")
    parser.add_argument("--codes", help="JSON file of the model's code widths and ends of groups: print trellis states")
    arguments = parser.parse_args()
    with open(arguments.file, "rb") as file:
        data = file.read()
    try:
        result, codes = read(data, arguments.pixels)
    except Invalid as error:
        sys.exit(f"{arguments.file}: {error}")
    if not arguments.full:
        result.pop("alpha", None)
    else:
        result["codes"] = [text for row in codes for text in row]
    if arguments.codes:
        with open(arguments.codes) as file:
            result["values"] = read_codes(result, codes, json.load(file))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
