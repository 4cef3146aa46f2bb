#!/usr/bin/env python3
"""Makes tiny.safetensors: a model with few channels and random weights, for tests and fuzzing of everything but looks.

Its pictures are only roughly those that were encoded: the linear skip connections are the cosine transform's lowest frequencies.
"""

import json
import math
import os
import random
import struct

LATENTS, FINE, COARSE, PRIOR, PREDICTOR = 12, 8, 8, 8, 4
LEVELS = [[], [[2, 2]], [[4, 2], [1, 2]], [[4, 2], [2, 4]], [[5, 4], [3, 4]], [[8, 2], [6, 4], [4, 6]]]
CONFIGURATION = {
    "architecture": 4,
    "fine": FINE,
    "coarse": COARSE,
    "prior": PRIOR,
    "predictor": PREDICTOR,
    "latents": LATENTS,
    "encoderFine": 1,
    "encoderCoarse": 1,
    "decoderCoarse": 2,
    "decoderFine": 2,
    "priorBlocks": 2,
    "slope": 0.1,
    "scaleBound": 2.0,
    "latentBound": 8.0,
    "stateBits": 12,
    "seed": 0,
    "codeError": [1.04, 1.11, 1.19, 1.24, 1.3, 1.4, 1.9, 2.5],
    "tuning": "psnr",
    "levels": LEVELS,
}
#: (vertical frequency, horizontal frequency, luma or one of two chroma)
BASIS = [(0, 0, 0), (0, 0, 1), (0, 0, 2)] + [(v, h, 0) for v, h in
         ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2), (0, 3))]
COLOURS = ((1, 1, 1), (1, 0, -1), (0.5, -1, 0.5))

#: How `struct` calls the types of safetensors.
CODES = {"F16": "e", "F32": "f", "I8": "b"}

random.seed(1)
tensors = {}


def put(name, shape, value, kind="F16"):
    count = math.prod(shape)
    tensors[name] = (kind, shape, [value(k) for k in range(count)])


def linear(name, inputs, outputs, scale=None):
    """A layer of single precision."""
    scale = scale or 0.6 / math.sqrt(inputs)
    put(f"{name}.weight", [outputs, inputs], lambda k: random.gauss(0, scale))
    put(f"{name}.bias", [outputs], lambda k: random.gauss(0, 0.02))


def product(name, inputs, outputs, scale=None):
    """A layer with int8 products: its weights are multiples, -127...127, of a scale of each output."""
    linear(name, inputs, outputs, scale)
    values = tensors[f"{name}.weight"][2]
    largest = [max(map(abs, values[k * inputs:(k + 1) * inputs])) for k in range(outputs)]
    put(f"{name}.weight", [outputs, inputs], lambda k: round(127 * values[k] / largest[k // inputs]), "I8")
    put(f"{name}.scale", [outputs], lambda k: largest[k] / 127, "F32")


def blocks(name, count, channels):
    for k in range(count):
        product(f"{name}.{k}.mix_in", channels, channels)
        put(f"{name}.{k}.depthwise.weight", [channels, 1, 3, 3], lambda k: (k % 9 == 4) + random.gauss(0, 0.2))
        put(f"{name}.{k}.depthwise.bias", [channels], lambda k: random.gauss(0, 0.02))
        product(f"{name}.{k}.mix_out", channels, channels)
        product(f"{name}.{k}.expand", channels, 2 * channels)
        product(f"{name}.{k}.project", 2 * channels, channels)


def level(name, channels):
    put(f"{name}.scale", [len(LEVELS), channels], lambda k: 1 + random.gauss(0, 0.1))
    put(f"{name}.shift", [len(LEVELS), channels], lambda k: random.gauss(0, 0.1))


def wave(latent, pixel):
    v, h, colour = BASIS[latent]
    y, x, component = pixel // 48, pixel // 3 % 16, pixel % 3
    norm = math.sqrt(sum(c * c for c in COLOURS[colour]))
    norm *= math.sqrt((16 if v == 0 else 8) * (16 if h == 0 else 8))
    return (math.cos(math.pi * v * (y + 0.5) / 16) * math.cos(math.pi * h * (x + 0.5) / 16)
            * COLOURS[colour][component] / norm)


for side in ("encoder", "decoder"):
    blocks(f"{side}.fine", CONFIGURATION[f"{side}Fine"], FINE)
    blocks(f"{side}.coarse", CONFIGURATION[f"{side}Coarse"], COARSE)
    level(f"{side}.level", COARSE)
product("encoder.stem", 192, FINE)
product("encoder.down", 4 * FINE, COARSE)
product("encoder.head", COARSE, LATENTS, 0.02)
product("decoder.stem", LATENTS, COARSE)
product("decoder.up", COARSE, 4 * FINE)
product("decoder.head", FINE, 192, 0.02)
# A latent of standard deviation 1 or so for pixels in -1...1.
spread = [8.0 if k == 0 else 2.0 for k in range(LATENTS)]
put("encoder.skip.weight", [LATENTS, 768], lambda k: wave(k // 768, k % 768) / spread[k // 768])
put("encoder.skip.bias", [LATENTS], lambda k: 0.0)
put("decoder.skip.weight", [768, LATENTS], lambda k: wave(k % LATENTS, k // LATENTS))
put("decoder.skip.bias", [768], lambda k: 0.0)
put("decoder.spread", [LATENTS], lambda k: spread[k])
put("spread", [LATENTS], lambda k: 1.0)
product("prior.stem", LATENTS, PRIOR)
put("prior.state", [4, 4, PRIOR], lambda k: random.gauss(0, 0.1))
level("prior.level", PRIOR)
blocks("prior.blocks", CONFIGURATION["priorBlocks"], PRIOR)
counts = [sum(n for _, n in runs) for runs in LEVELS]
width = max(counts)
product("prior.head", PRIOR, LATENTS + width, 0.1)
rows = [(level, k) for level, count in enumerate(counts) for k in range(count)]
for name in ("analysis", "synthesis"):
    put(f"transform.{name}", [len(rows), LATENTS], lambda k: float(rows[k // LATENTS][1] == k % LATENTS))
    put(f"transform.{name}_gain", [len(LEVELS), width], lambda k: 0.0)
put("transform.tilt", [len(LEVELS), width], lambda k: random.gauss(0, 0.2))
linear("predictor.mix_in", LATENTS, PREDICTOR)
put("predictor.depthwise.weight", [PREDICTOR, 1, 3, 3], lambda k: random.gauss(0, 0.2))
put("predictor.depthwise.bias", [PREDICTOR], lambda k: 0.0)
linear("predictor.mix_out", PREDICTOR, PREDICTOR)
put("predictor.phase", [4, PREDICTOR], lambda k: random.gauss(0, 0.1))
# More bits, less error.
put("predictor.head.weight", [len(LEVELS), PREDICTOR], lambda k: random.gauss(0, 0.05))
put("predictor.head.bias", [len(LEVELS)], lambda k: -1.0 - 0.8 * k)

header = {"__metadata__": {"gqimg": json.dumps(CONFIGURATION, separators=(",", ":"), sort_keys=True)}}
data = b""
for name, (kind, shape, values) in sorted(tensors.items()):
    packed = struct.pack(f"<{len(values)}{CODES[kind]}", *values)
    header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
    data += packed
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tiny.safetensors")
with open(path, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
