"""The network: encoder, conditional prior, decoder. Activations are [batch, rows, columns, channels]."""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .divergence import BOUND, LOG_VARIANCE_BOUNDS, ExactDivergence, divergence_bits
from .levels import CODE_ERROR, CODEBOOK_BITS, LATENTS, LEVELS, stages

PATCH = 16
PATCH_VALUES = PATCH * PATCH * 3
#: Order in which the 2x2 lattice is coded: (row, column) offsets.
PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))
SLOPE = 0.1
SCALE_BOUND = 2.0


@dataclass
class Config:
    """Widths and depths; everything else follows."""

    fine: int = 160  # channels at 1/8
    coarse: int = 224  # channels at 1/16
    prior: int = 192  # channels of the conditional prior, at 1/16
    encoder_fine: int = 2  # blocks
    encoder_coarse: int = 3
    decoder_coarse: int = 3
    decoder_fine: int = 2
    prior_blocks: int = 2
    latents: int = LATENTS
    levels: int = len(LEVELS)
    #: "exact": the posterior's variance follows from its mean so that the divergence is exactly log2 K bits;
    #: "target": the encoder gives the logarithm of the variance and a loss drives the divergence there.
    divergence: str = "exact"

    def dictionary(self):
        return asdict(self)


def unshuffle(x, k):
    """[b, h, w, c] -> [b, h/k, w/k, k*k*c], the channel index running over row, column, component."""
    b, h, w, c = x.shape
    return x.reshape(b, h // k, k, w // k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h // k, w // k, k * k * c)


def shuffle(x, k):
    """Inverse of `unshuffle`."""
    b, h, w, c = x.shape
    c //= k * k
    return x.reshape(b, h, w, k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h * k, w * k, c)


def lattice(x, phase):
    """The positions of one phase."""
    row, column = PHASES[phase]
    return x[:, row::2, column::2]


class Depthwise(nn.Module):
    """3x3 depthwise convolution, zeros outside."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, 1, 3, 3) * 0.1)
        with torch.no_grad():
            self.weight[:, 0, 1, 1] += 1
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        y = F.conv2d(x.permute(0, 3, 1, 2), self.weight, self.bias, padding=1, groups=x.shape[-1])
        return y.permute(0, 2, 3, 1)


class Block(nn.Module):
    """Residual [1x1, leaky ReLU, depthwise 3x3, 1x1], then residual [1x1 to twice the width, leaky ReLU, 1x1]."""

    def __init__(self, channels):
        super().__init__()
        self.mix_in = nn.Linear(channels, channels)
        self.depthwise = Depthwise(channels)
        self.mix_out = nn.Linear(channels, channels)
        self.expand = nn.Linear(channels, 2 * channels)
        self.project = nn.Linear(2 * channels, channels)
        with torch.no_grad():
            self.mix_out.weight *= 0.3
            self.project.weight *= 0.3

    def spatial(self, x):
        return self.depthwise(F.leaky_relu(self.mix_in(x), SLOPE))

    def pointwise(self, x, h):
        x = x + self.mix_out(h)
        return x + self.project(F.leaky_relu(self.expand(x), SLOPE))

    def forward(self, x):
        return self.pointwise(x, self.spatial(x))


class LevelScale(nn.Module):
    """A scale and a shift of the features for every level."""

    def __init__(self, levels, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(levels, channels))
        self.shift = nn.Parameter(torch.zeros(levels, channels))

    def forward(self, x, levels):
        return x * self.scale[levels].to(x.dtype) + self.shift[levels].to(x.dtype)


class Encoder(nn.Module):
    """Pixels [b, h, w, 3] in -1...1 and levels [b, h/16, w/16] -> latents before the level gain."""

    def __init__(self, c):
        super().__init__()
        self.skip = nn.Linear(PATCH_VALUES, c.latents)
        self.stem = nn.Linear(192, c.fine)
        self.fine = nn.ModuleList(Block(c.fine) for _ in range(c.encoder_fine))
        self.down = nn.Linear(4 * c.fine, c.coarse)
        self.level = LevelScale(c.levels, c.coarse)
        self.coarse = nn.ModuleList(Block(c.coarse) for _ in range(c.encoder_coarse))
        self.head = nn.Linear(c.coarse, c.latents)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if c.divergence == "target":
            self.log_variance = nn.Linear(c.coarse, 2 * c.latents)  # for both stages
            nn.init.zeros_(self.log_variance.weight)
            nn.init.constant_(self.log_variance.bias, -2.0)

    def forward(self, pixels, levels):
        """Latents [b, h/16, w/16, c], and for a target divergence log-variances [b, h/16, w/16, 2c], else None."""
        h = self.stem(unshuffle(pixels, 8))
        for block in self.fine:
            h = block(h)
        h = self.level(self.down(unshuffle(h, 2)), levels)
        for block in self.coarse:
            h = block(h)
        latents = self.skip(unshuffle(pixels, PATCH)) + self.head(h)
        return latents, self.log_variance(h).float() if hasattr(self, "log_variance") else None


class Decoder(nn.Module):
    """Latents [b, h/16, w/16, c] and levels -> pixels [b, h, w, 3]."""

    def __init__(self, c):
        super().__init__()
        # The skip path is basis * spread: weak components keep tiny weights apart from their directions.
        self.spread = nn.Parameter(torch.ones(c.latents))
        self.skip = nn.Linear(c.latents, PATCH_VALUES)
        self.stem = nn.Linear(c.latents, c.coarse)
        self.level = LevelScale(c.levels, c.coarse)
        self.coarse = nn.ModuleList(Block(c.coarse) for _ in range(c.decoder_coarse))
        self.up = nn.Linear(c.coarse, 4 * c.fine)
        self.fine = nn.ModuleList(Block(c.fine) for _ in range(c.decoder_fine))
        self.head = nn.Linear(c.fine, 192)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, latents, levels):
        h = self.level(self.stem(latents), levels)
        for block in self.coarse:
            h = block(h)
        h = shuffle(self.up(h), 2)
        for block in self.fine:
            h = block(h)
        return shuffle(self.skip(latents * self.spread.to(latents.dtype)), PATCH) + shuffle(self.head(h), 8)


class Prior(nn.Module):
    """Predicts the latents of a phase from the decoded latents of the phases before it."""

    def __init__(self, c):
        super().__init__()
        self.stem = nn.Linear(c.latents, c.prior)
        self.state = nn.Parameter(torch.randn(len(PHASES) - 1, len(PHASES), c.prior) * 0.1)
        self.level = LevelScale(c.levels, c.prior)
        self.blocks = nn.ModuleList(Block(c.prior) for _ in range(c.prior_blocks))
        self.head = nn.Linear(c.prior, 2 * c.latents)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, features, levels, phase):
        """features: for each phase its decoded positions through `stem`, or None. Mean and log-scale for `phase`."""
        b, rows, columns = levels.shape
        grid = torch.zeros(b, rows, columns, self.stem.out_features, dtype=features[0].dtype)
        for k in range(len(PHASES)):
            state = self.state[phase - 1, k].to(grid.dtype)
            target = lattice(grid, k)
            target.copy_((features[k] + state) if features[k] is not None else state.expand(target.shape))
        h = self.level(grid, levels)
        for block in self.blocks[:-1]:
            h = block(h)
        last = self.blocks[-1]
        h = last.pointwise(lattice(h, phase), lattice(last.spatial(h), phase))
        mean, scale = self.head(h).float().chunk(2, dim=-1)
        return mean, SCALE_BOUND * torch.tanh(scale / SCALE_BOUND)


def nominal_variance(dimension):
    """Posterior variance of a group with mean energy 1."""
    return 2.0 ** (-2 * CODEBOOK_BITS / dimension)


class Codec(nn.Module):
    """Encoder, prior and decoder with the quantizer, or a model of it, between them."""

    def __init__(self, config=None):
        super().__init__()
        self.config = config or Config()
        c = self.config
        self.encoder, self.prior, self.decoder = Encoder(c), Prior(c), Decoder(c)
        self.encoder_gain = nn.Parameter(torch.zeros(c.levels, c.latents))  # natural logarithms
        self.decoder_gain = nn.Parameter(torch.zeros(c.levels, c.latents))
        self.solver = ExactDivergence()
        self.stages = []
        for stage in stages():
            dimension = torch.from_numpy(stage.dimension)
            used = dimension > 0
            nominal = torch.zeros(dimension.shape)
            inflation = torch.zeros(dimension.shape)
            for m, error in CODE_ERROR.items():
                nominal[dimension == m] = nominal_variance(m)
                inflation[dimension == m] = error
            self.stages.append(
                {
                    "channels": stage.channels,
                    "start": torch.from_numpy(stage.start),
                    "end": torch.from_numpy(stage.end),
                    "dimension": dimension,
                    "used": used.float(),
                    "shrink": torch.sqrt(1 - nominal) * used,
                    "inflation": inflation,
                    "left": torch.sqrt(nominal * inflation),
                }
            )

    @staticmethod
    def group_sums(values, levels, stage):
        """Sums over the group of each channel, [n, channels], equal for the channels of a group."""
        total = F.pad(torch.cumsum(values, -1), (1, 0))
        return total.gather(-1, stage["end"][levels]) - total.gather(-1, stage["start"][levels])

    def posterior(self, y, levels, stage):
        """Mean and log-variance per channel of one stage, divergence exact per group. y: [n, channels]."""
        dimension = stage["dimension"][levels]
        energy = self.group_sums(y * y, levels, stage) / dimension.clamp(min=1)
        log_variance = self.solver(energy, dimension)
        return torch.sqrt(-torch.expm1(log_variance)) * y, log_variance

    def sample(self, y, levels, log_variances=None, inflate=True, bits=None):
        """Decoded value of y [n, latents] with noise in the place of codewords.

        With log_variances [n, 2 latents] these are the posterior's, and to the list `bits` is added for every
        stage (divergence of the group of each channel, 1 / dimension of the group or 0).
        """
        value, left = 0.0, None
        for index, stage in enumerate(self.stages):
            n = stage["channels"]
            source = y[:, :n] if index == 0 else (y[:, :n] - value[:, :n]) / left[:, :n].clamp(min=1e-4)
            mean = BOUND * torch.tanh(source / BOUND)
            if log_variances is None:
                mean, log_variance = self.posterior(mean, levels, stage)
            else:
                start = index * y.shape[-1]
                log_variance = log_variances[:, start : start + n].clamp(*LOG_VARIANCE_BOUNDS)
                if bits is not None:
                    sums = self.group_sums(divergence_bits(mean, log_variance), levels, stage)
                    bits.append((sums, stage["used"][levels] / stage["dimension"][levels].clamp(min=1)))
            spread = torch.exp(0.5 * log_variance)
            if inflate:
                spread = spread * torch.sqrt(stage["inflation"][levels])
            code = mean + spread * torch.randn_like(mean)
            decoded = code * stage["shrink"][levels]
            if index == 0:
                value, left = F.pad(decoded, (0, y.shape[-1] - n)), F.pad(stage["left"][levels], (0, y.shape[-1] - n))
            else:
                value = value + F.pad(left[:, :n] * decoded, (0, y.shape[-1] - n))
        return value

    def encode(self, pixels, levels):
        """Latents of unit variance, and log-variances or None."""
        latents, log_variances = self.encoder(pixels, levels)
        return latents.float() * torch.exp(self.encoder_gain[levels]), log_variances

    def transmit(self, y, levels, quantize=None, log_variances=None):
        """Runs the phases: latents [b, h, w, c] before the decoder, as the decoder gets them.

        quantize(y [n, c], levels [n], log_variances [n, 2c] or None) -> decoded y; by default noise in the
        place of codewords.
        """
        quantize = quantize or self.sample
        gain, common = torch.exp(self.encoder_gain), torch.exp(self.decoder_gain)
        result = torch.zeros_like(y)
        features = [None] * len(PHASES)
        pieces = []
        for phase in range(len(PHASES)):
            part, level = lattice(y, phase), lattice(levels, phase)
            shape = part.shape
            part, level = part.reshape(-1, shape[-1]), level.reshape(-1)
            spreads = None
            if log_variances is not None:
                spreads = lattice(log_variances, phase).reshape(len(part), -1)
            if phase == 0:
                decoded = quantize(part, level, spreads)
            else:
                mean, scale = self.prior(features, levels, phase)
                mean = mean.reshape(part.shape) * gain[level]
                scale = torch.exp(scale.reshape(part.shape))
                decoded = mean + scale * quantize((part - mean) / scale, level, spreads)
            decoded = (decoded * common[level]).reshape(shape)
            pieces.append(decoded)
            features[phase] = self.prior.stem(decoded) if phase + 1 < len(PHASES) else None
        for phase, piece in enumerate(pieces):
            lattice(result, phase).copy_(piece)
        return result

    def forward(self, pixels, levels, quantize=None):
        """Pixels [b, h, w, 3] in -1...1, levels [b, h/16, w/16] -> decoded pixels."""
        y, log_variances = self.encode(pixels, levels)
        return self.decoder(self.transmit(y, levels, quantize, log_variances), levels).float()
