"""Writes the weights of a checkpoint as safetensors, and golden activations to compare engines with."""

import argparse
import dataclasses
import hashlib
import json
import os

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from .codes import SEED, STATE_BITS
from .data import load
from .divergence import BOUND
from .levels import CODE_ERROR
from .network import (
    CORRECTION_BOUND, DECODER_BOUND, GROUP_ENDS, MEAN_BOUND, SCALE_BOUND, SLOPE, TUNINGS, Codec, Config, IntegerLinear,
)

#: Coefficients times this stand for decoded ones in the golden activations: no codebook, all phases exercised.
GOLDEN_FACTOR = 0.75

#: What `Config` calls differently in the file's metadata.
NAMES = {
    "encoder_fine": "encoderFine",
    "encoder_coarse": "encoderCoarse",
    "decoder_coarse": "decoderCoarse",
    "decoder_fine": "decoderFine",
    "prior_blocks": "priorBlocks",
    "runs": "levels",
    "luma": "lumaLevels",
}
ARCHITECTURE = 6


#: The metadata entry that names the tunings that were trained, for `--initial`.
TRAINED = "trained"


def metadata(config, trained=TUNINGS):
    """What the file says of the network."""
    fields = {NAMES.get(k, k): v for k, v in config.dictionary().items()}
    fields |= {
        "architecture": ARCHITECTURE,
        "lumaLevels": [k for k, luma in enumerate(config.luma) if luma],
        "mixedLevels": config.mixed,
        "tunings": TUNINGS,
        "slope": SLOPE,
        "scaleBound": SCALE_BOUND,
        "groupEnds": GROUP_ENDS,
        "correctionBound": CORRECTION_BOUND,
        "meanBound": MEAN_BOUND,
        "decoderBound": DECODER_BOUND,
        "latentBound": BOUND,
        "stateBits": STATE_BITS,
        "seed": SEED,
        "codeError": CODE_ERROR[1:],
    }
    return {"gqimg": json.dumps(fields, separators=(",", ":"), sort_keys=True), TRAINED: ",".join(trained)}


def write_weights(model, path, trained=TUNINGS):
    """The file that `read_weights` and the program read: products' weights as bytes and scales, others in 16 bits."""
    weights = {name: value.half() for name, value in model.state_dict().items()}
    weights["cosines.order"] = model.cosines.order.to(torch.int16)
    for name, module in model.named_modules():
        if isinstance(module, IntegerLinear):
            weights[f"{name}.weight"], weights[f"{name}.scale"] = module.stored()
    save_file({name: value.contiguous() for name, value in weights.items()}, path, metadata(model.config, trained))


def trained_tunings(path):
    """The tunings of a weights file that were trained."""
    with safe_open(path, "pt") as file:
        return file.metadata().get(TRAINED, ",".join(TUNINGS)).split(",")


def read_weights(path):
    """The model of a weights file."""
    with safe_open(path, "pt") as file:
        stated = json.loads(file.metadata()["gqimg"])
        weights = {name: file.get_tensor(name) for name in file.keys()}
    if stated["architecture"] != ARCHITECTURE:
        raise SystemExit(f"{path} has architecture {stated['architecture']}, not {ARCHITECTURE}")
    for name in [name for name, value in weights.items() if value.dtype == torch.int8]:
        scale = weights.pop(name.removesuffix("weight") + "scale")
        weights[name] = weights[name].float() * scale[:, None]
    weights = {name: value.long() if value.dtype == torch.int16 else value.float() for name, value in weights.items()}
    fields = {f.name: stated[NAMES.get(f.name, f.name)] for f in dataclasses.fields(Config)}
    fields["runs"] = [[[tuple(run) for run in phase] for phase in level] for level in fields["runs"]]
    fields["luma"] = [k in fields["luma"] for k in range(len(fields["runs"]))]
    model = Codec(Config(**fields))
    model.load_state_dict(weights)
    return model


def golden(model, picture):
    """Inputs and outputs of every part for one small picture, in single precision
    but for what are int8 products in the program."""
    model.eval()
    pixels = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1)[None]
    rows, columns = pixels.shape[1] // 16, pixels.shape[2] // 16
    levels = (torch.arange(rows * columns) * 5 % model.config.levels).reshape(1, rows, columns)
    result = {"picture": torch.from_numpy(picture.copy()), "levels": levels[0].to(torch.uint8)}
    grey = torch.tensor([False])
    with torch.no_grad(), model.int8_rounded():
        features, linear = model.encoder.features(pixels), model.linear(pixels)
        for tuning, name in enumerate(TUNINGS):
            keys = model.keys(levels, torch.tensor([tuning]))
            y = model.encode(features, linear, keys)
            sent = lambda part, bits, *_: part * GOLDEN_FACTOR * (bits > 0)
            latents = model.transmit(y, keys, grey, sent)
            result[f"{name}.encoded"] = y[0].contiguous()
            result[f"{name}.latents"] = latents[0].contiguous()
            result[f"{name}.decoded"] = model.decode(latents, keys, grey)[0].contiguous()
            result[f"{name}.predicted"] = model.predictor(linear, torch.tensor([tuning]))[0].contiguous()
    return result


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--output", required=True, help="weights file to write")
    p.add_argument("--golden", help="file of golden activations to write")
    p.add_argument("--picture", help="picture whose upper left corner the golden activations are of")
    a = p.parse_args()
    torch.set_num_threads(1)
    stored = torch.load(a.checkpoint, weights_only=False)
    model = Codec(Config(**stored["config"]))
    model.load_state_dict(stored["average"])
    write_weights(model, a.output, TUNINGS if stored["state"]["visual"] else TUNINGS[1:])
    os.chmod(a.output, 0o644)
    digest = hashlib.sha256(open(a.output, "rb").read()).hexdigest()
    print(f"{a.output}: {os.path.getsize(a.output)} bytes, model id {digest[:16]}, step {stored['state']['step']}")
    if a.golden:
        save_file(golden(read_weights(a.output), load(a.picture)[:80, :112]), a.golden)
    print(f"Compress with it: gqimg compress --model {a.output} picture.png picture.gqz (and decompress alike)")


if __name__ == "__main__":
    main()
