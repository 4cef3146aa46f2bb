"""A model with few channels and random weights, and golden activations of both its tunings.

    python make_tiny.py ../../testdata/tiny.safetensors ../../Tests/ModelTests/Golden/tiny.safetensors
"""

import os
import sys

import torch
from safetensors.torch import save_file

_here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_here, ".."))
from gqtrain.data import load  # noqa: E402
from gqtrain.export import golden, read_weights, write_weights  # noqa: E402
from gqtrain.network import Codec, Config  # noqa: E402

#: Of the first phase, and of the others.
FIRST_RUNS = (
    (),
    ((4, 2), (2, 4)),
    ((4, 4),),
    ((5, 4), (3, 12), (1, 8)),
    ((6, 16), (0, 8), (4, 60), (2, 88)),
    ((8, 64), (4, 640)),
)
OTHER_RUNS = (
    (),
    ((4, 1), (3, 2), (2, 3)),
    ((4, 4),),
    ((4, 4), (3, 8), (2, 8), (1, 8)),
    ((5, 24), (0, 8), (4, 40), (2, 116)),
    ((8, 32), (5, 64), (4, 624)),
)
RUNS = tuple((first, other, other, other) for first, other in zip(FIRST_RUNS, OTHER_RUNS))
LUMA = (False, False, True, False, False, False)


def order():
    """Coefficients by their frequency, chroma counting as higher."""
    key = lambda k: (k % 256 // 16 + k % 16 + (4 if k >= 256 else 0), k)
    return torch.tensor(sorted(range(768), key=key))


def make():
    torch.manual_seed(1)
    model = Codec(
        Config(fine=8, coarse=12, prior=8, encoder_fine=1, encoder_coarse=1, decoder_coarse=1, decoder_fine=1,
               prior_blocks=1, predictor=4, runs=RUNS, luma=LUMA)
    )
    with torch.no_grad():
        model.cosines.order.copy_(order())
        frequency = model.cosines.order % 256 // 16 + model.cosines.order % 16
        model.cosines.spread.copy_(6 / (1 + frequency) ** 1.3)
        for name, p in model.named_parameters():
            if p.ndim >= 2 and p.numel() and ".level" not in name and "depthwise" not in name:
                p.normal_(std=0.5 * p.shape[-1] ** -0.5)
            elif ".level" in name and name.endswith("scale"):
                p.normal_(1, 0.1)
            else:
                p.add_(0.05 * torch.randn_like(p))
        transform = model.transform
        rows = [k for count in transform.counts for k in range(count)]
        for matrix in (transform.analysis, transform.synthesis):
            matrix.zero_()
            matrix[torch.arange(len(rows)), torch.tensor(rows)] = 1
        gain = -torch.log(model.cosines.spread)
        transform.analysis_gain.copy_(gain + 0.1 * torch.randn_like(transform.analysis_gain))
        transform.synthesis_gain.copy_(-transform.analysis_gain)
        transform.tilt.copy_(2 * gain + 0.2 * torch.randn_like(transform.tilt))
        transform.companding.copy_(torch.rand_like(transform.companding) * 0.6)
        for gain in (model.encoder.gain, model.decoder.gain):
            gain.logarithm.copy_(0.3 * torch.randn_like(gain.logarithm))
        for head, part in ((model.encoder.head, 0.1), (model.decoder.head, 0.02), (model.prior.head, 0.3),
                           *((head, 0.3) for head in model.refinement.heads)):
            head.weight.mul_(part)
        # More bits, less error.
        model.predictor.head.weight.mul_(0.1)
        model.predictor.head.bias.copy_((-1.0 - 0.8 * torch.arange(len(RUNS))).repeat(2))
    return model


def main(weights, activations):
    torch.set_num_threads(1)
    write_weights(make(), weights)
    picture = load(os.path.join(_here, "../../testdata/chelsea.png"))[:48, :64]
    save_file(golden(read_weights(weights), picture), activations)
    for path in (weights, activations):
        os.chmod(path, 0o644)


if __name__ == "__main__":
    main(*sys.argv[1:])
