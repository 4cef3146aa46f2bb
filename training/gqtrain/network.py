"""The network: encoder, conditional prior, decoder. Activations are [batch, rows, columns, channels].

Levels come as keys, tuning * levels + level: what a tuning changes are the rows of small tables.
"""

import math
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .divergence import NEVER, bound, exact_divergence
from .levels import ERROR_STEP, LATENTS, LEADING, MEAN_ERROR, MIXED_BITS, bit_table, level_bits

PATCH = 16
PATCH_VALUES = PATCH * PATCH * 3
#: Order in which the 2x2 lattice is coded: (row, column) offsets.
PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))
TILE = 16  # positions along a tile's side: the divergence is exact for each phase of a tile
SLOPE = 0.1
LARGEST = 127  # of the bytes that the program multiplies
SCALE_BOUND = 3.5
#: A position's coefficients are sent in groups, which end after so many eighths of them.
GROUP_ENDS = (1, 3, 8)
#: About the largest magnitudes that are used of what the heads of encoder, prior (its means) and decoder give.
CORRECTION_BOUND, MEAN_BOUND, DECODER_BOUND = 16.0, 16.0, 16.0
TUNINGS = ("visual", "psnr")


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
    predictor: int = 128  # channels of the predictor of distortions, at 1/16
    latents: int = LATENTS
    leading: int = LEADING
    #: For every level and phase its runs (bits, count).
    runs: tuple = ()
    #: For every level whether it is of luma alone, as grey pictures want.
    luma: tuple = ()

    @property
    def levels(self):
        return len(self.runs)

    @property
    def width(self):
        """Entries of a position's coefficients: what a level may have at most."""
        return self.latents

    @property
    def mixed(self):
        """How many levels, the first ones, have transforms of their own."""
        return sum(bits <= MIXED_BITS for bits in level_bits(self.runs))

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


def tile_sides(h, w):
    """Rows and columns of a phase's part of a tile: crops may be smaller than a tile."""
    return min(TILE // 2, h), min(TILE // 2, w)


def split_tiles(x, shape, fill):
    """[n, c] of the positions of a phase, n = b * h * w of `shape`, -> [tiles, TILE^2 / 4 * c], `fill` outside."""
    b, h, w = shape
    rows, columns = tile_sides(h, w)
    x = F.pad(x.reshape(b, h, w, -1), (0, 0, 0, -w % columns, 0, -h % rows), value=fill)
    x = x.reshape(b, x.shape[1] // rows, rows, x.shape[2] // columns, columns, -1).transpose(2, 3)
    return x.reshape(x.shape[0] * x.shape[1] * x.shape[2], -1)


def join_tiles(x, shape):
    """Inverse of `split_tiles`."""
    b, h, w = shape
    rows, columns = tile_sides(h, w)
    x = x.reshape(b, -(-h // rows), -(-w // columns), rows, columns, -1).transpose(2, 3)
    return x.reshape(b, x.shape[1] * rows, x.shape[3] * columns, -1)[:, :h, :w].reshape(b * h * w, -1)


def lattice(x, phase):
    """The positions of one phase."""
    row, column = PHASES[phase]
    return x[:, row::2, column::2]


def phase_map(rows, columns):
    """The phase of every position, [rows, columns]."""
    result = torch.empty(1, rows, columns, dtype=torch.long)
    for k in range(len(PHASES)):
        lattice(result, k).fill_(k)
    return result[0]


def bounded(x, limit):
    """What a network adds to a linear skip connection, left out where it explodes: each position's values times
    1 / (1 + (largest magnitude / limit)^8)."""
    ratio = (x.abs().amax(-1, keepdim=True).clamp(max=1e3) / limit) ** 2
    ratio = ratio * ratio
    return x / (1 + ratio * ratio)


class Correction(nn.Module):
    """What a network adds to a linear skip connection, [..., c]: `bounded`, but in training as it is. There a bound that leaves out
    would also stop what could end an explosion; the trainer adds `excess` to the loss instead."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit
        self.excesses = []

    def forward(self, x):
        if not self.training:
            return bounded(x, self.limit)
        self.excesses.append(F.relu(x.abs().amax(-1) / self.limit - 0.5).square().mean())
        return x

    def excess(self):
        """How far the largest magnitudes since the last call were beyond half of the limit, where it begins to matter."""
        total = sum(self.excesses)
        self.excesses = []
        return total


def cosine_matrix(size):
    """[size, size]: the orthonormal DCT-II, a row for every frequency."""
    k, n = torch.arange(size, dtype=torch.float64)[:, None], torch.arange(size, dtype=torch.float64)
    matrix = math.sqrt(2 / size) * torch.cos(math.pi * k * (2 * n + 1) / (2 * size))
    matrix[0] /= math.sqrt(2)
    return matrix


class Cosines(nn.Module):
    """The linear skip connection: the orthonormal cosine transform of a position's 16 rows, 16 columns and 3 components, the first of
    which becomes luma, (R + G + B) / sqrt 3. Coefficient 256 c + 16 u + v is component c's at u rows and v columns."""

    def __init__(self):
        super().__init__()
        # Columns and components together, [v, c] by [x, component].
        across = torch.kron(cosine_matrix(PATCH), cosine_matrix(3)).float()
        self.register_buffer("across", across, persistent=False)
        self.register_buffer("down", cosine_matrix(PATCH).float(), persistent=False)
        #: Which coefficient each latent is, strongest first.
        self.register_buffer("order", torch.arange(LATENTS))
        #: The latents' root mean squares.
        self.register_buffer("spread", torch.ones(LATENTS))

    def _places(self):
        """Where each latent stands among [v, c, u]."""
        c, rest = self.order // 256, self.order % 256
        return (rest % 16 * 3 + c) * 16 + rest // 16

    @property
    def root(self):
        """Roots of the spreads: networks take latents times these and give theirs divided by them, which weighs all alike."""
        return self.spread.sqrt()

    @property
    def is_luma(self):
        return self.order < 256

    def analyze(self, pixels):
        """[b, h, w, 3] -> latents' coefficients [b, h/16, w/16, 768]"""
        b, h, w, _ = pixels.shape
        x = pixels.reshape(b, h // PATCH, PATCH, w // PATCH, PATCH * 3)
        x = (x @ self.across.T).permute(0, 1, 3, 4, 2) @ self.down.T
        return x.reshape(b, h // PATCH, w // PATCH, LATENTS)[..., self._places()]

    def synthesize(self, latents):
        """Inverse of `analyze`."""
        b, rows, columns, _ = latents.shape
        places = torch.empty_like(self.order)
        places[self._places()] = torch.arange(LATENTS)
        x = latents[..., places].reshape(b, rows, columns, PATCH * 3, PATCH) @ self.down
        x = x.permute(0, 1, 4, 2, 3) @ self.across
        return x.reshape(b, rows * PATCH, columns * PATCH, 3)


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


def int8_rounded(x):
    """x rounded to -127...127 times a scale of each row, its largest magnitude / 127, as the program's int8 products
    have it. The gradient passes as if nothing was rounded."""
    with torch.no_grad():
        largest = x.abs().amax(-1, keepdim=True)
        rounded = (x * (LARGEST / largest.clamp(min=1e-30))).round() * (largest / LARGEST)
    return x + (rounded - x).detach() if x.requires_grad else rounded


class IntegerLinear(nn.Linear):
    """A 1x1 convolution whose products are of bytes in the program, and here when `rounds` is set."""

    rounds = False

    def stored(self):
        """(weights as bytes, the scale of each output's), as the program reads them."""
        scale = self.weight.detach().abs().amax(-1) / LARGEST
        return (int8_rounded(self.weight.detach()) / scale.clamp(min=1e-30)[:, None]).round().to(torch.int8), scale

    def forward(self, x):
        if not self.rounds:
            return super().forward(x)
        return F.linear(int8_rounded(x), int8_rounded(self.weight), self.bias)


class Block(nn.Module):
    """Residual [1x1, leaky ReLU, depthwise 3x3, 1x1], then residual [1x1 to twice the width, leaky ReLU, 1x1]."""

    def __init__(self, channels):
        super().__init__()
        self.mix_in = IntegerLinear(channels, channels)
        self.depthwise = Depthwise(channels)
        self.mix_out = IntegerLinear(channels, channels)
        self.expand = IntegerLinear(channels, 2 * channels)
        self.project = IntegerLinear(2 * channels, channels)
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


def zero(layer):
    """The layer, which at first gives zeros."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def pad_latents(leading):
    """[..., leading] -> [..., latents]"""
    return F.pad(leading, (0, LATENTS - leading.shape[-1]))


class LevelScale(nn.Module):
    """A scale and a shift of the features for every tuning and level."""

    def __init__(self, levels, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(len(TUNINGS), levels, channels))
        self.shift = nn.Parameter(torch.zeros(len(TUNINGS), levels, channels))

    def forward(self, x, keys):
        scale, shift = (F.embedding(keys, table.flatten(0, 1).to(x.dtype)) for table in (self.scale, self.shift))
        return x * scale + shift


class Gain(nn.Module):
    """What a correction is multiplied with at every tuning and level, as logarithms: it begins with the error that the level
    leaves, so that corrections of all levels are of like size."""

    def __init__(self, levels):
        super().__init__()
        self.logarithm = nn.Parameter(torch.zeros(len(TUNINGS), levels, 1))

    def forward(self, x, keys, side=1):
        """x: [b, side * h, side * w, c]; keys: [b, h, w]"""
        with torch.autocast("cpu", enabled=False):
            gains = F.embedding(keys, self.logarithm.flatten(0, 1)).exp()
            return x * gains.repeat_interleave(side, 1).repeat_interleave(side, 2)


class Encoder(nn.Module):
    """Pixels [b, h, w, 3] in -1...1 and keys [b, h/16, w/16] -> latents."""

    def __init__(self, c):
        super().__init__()
        self.stem = IntegerLinear(192, c.fine)
        self.fine = nn.ModuleList(Block(c.fine) for _ in range(c.encoder_fine))
        self.down = IntegerLinear(4 * c.fine, c.coarse)
        self.level = LevelScale(c.levels, c.coarse)
        self.coarse = nn.ModuleList(Block(c.coarse) for _ in range(c.encoder_coarse))
        self.head = zero(IntegerLinear(c.coarse, c.leading))
        self.gain = Gain(c.levels)
        self.correction = Correction(CORRECTION_BOUND)

    def features(self, pixels):
        """What does not depend on levels: [b, h/16, w/16, coarse]."""
        h = self.stem(unshuffle(pixels, 8))
        for block in self.fine:
            h = block(h)
        return self.down(unshuffle(h, 2))

    def forward(self, features, linear, keys, root):
        """Latents from features and the linear skip connection's."""
        h = self.level(features, keys)
        for block in self.coarse:
            h = block(h)
        return linear + pad_latents(self.gain(self.correction(self.head(h).float()), keys) / root[: self.head.out_features])


class Decoder(nn.Module):
    """Latents [b, h/16, w/16, c] and keys -> what is added to the linear skip connection, [b, h, w, 3]."""

    def __init__(self, c):
        super().__init__()
        self.stem = IntegerLinear(c.latents, c.coarse)
        self.level = LevelScale(c.levels, c.coarse)
        self.coarse = nn.ModuleList(Block(c.coarse) for _ in range(c.decoder_coarse))
        self.up = IntegerLinear(c.coarse, 4 * c.fine)
        self.pixels = IntegerLinear(192, c.fine)
        self.fine = nn.ModuleList(Block(c.fine) for _ in range(c.decoder_fine))
        self.head = zero(IntegerLinear(c.fine, 192))
        self.gain = Gain(c.levels)
        self.correction = Correction(DECODER_BOUND)

    def forward(self, latents, keys, linear):
        h = self.level(self.stem(latents), keys)
        for block in self.coarse:
            h = block(h)
        h = shuffle(self.up(h), 2) + self.pixels(unshuffle(linear, 8))
        for block in self.fine:
            h = block(h)
        return self.gain(shuffle(self.correction(self.head(h).float()), 8), keys, PATCH)


class Prior(nn.Module):
    """Predicts the latents of a phase from the decoded latents of the phases before it."""

    def __init__(self, c):
        super().__init__()
        self.stem = IntegerLinear(c.latents, c.prior)
        self.state = nn.Parameter(torch.randn(len(PHASES), len(PHASES), c.prior) * 0.1)
        self.level = LevelScale(c.levels, c.prior)
        self.blocks = nn.ModuleList(Block(c.prior) for _ in range(c.prior_blocks))
        self.leading = c.leading
        self.head = zero(IntegerLinear(c.prior, c.leading + c.width))
        self.correction = Correction(MEAN_BOUND)

    def forward(self, features, keys, phase, root):
        """features: for each phase its decoded positions through `stem`, or None; the first phase has the levels
        alone. For `phase` the mean of the latents, the scales of the coefficients before `bounded_scale`, and features."""
        b, rows, columns = keys.shape
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else self.state.dtype
        grid = torch.zeros(b, rows, columns, self.stem.out_features, dtype=dtype)
        for k in range(len(PHASES)):
            state = self.state[phase, k].to(grid.dtype)
            target = lattice(grid, k)
            target.copy_((features[k] + state) if features[k] is not None else state.expand(target.shape))
        h = self.level(grid, keys)
        for block in self.blocks[:-1]:
            h = block(h)
        last = self.blocks[-1]
        h = last.pointwise(lattice(h, phase), lattice(last.spatial(h), phase))
        mean, scale = self.head(h).float().split([self.leading, self.head.out_features - self.leading], -1)
        return pad_latents(self.correction(mean) / root[: self.leading]), scale, h


def bounded_scale(x):
    """Logarithms of scales."""
    return SCALE_BOUND * torch.tanh(x / SCALE_BOUND)


class Refinement(nn.Module):
    """What the magnitudes of the groups of coefficients that are decoded tell of the scales of those that follow."""

    def __init__(self, c):
        super().__init__()
        self.context = IntegerLinear(c.prior, c.prior)
        steps = len(GROUP_ENDS) - 1
        self.stems = nn.ModuleList(IntegerLinear(c.leading, c.prior) for _ in range(steps))
        self.levels = nn.ModuleList(LevelScale(c.levels, c.prior) for _ in range(steps))
        widths = [c.leading] * (steps - 1) + [c.width]
        self.heads = nn.ModuleList(zero(IntegerLinear(c.prior, width)) for width in widths)

    def forward(self, step, hidden, magnitudes, keys):
        """hidden: [n, c], at first `context` of the prior's features; magnitudes: [n, leading] of the group that was decoded last,
        zeros elsewhere. The next hidden, and what is added to the scales [n, width]."""
        hidden = hidden + self.levels[step](self.stems[step](magnitudes), keys)
        added = self.heads[step](F.leaky_relu(hidden, SLOPE)).float()
        return hidden, F.pad(added, (0, LATENTS - added.shape[-1]))


class LevelTransform(nn.Module):
    """Each level's linear transform from what prediction left of the latents to coefficients, and back: a matrix of its own
    on the leading latents for the first levels, gains alone for the others."""

    def __init__(self, c):
        super().__init__()
        self.counts = [max(sum(n for _, n in runs) for runs in level) for level in c.runs[: c.mixed]]
        self.leading, self.width = c.leading, c.width
        self.analysis = nn.Parameter(torch.zeros(sum(self.counts), c.leading))
        self.synthesis = nn.Parameter(torch.zeros(sum(self.counts), c.leading))
        table = lambda value: nn.Parameter(torch.full((len(TUNINGS), c.levels, c.width), value))
        # Natural logarithms of what coefficients are multiplied with.
        self.analysis_gain, self.synthesis_gain = table(0.0), table(0.0)
        # What the log-variance offsets of the posteriors are beside the prior's scales; see `exact_divergence`.
        self.tilt = table(0.0)
        # Roots of the k of `expand`.
        self.companding = table(0.35)

    def _by_level(self, x, levels, product):
        """Applies `product(rows, level)` to the rows of each mixed level, and fills up its results with zeros."""
        mixed = len(self.counts)
        order = levels.argsort(stable=True)
        sizes = torch.bincount(levels, minlength=mixed)
        sizes = [*sizes[:mixed].tolist(), int(sizes[mixed:].sum())]
        parts = []
        for level, part in enumerate(x[order].split(sizes)):
            if level == mixed:
                parts.append(part)
            elif len(part):
                part = product(part, level)
                parts.append(F.pad(part, (0, x.shape[1] - part.shape[1])))
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order))
        return torch.cat(parts)[back]

    def matrices(self):
        """(analysis, synthesis) of every mixed level: split once per pass, as a slice's gradient fills the whole."""
        return self.analysis.split(self.counts), self.synthesis.split(self.counts)

    def gains(self, table, keys):
        return F.embedding(keys, table.flatten(0, 1))

    def analyze(self, x, keys, levels, matrices):
        """[n, latents] -> coefficients [n, width], of about unit variance; those that are not sent mean nothing."""
        x = self._by_level(x, levels, lambda part, level: part[:, : self.leading] @ matrices[0][level].T)
        return x * torch.exp(self.gains(self.analysis_gain, keys))

    def synthesize(self, x, keys, levels, matrices):
        """Inverse of `analyze`, as far as the coefficients tell; zeros must stand for those that are not sent."""
        x = x * torch.exp(self.gains(self.synthesis_gain, keys))
        return self._by_level(x, levels, lambda part, level: part[:, : self.counts[level]] @ matrices[1][level])


#: Logarithms of the errors' roots, by bits and magnitude.
_MEAN_ERROR = 0.5 * torch.tensor(MEAN_ERROR).clamp(min=1e-30).log()


def code_spread(mean, bits):
    """By how much codewords miss means, in units of the posterior's spread: 0 where nothing is sent."""
    count = _MEAN_ERROR.shape[1]
    place = (mean.abs() / ERROR_STEP).clamp(max=count - 1.001)
    first = place.detach().floor()
    row = bits.long() * count + first.long()
    low, high = _MEAN_ERROR.flatten()[row], _MEAN_ERROR.flatten()[row + 1]
    return torch.exp(low + (place - first) * (high - low)) * (bits > 0)


def expand(x, k):
    """What a codeword stands for: x sqrt(1 + k x^2), as coefficients have longer tails than codewords."""
    return x * torch.sqrt(1 + k * x * x)


def compress(y, k):
    """Inverse of `expand`."""
    return y * torch.sqrt(2 / (1 + torch.sqrt(1 + 4 * k * y * y)))


class Predictor(nn.Module):
    """Predicts from the energies of the linear skip connection's latents the distortion of every position at every level."""

    def __init__(self, c):
        super().__init__()
        self.mix_in = nn.Linear(c.latents, c.predictor)
        self.depthwise = Depthwise(c.predictor)
        self.mix_out = nn.Linear(c.predictor, c.predictor)
        #: What differs between the phases: later ones have more decoded neighbours to predict from.
        self.phase = nn.Parameter(torch.zeros(len(PHASES), c.predictor))
        self.head = nn.Linear(c.predictor, len(TUNINGS) * c.levels)

    def forward(self, linear, tunings):
        """The linear skip connection's latents [b, h, w, latents] and tunings [b] -> natural logarithms of distortions
        [b, h, w, levels]."""
        energies = 0.25 * torch.log(linear.float() ** 2 + 1e-3)
        h = self.mix_out(self.depthwise(F.leaky_relu(self.mix_in(energies), SLOPE)))
        h = self.head(F.leaky_relu(h + self.phase[phase_map(*h.shape[1:3])].to(h.dtype), SLOPE)).float()
        return h.unflatten(-1, (len(TUNINGS), -1))[torch.arange(len(h)), :, :, tunings]


def is_grey(pixels):
    """[b]: which pictures [b, h, w, 3] have three equal components."""
    return (pixels == pixels[..., :1]).all(-1).all(-1).all(-1)


class Codec(nn.Module):
    """Encoder, prior and decoder with the quantizer, or a model of it, between them."""

    def __init__(self, config):
        super().__init__()
        self.config = c = config
        self.cosines = Cosines()
        self.encoder, self.prior, self.decoder = Encoder(c), Prior(c), Decoder(c)
        self.refinement = Refinement(c)
        self.transform, self.predictor = LevelTransform(c), Predictor(c)
        #: [phases, levels, width]
        self.bits = torch.from_numpy(bit_table(c.runs, c.width))
        self.level_bits = self.bits[0].sum(-1)
        sent = self.bits > 0
        rank, count = sent.cumsum(-1) - 1, sent.sum(-1, keepdim=True)
        self.group = sum((8 * rank >= end * count).to(torch.uint8) for end in GROUP_ENDS[:-1])

    @contextmanager
    def int8_rounded(self, used=True):
        """With int8 products, as the program has them."""
        layers = [m for m in self.modules() if isinstance(m, IntegerLinear)]
        before = [layer.rounds for layer in layers]
        for layer in layers:
            layer.rounds = used
        try:
            yield self
        finally:
            for layer, rounds in zip(layers, before):
                layer.rounds = rounds

    def excess(self):
        """See `Correction`."""
        return self.encoder.correction.excess() + self.prior.correction.excess() + self.decoder.correction.excess()

    def group_bits(self, phase, levels, group):
        """Bits of the coefficients of a group, [n, width], 0 for those of others."""
        return self.bits[phase][levels] * (self.group[phase][levels] == group)

    def log_variance_offsets(self, keys, bits, log_scale):
        """Log-variance offsets of the posteriors, [n, width]; log_scale: the prior's [n, width]."""
        offsets = self.transform.gains(self.transform.tilt, keys) - 2 * log_scale
        return torch.where(bits > 0, offsets, NEVER)

    def posterior(self, x, bits, offsets, shape):
        """Mean and log-variance per coefficient, divergence exact per tile. x, bits, offsets: [n, width] for the n = b * h * w
        positions of a phase of this shape."""
        nats = split_tiles(bits.sum(1)[:, None] * math.log(2), shape, 0.0).sum(-1)
        parts = split_tiles(x * x, shape, 0.0), split_tiles(offsets, shape, NEVER), split_tiles(bits, shape, 0)
        place = join_tiles(exact_divergence(*parts, nats), shape)
        return torch.exp(0.5 * F.logsigmoid(-place)) * x, F.logsigmoid(place)

    def mmse_scale(self, bits, offsets):
        """What codewords are multiplied with: sqrt(1 - v) where the coefficients' squares are as predicted. Here each
        position's divergence is its own bits: what is wrong in the prediction of one does not reach others."""
        place = exact_divergence(torch.ones_like(offsets), offsets, bits, bits.sum(1) * math.log(2))
        return torch.exp(0.5 * F.logsigmoid(-place))

    def sample(self, x, bits, offsets, shape, inflate=True):
        """Decoded value of coefficients x [n, width] with noise in the place of codewords."""
        mean, log_variance = self.posterior(bound(x), bits, offsets, shape)
        spread = torch.exp(0.5 * log_variance)
        if inflate:
            spread = spread * code_spread(mean, bits)
        return (mean + spread * torch.randn_like(mean)) * self.mmse_scale(bits, offsets)

    def linear(self, pixels):
        """The linear skip connection's latents, of about unit variance."""
        with torch.autocast("cpu", enabled=False):
            return self.cosines.analyze(pixels) / self.cosines.spread

    def encode(self, features, linear, keys):
        """Latents from what does not depend on levels: the encoder's features and the linear skip connection's latents."""
        return self.encoder(features, linear, keys, self.cosines.root)

    def transmit(self, y, keys, grey, quantize=None):
        """Runs the phases: latents [b, h, w, c] as the decoder gets them.

        grey [b]: pictures whose latents of chroma are zero. quantize(coefficients, bits and offsets [n, width],
        shape of the phase) -> decoded ones, with zeros where nothing is sent; by default noise in the place of codewords.
        """
        quantize = quantize or self.sample
        transform, spread = self.transform, self.cosines.spread
        result = torch.zeros_like(y)
        matrices = transform.matrices()
        features = [None] * len(PHASES)
        is_mixed = torch.is_autocast_enabled("cpu")
        kept = (~grey[:, None, None, None] | self.cosines.is_luma).float()
        y = y * kept
        pieces = []
        for phase in range(len(PHASES)):
            part, key = lattice(y, phase), lattice(keys, phase)
            shape = part.shape
            mean, raw_scale, hidden = self.prior(features, keys, phase, self.cosines.root)
            hidden = self.refinement.context(hidden).reshape(-1, hidden.shape[-1])
            with torch.autocast("cpu", enabled=False):
                mean = (mean * kept).reshape(-1, shape[-1])
                part, key = part.reshape(mean.shape), key.reshape(-1)
                level = key % self.config.levels
                raw_scale = raw_scale.reshape(len(part), -1)
                k = transform.gains(transform.companding, key) ** 2
                coefficients = transform.analyze((part - mean) * spread, key, level, matrices)
                decoded = 0
                for group in range(len(GROUP_ENDS)):
                    log_scale = bounded_scale(raw_scale)
                    scale, bits = torch.exp(log_scale), self.group_bits(phase, level, group)
                    offsets = self.log_variance_offsets(key, bits, log_scale)
                    # The columns that the group has anything in.
                    used = bits.any(0).nonzero()[:, 0].tolist() or [0]
                    columns = slice(used[0], used[-1] + 1)
                    values = compress(coefficients[:, columns] / scale[:, columns], k[:, columns])
                    values = quantize(values, bits[:, columns], offsets[:, columns], shape[:3])
                    values = F.pad(values, (columns.start, LATENTS - columns.stop))
                    decoded = decoded + expand(values, k) * scale
                    if group + 1 < len(GROUP_ENDS):
                        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_mixed):
                            hidden, added = self.refinement(group, hidden, values[:, : self.config.leading].abs(), key)
                        raw_scale = raw_scale + added
                decoded = transform.synthesize(decoded, key, level, matrices) / spread
                decoded = (mean + decoded).reshape(shape) * kept
            pieces.append(decoded)
            features[phase] = self.prior.stem(decoded * self.cosines.root) if phase + 1 < len(PHASES) else None
        for phase, piece in enumerate(pieces):
            lattice(result, phase).copy_(piece)
        return result

    def decode(self, latents, keys, grey):
        """Pixels from decoded latents."""
        with torch.autocast("cpu", enabled=False):
            linear = self.cosines.synthesize(latents * self.cosines.spread)
        correction = self.decoder(latents * self.cosines.root, keys, linear)
        with torch.autocast("cpu", enabled=False):
            pixels = linear + correction
            return torch.where(grey[:, None, None, None], pixels.mean(-1, keepdim=True), pixels)

    def keys(self, levels, tunings):
        """levels [b, h, w], tunings [b]"""
        return levels + self.config.levels * tunings[:, None, None]

    def forward(self, pixels, levels, tunings, quantize=None):
        """Pixels [b, h, w, 3] in -1...1, levels [b, h/16, w/16], tunings [b] -> decoded pixels."""
        keys, grey = self.keys(levels, tunings), is_grey(pixels)
        y = self.encode(self.encoder.features(pixels), self.linear(pixels), keys)
        return self.decode(self.transmit(y, keys, grey, quantize), keys, grey)
