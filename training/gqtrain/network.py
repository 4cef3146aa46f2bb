"""The network: encoder, conditional prior, decoder. Activations are [batch, rows, columns, channels]."""

import math
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .divergence import BOUND, LOG_VARIANCE_BOUNDS, NEVER, ExactDivergence, divergence_bits
from .levels import CODE_ERROR, LATENTS, bit_table

PATCH = 16
PATCH_VALUES = PATCH * PATCH * 3
#: Order in which the 2x2 lattice is coded: (row, column) offsets.
PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))
TILE = 16  # positions along a tile's side: the divergence is exact for each phase of a tile
SLOPE = 0.1
LARGEST = 127  # of the bytes that the program multiplies
#: What `Config.activation` may be. The program knows the first.
ACTIVATIONS = {"leaky_relu": lambda x: F.leaky_relu(x, SLOPE), "gelu": F.gelu, "silu": F.silu}
SCALE_BOUND = 2.0
#: About the largest magnitude of the encoder's correction that is used: on photographs it is below 2.5.
CORRECTION_BOUND = 4.0


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
    prior_blocks: int = 3
    predictor: int = 128  # channels of the predictor of distortions, at 1/16
    latents: int = LATENTS
    #: What distortion is: see `validate.DISTORTIONS`.
    tuning: str = "psnr"
    #: For every level its runs (bits, count).
    runs: tuple = ()
    #: "exact": the posterior's variance follows from its mean so that the divergence is exactly log2 K bits;
    #: "target": the encoder gives the logarithm of the variance and a loss drives the divergence there.
    divergence: str = "exact"
    #: Of the blocks: one of `ACTIVATIONS`.
    activation: str = "leaky_relu"

    @property
    def levels(self):
        return len(self.runs)

    @property
    def width(self):
        """The most coefficients that a level codes."""
        return max(sum(n for _, n in level) for level in self.runs)

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


def split_tiles(x, shape, fill):
    """[n, c] of the positions of a phase, n = b * h * w of `shape`, -> [tiles, TILE^2 / 4 * c], `fill` outside."""
    b, h, w = shape
    side = TILE // 2
    x = F.pad(x.reshape(b, h, w, -1), (0, 0, 0, -w % side, 0, -h % side), value=fill)
    x = x.reshape(b, x.shape[1] // side, side, x.shape[2] // side, side, -1).transpose(2, 3)
    return x.reshape(x.shape[0] * x.shape[1] * x.shape[2], -1)


def join_tiles(x, shape):
    """Inverse of `split_tiles`."""
    b, h, w = shape
    side = TILE // 2
    x = x.reshape(b, -(-h // side), -(-w // side), side, side, -1).transpose(2, 3)
    return x.reshape(b, x.shape[1] * side, x.shape[3] * side, -1)[:, :h, :w].reshape(b * h * w, -1)


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


def bound_correction(x):
    """What a network adds to a linear path, left out where it explodes: each position's values times
    1 / (1 + (largest magnitude / CORRECTION_BOUND)^8)."""
    ratio = (x.abs().amax(-1, keepdim=True).clamp(max=1e3) / CORRECTION_BOUND) ** 2
    ratio = ratio * ratio
    return x / (1 + ratio * ratio)


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


def whole_numbers(x):
    """x rounded to -127...127 times a scale of each row, its largest magnitude / 127, as the program's products of bytes
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
        return (whole_numbers(self.weight.detach()) / scale.clamp(min=1e-30)[:, None]).round().to(torch.int8), scale

    def forward(self, x):
        if not self.rounds:
            return super().forward(x)
        return F.linear(whole_numbers(x), whole_numbers(self.weight), self.bias)


class Block(nn.Module):
    """Residual [1x1, activation, depthwise 3x3, 1x1], then residual [1x1 to twice the width, activation, 1x1]."""

    def __init__(self, channels, activation):
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.mix_in = IntegerLinear(channels, channels)
        self.depthwise = Depthwise(channels)
        self.mix_out = IntegerLinear(channels, channels)
        self.expand = IntegerLinear(channels, 2 * channels)
        self.project = IntegerLinear(2 * channels, channels)
        with torch.no_grad():
            self.mix_out.weight *= 0.3
            self.project.weight *= 0.3

    def pass_through(self):
        """Makes it the identity, for a block put into a trained network."""
        with torch.no_grad():
            for last in (self.mix_out, self.project):
                last.weight.zero_()
                last.bias.zero_()

    def spatial(self, x):
        return self.depthwise(self.activation(self.mix_in(x)))

    def pointwise(self, x, h):
        x = x + self.mix_out(h)
        return x + self.project(self.activation(self.expand(x)))

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
    """Pixels [b, h, w, 3] in -1...1 and levels [b, h/16, w/16] -> latents."""

    def __init__(self, c):
        super().__init__()
        self.skip = nn.Linear(PATCH_VALUES, c.latents)
        self.stem = IntegerLinear(192, c.fine)
        self.fine = nn.ModuleList(Block(c.fine, c.activation) for _ in range(c.encoder_fine))
        self.down = IntegerLinear(4 * c.fine, c.coarse)
        self.level = LevelScale(c.levels, c.coarse)
        self.coarse = nn.ModuleList(Block(c.coarse, c.activation) for _ in range(c.encoder_coarse))
        self.head = IntegerLinear(c.coarse, c.latents)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if c.divergence == "target":
            self.log_variance = nn.Linear(c.coarse, c.width)
            nn.init.zeros_(self.log_variance.weight)
            nn.init.constant_(self.log_variance.bias, -2.0)

    def features(self, pixels):
        """What does not depend on levels: [b, h/16, w/16, 4 * fine], and the linear path's latents."""
        h = self.stem(unshuffle(pixels, 8))
        for block in self.fine:
            h = block(h)
        return unshuffle(h, 2), self.skip(unshuffle(pixels, PATCH))

    def forward(self, features, levels):
        """Latents [b, h/16, w/16, c], and for a target divergence log-variances of the coefficients, else None."""
        fine, linear = features
        h = self.level(self.down(fine), levels)
        for block in self.coarse:
            h = block(h)
        latents = linear + bound_correction(self.head(h).float())
        return latents, self.log_variance(h).float() if hasattr(self, "log_variance") else None


class Decoder(nn.Module):
    """Latents [b, h/16, w/16, c] and levels -> pixels [b, h, w, 3]."""

    def __init__(self, c):
        super().__init__()
        # The skip path is basis * spread: weak components keep tiny weights apart from their directions.
        self.spread = nn.Parameter(torch.ones(c.latents))
        self.skip = nn.Linear(c.latents, PATCH_VALUES)
        self.stem = IntegerLinear(c.latents, c.coarse)
        self.level = LevelScale(c.levels, c.coarse)
        self.coarse = nn.ModuleList(Block(c.coarse, c.activation) for _ in range(c.decoder_coarse))
        self.up = IntegerLinear(c.coarse, 4 * c.fine)
        self.fine = nn.ModuleList(Block(c.fine, c.activation) for _ in range(c.decoder_fine))
        self.head = IntegerLinear(c.fine, 192)
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
        self.stem = IntegerLinear(c.latents, c.prior)
        self.state = nn.Parameter(torch.randn(len(PHASES), len(PHASES), c.prior) * 0.1)
        self.level = LevelScale(c.levels, c.prior)
        self.blocks = nn.ModuleList(Block(c.prior, c.activation) for _ in range(c.prior_blocks))
        self.latents = c.latents
        self.head = IntegerLinear(c.prior, c.latents + c.width)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, features, levels, phase):
        """features: for each phase its decoded positions through `stem`, or None; the first phase has the levels
        alone. Mean of the latents and log-scale of the coefficients for `phase`."""
        b, rows, columns = levels.shape
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else self.state.dtype
        grid = torch.zeros(b, rows, columns, self.stem.out_features, dtype=dtype)
        for k in range(len(PHASES)):
            state = self.state[phase, k].to(grid.dtype)
            target = lattice(grid, k)
            target.copy_((features[k] + state) if features[k] is not None else state.expand(target.shape))
        h = self.level(grid, levels)
        for block in self.blocks[:-1]:
            h = block(h)
        last = self.blocks[-1]
        h = last.pointwise(lattice(h, phase), lattice(last.spatial(h), phase))
        mean, scale = self.head(h).float().split([self.latents, self.head.out_features - self.latents], -1)
        return mean, SCALE_BOUND * torch.tanh(scale / SCALE_BOUND)


class LevelTransform(nn.Module):
    """Each level's own linear transform from what prediction left of the latents to coefficients, and back."""

    def __init__(self, c):
        super().__init__()
        self.counts = [sum(n for _, n in level) for level in c.runs]
        self.width = c.width
        self.analysis = nn.Parameter(torch.zeros(sum(self.counts), c.latents))
        self.synthesis = nn.Parameter(torch.zeros(sum(self.counts), c.latents))
        # Natural logarithms of what coefficients are multiplied with.
        self.analysis_gain = nn.Parameter(torch.zeros(c.levels, c.width))
        self.synthesis_gain = nn.Parameter(torch.zeros(c.levels, c.width))
        # What the tilts of the posterior are beside the prior's scales; see `ExactDivergence`.
        self.tilt = nn.Parameter(torch.zeros(c.levels, c.width))

    def _by_level(self, x, levels, product, outputs):
        """Applies `product(rows, level)` to the rows of each level."""
        order = levels.argsort(stable=True)
        sizes = torch.bincount(levels, minlength=len(self.counts)).tolist()
        parts = []
        for level, part in enumerate(x[order].split(sizes)):
            if len(part):
                parts.append(product(part, level) if self.counts[level] else x.new_zeros(len(part), outputs))
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order))
        return torch.cat(parts)[back]

    def matrices(self):
        """(analysis, synthesis) of every level: split once per pass, as a slice's gradient fills the whole."""
        return self.analysis.split(self.counts), self.synthesis.split(self.counts)

    def analyze(self, x, levels, matrices):
        """[n, latents] -> coefficients [n, width], of unit variance, zeros where the level has none."""
        def product(part, level):
            return F.pad(part @ matrices[0][level].T, (0, self.width - self.counts[level]))
        return self._by_level(x, levels, product, self.width) * torch.exp(self.analysis_gain)[levels]

    def synthesize(self, x, levels, matrices):
        """Inverse of `analyze`, as far as the coefficients tell."""
        def product(part, level):
            return part[:, : self.counts[level]] @ matrices[1][level]
        return self._by_level(x * torch.exp(self.synthesis_gain)[levels], levels, product, self.synthesis.shape[1])


class Predictor(nn.Module):
    """Predicts from the energies of the linear path's latents the distortion of every position at every level."""

    def __init__(self, c):
        super().__init__()
        self.mix_in = nn.Linear(c.latents, c.predictor)
        self.depthwise = Depthwise(c.predictor)
        self.mix_out = nn.Linear(c.predictor, c.predictor)
        #: What differs between the phases: later ones have more decoded neighbours to predict from.
        self.phase = nn.Parameter(torch.zeros(len(PHASES), c.predictor))
        self.head = nn.Linear(c.predictor, c.levels)

    def forward(self, latents):
        """[b, h, w, latents] -> natural logarithms of mean squared errors [b, h, w, levels]."""
        energies = 0.25 * torch.log(latents.float() ** 2 + 1e-3)
        h = self.mix_out(self.depthwise(F.leaky_relu(self.mix_in(energies), SLOPE)))
        return self.head(F.leaky_relu(h + self.phase[phase_map(*h.shape[1:3])].to(h.dtype), SLOPE)).float()


class Codec(nn.Module):
    """Encoder, prior and decoder with the quantizer, or a model of it, between them."""

    def __init__(self, config):
        super().__init__()
        self.config = c = config
        self.encoder, self.prior, self.decoder = Encoder(c), Prior(c), Decoder(c)
        self.transform, self.predictor = LevelTransform(c), Predictor(c)
        self.solver = ExactDivergence()
        self.bits = torch.from_numpy(bit_table(c.runs))
        self.nats = self.bits.sum(1) * math.log(2)
        self.inflation = torch.tensor(CODE_ERROR)[self.bits]
        self.spread = nn.Parameter(torch.ones(c.latents), requires_grad=False)

    @contextmanager
    def whole_numbers(self, used=True):
        """With products of bytes, as the program has them."""
        layers = [m for m in self.modules() if isinstance(m, IntegerLinear)]
        before = [layer.rounds for layer in layers]
        for layer in layers:
            layer.rounds = used
        try:
            yield self
        finally:
            for layer, rounds in zip(layers, before):
                layer.rounds = rounds

    def tilts(self, levels, log_scale):
        """Tilts of the posteriors, [n, width]; log_scale: the prior's [n, width]."""
        return torch.where(self.bits[levels] > 0, self.transform.tilt[levels] - 2 * log_scale, NEVER)

    def _solve(self, energy, levels, tilts, shape):
        """The solver's result for each tile as one group, [n, width]."""
        nats = split_tiles(self.nats[levels][:, None], shape, 0.0).sum(-1)
        return join_tiles(self.solver(split_tiles(energy, shape, 0.0), split_tiles(tilts, shape, NEVER), nats), shape)

    def posterior(self, y, levels, tilts, shape):
        """Mean and log-variance per coefficient, divergence exact per tile. y, tilts: [n, width] for the n = b * h * w
        positions of a phase of this shape."""
        place = self._solve(y * y, levels, tilts, shape)
        return torch.exp(0.5 * F.logsigmoid(-place)) * y, F.logsigmoid(place)

    def shrink(self, levels, tilts):
        """What codewords are multiplied with: sqrt(1 - v) where the coefficients' squares are as predicted. Here each
        position's divergence is its own bits: what is wrong in the prediction of one does not reach others."""
        place = self.solver(torch.ones_like(tilts), tilts, self.nats[levels])
        return torch.exp(0.5 * F.logsigmoid(-place))

    def sample(self, y, levels, tilts, shape, log_variances=None, inflate=True, bits=None):
        """Decoded value of coefficients y [n, width] with noise in the place of codewords.

        With log_variances [n, width] these are the posterior's, and to the list `bits` is added (divergence of
        the tiles less their bits, 1 or 0 for a tile without bits).
        """
        mean = BOUND * torch.tanh(y / BOUND)
        if log_variances is None:
            mean, log_variance = self.posterior(mean, levels, tilts, shape)
        else:
            log_variance = log_variances.clamp(*LOG_VARIANCE_BOUNDS)
            if bits is not None:
                used = self.bits[levels] > 0
                tiles = lambda x: split_tiles(x, shape, 0.0).sum(-1)
                bits.append(
                    (tiles(divergence_bits(mean, log_variance) * used - self.bits[levels]), (tiles(used.float()) > 0).float())
                )
        spread = torch.exp(0.5 * log_variance)
        if inflate:
            spread = spread * torch.sqrt(self.inflation[levels])
        return (mean + spread * torch.randn_like(mean)) * self.shrink(levels, tilts)

    def encode(self, pixels, levels, features=None):
        """Latents of about unit variance, and log-variances or None."""
        features = self.encoder.features(pixels) if features is None else features
        latents, log_variances = self.encoder(features, levels)
        return latents.float(), log_variances

    def transmit(self, y, levels, quantize=None, log_variances=None):
        """Runs the phases: latents [b, h, w, c] as the decoder gets them.

        quantize(coefficients [n, width], levels [n], tilts [n, width], log_variances [n, width] or None, shape of the
        phase) -> decoded ones; by default noise in the place of codewords.
        """
        quantize = quantize or (lambda part, level, tilts, spreads, shape: self.sample(part, level, tilts, shape, spreads))
        result = torch.zeros_like(y)
        matrices = self.transform.matrices()
        features = [None] * len(PHASES)
        pieces = []
        for phase in range(len(PHASES)):
            part, level = lattice(y, phase), lattice(levels, phase)
            shape = part.shape
            part, level = part.reshape(-1, shape[-1]), level.reshape(-1)
            spreads = None
            if log_variances is not None:
                spreads = lattice(log_variances, phase).reshape(len(part), -1)
            mean, log_scale = self.prior(features, levels, phase)
            mean = mean.reshape(part.shape)
            log_scale = log_scale.reshape(len(part), -1)
            scale = torch.exp(log_scale)
            with torch.autocast("cpu", enabled=False):
                coefficients = self.transform.analyze((part - mean) * self.spread, level, matrices) / scale
                decoded = quantize(coefficients, level, self.tilts(level, log_scale), spreads, shape[:3]) * scale
                decoded = mean + self.transform.synthesize(decoded, level, matrices) / self.spread
            decoded = decoded.reshape(shape)
            pieces.append(decoded)
            features[phase] = self.prior.stem(decoded) if phase + 1 < len(PHASES) else None
        for phase, piece in enumerate(pieces):
            lattice(result, phase).copy_(piece)
        return result

    def forward(self, pixels, levels, quantize=None):
        """Pixels [b, h, w, 3] in -1...1, levels [b, h/16, w/16] -> decoded pixels."""
        y, log_variances = self.encode(pixels, levels)
        return self.decoder(self.transmit(y, levels, quantize, log_variances), levels).float()
