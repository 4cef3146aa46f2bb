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
from .network import SCALE_BOUND, SLOPE, Codec, Config, IntegerLinear

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
}
#: Choices of `Config` that were tried in training; files have the first of each.
NOT_IN_FILES = {"divergence": "exact", "activation": "leaky_relu"}
ARCHITECTURE = 4


def metadata(config):
    """What the file says of the network; exits where the program does not know it."""
    for name, known in NOT_IN_FILES.items():
        if getattr(config, name) != known:
            raise SystemExit(f"the program's {name} is {known}; this network has {getattr(config, name)}")
    fields = {NAMES.get(k, k): v for k, v in config.dictionary().items() if k not in NOT_IN_FILES}
    fields |= {
        "architecture": ARCHITECTURE,
        "slope": SLOPE,
        "scaleBound": SCALE_BOUND,
        "latentBound": BOUND,
        "stateBits": STATE_BITS,
        "seed": SEED,
        "codeError": CODE_ERROR[1:],
    }
    return {"gqimg": json.dumps(fields, separators=(",", ":"), sort_keys=True)}


#: The lists of blocks that each of `Config`'s depths counts.
BLOCKS = {
    "encoder_fine": lambda model: model.encoder.fine,
    "encoder_coarse": lambda model: model.encoder.coarse,
    "decoder_coarse": lambda model: model.decoder.coarse,
    "decoder_fine": lambda model: model.decoder.fine,
    "prior_blocks": lambda model: model.prior.blocks,
}


def write_weights(model, path):
    """The file that `read_weights` and the program read: products' weights as bytes and scales, others in 16 bits."""
    weights = {name: value.half() for name, value in model.state_dict().items()}
    for name, module in model.named_modules():
        if isinstance(module, IntegerLinear):
            weights[f"{name}.weight"], weights[f"{name}.scale"] = module.stored()
    save_file({name: value.contiguous() for name, value in weights.items()}, path, metadata(model.config))


def read_weights(path, deeper=()):
    """The model of a weights file; `deeper`: the depths, names of `BLOCKS`, that get one more block each at the end,
    which passes through what it gets."""
    with safe_open(path, "pt") as file:
        stated = json.loads(file.metadata()["gqimg"])
        weights = {name: file.get_tensor(name) for name in file.keys()}
    for name in [name for name, value in weights.items() if value.dtype == torch.int8]:
        scale = weights.pop(name.removesuffix("weight") + "scale")
        weights[name] = weights[name].float() * scale[:, None]
    weights = {name: value.float() for name, value in weights.items()}
    if stated["architecture"] != ARCHITECTURE:
        raise SystemExit(f"{path} has architecture {stated['architecture']}, not {ARCHITECTURE}")
    fields = {f.name: stated[NAMES.get(f.name, f.name)] for f in dataclasses.fields(Config) if f.name not in NOT_IN_FILES}
    fields["runs"] = [[tuple(run) for run in level] for level in fields["runs"]]
    for name in deeper:
        fields[name] += 1
    model = Codec(Config(**fields))
    for name in deeper:
        BLOCKS[name](model)[-1].pass_through()
    model.load_state_dict(model.state_dict() | weights if deeper else weights)
    return model


def golden(model, picture):
    """Inputs and outputs of every part for one small picture, in single precision
    but for what are products of bytes in the program."""
    pixels = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1)[None]
    rows, columns = pixels.shape[1] // 16, pixels.shape[2] // 16
    levels = (torch.arange(rows * columns) * 5 % model.config.levels).reshape(1, rows, columns)
    with torch.no_grad(), model.whole_numbers():
        features = model.encoder.features(pixels)
        y, _ = model.encode(pixels, levels, features)
        latents = model.transmit(y, levels, lambda part, *_: part * GOLDEN_FACTOR)
        decoded = model.decoder(latents, levels)
        predicted = model.predictor(features[1])
    return {
        "picture": torch.from_numpy(picture.copy()),
        "levels": levels[0].to(torch.uint8),
        "encoded": y[0].contiguous(),
        "latents": latents[0].contiguous(),
        "decoded": decoded[0].contiguous(),
        "predicted": predicted[0].contiguous(),
    }


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
    write_weights(model, a.output)
    digest = hashlib.sha256(open(a.output, "rb").read()).hexdigest()
    print(f"{a.output}: {os.path.getsize(a.output)} bytes, model id {digest[:16]}, step {stored['state']['step']}")
    if a.golden:
        save_file(golden(read_weights(a.output), load(a.picture)[:80, :112]), a.golden)


if __name__ == "__main__":
    main()
