"""What other scales of the program's 8-bit products would cost in validation.

The program has one scale for every output's weights and one for every position of the activations. Here the
activations have one per tensor or channel, measured beforehand, which a program could apply more cheaply.
"""

import argparse
import json

import torch
import torch.nn.functional as F
from torch import nn

from .data import load, paths, whole_positions
from .export import read_weights
from .network import LARGEST, IntegerLinear, whole_numbers
from .validate import summary, validate


class FixedScaleLinear(nn.Module):
    """A linear layer whose inputs have one scale per "tensor", or per "channel", then folded into the weights."""

    def __init__(self, layer, scales, share):
        super().__init__()
        self.layer, self.scales, self.share = layer, scales, share
        self.out_features = layer.out_features
        self.seen, self.scale = [], None

    def settle(self):
        """Makes the scale hold the share of the values seen, and rounds the weights."""
        values = torch.cat(self.seen).abs()
        if self.scales == "tensor":
            values = values.reshape(-1, 1)
        held = values.sort(0).values[int(self.share * (len(values) - 1))]
        self.scale = held.clamp(min=1e-6) / LARGEST
        self.weight = whole_numbers(self.layer.weight.detach() * self.scale) / self.scale

    def forward(self, x):
        if self.scale is None:
            values = x.reshape(-1, x.shape[-1])
            self.seen.append(values[torch.randperm(len(values))[:1000]])
            return self.layer(x)
        rounded = (x / self.scale).round().clamp(-LARGEST, LARGEST) * self.scale
        return F.linear(rounded, self.weight, self.layer.bias)


def fixed_scale_layers(model, scales, share):
    """Puts layers of fixed scales in the place of those that the program has."""
    layers = []
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, IntegerLinear):
                layers.append(FixedScaleLinear(child, scales, share))
                setattr(module, name, layers[-1])
    return layers


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--weights", required=True)
    p.add_argument("--calibration", required=True, help="folder of pictures to measure activations on")
    p.add_argument("--validation", required=True, help="folder of pictures")
    p.add_argument("--every", type=int, default=4, help="use every n-th picture of the validation")
    p.add_argument("--share", type=float, default=0.9999, help="of the activations that a fixed scale holds")
    a = p.parse_args()
    torch.set_num_threads(1)
    pictures = [whole_positions(load(path)) for path in paths(a.validation)][:: a.every]
    samples = [whole_positions(load(path)) for path in paths(a.calibration)[:8]]
    for scales in ("none", "position", "channel", "tensor"):
        model = read_weights(a.weights).eval()
        if scales in ("channel", "tensor"):
            layers = fixed_scale_layers(model, scales, a.share)
            torch.manual_seed(1)
            validate(model, samples)
            for layer in layers:
                layer.settle()
        torch.manual_seed(1)
        with model.whole_numbers(scales == "position"):
            result = summary(validate(model, pictures))["predicted"]
        print(json.dumps({"scales": scales, **{str(rate): values[0] for rate, values in result.items()}}), flush=True)


if __name__ == "__main__":
    main()
