"""Tests of the training code: the constraint, the published loss, the level tables, the network's shapes."""

import copy
import dataclasses
import math
import os
import tempfile
import unittest

import numpy as np
import torch
from PIL import Image

from gqtrain.codes import RealCodes, path_order
from gqtrain.components import distribute
from gqtrain.divergence import NEVER, ExactDivergence, TargetDivergence, divergence_bits
from gqtrain.export import metadata, read_weights, write_weights
from gqtrain.levels import CODE_ERROR, LATENTS, bit_table, run_lengths, rungs
from gqtrain import synthetic, visual
from gqtrain.network import Codec, Config, bound_correction, join_tiles, shuffle, split_tiles, unshuffle, whole_numbers
from gqtrain.optimizer import OPTIMIZERS, Soap, matrix_optimizer
from gqtrain.train import configuration, parse

#: A level without bits, and levels of one, two and three runs.
RUNS = ((), ((1, 8),), ((2, 8), (1, 16)), ((5, 4), (3, 20), (1, 40)))


def model(**options):
    """A small codec whose transforms are orthonormal."""
    torch.manual_seed(1)
    codec = Codec(Config(fine=32, coarse=32, prior=32, predictor=16, runs=RUNS, **options))
    with torch.no_grad():
        for matrices in zip(*codec.transform.matrices()):
            if len(matrices[0]):
                torch.nn.init.orthogonal_(matrices[0])
                matrices[1].copy_(matrices[0])
    return codec


class Divergence(unittest.TestCase):
    def test_exact_for_every_energy_and_tilt(self):
        solver = ExactDivergence()
        generator = torch.Generator().manual_seed(2)
        for count in (1, 4, 60, 300):
            tilts = 3 * torch.randn(200, count + 2, generator=generator)
            tilts[:, count:] = NEVER
            energy = torch.randn(200, count + 2, generator=generator) ** 2 * torch.linspace(0, 10, 200)[:, None]
            for bits in (0.5, 1, 2, 5):
                place = solver(energy, tilts, torch.full((200,), bits * count * math.log(2))).double()
                variance, log_variance = torch.sigmoid(place), torch.nn.functional.logsigmoid(place)
                nats = 0.5 * ((1 - variance) * (energy - 1) - log_variance)[:, :count].sum(1)
                self.assertLess((nats / math.log(2) / count - bits).abs().max().item(), 1e-3)

    def test_noise_is_alike_where_spreads_allow_it(self):
        spreads = torch.tensor([[8.0, 4.0, 2.0, 0.01]])
        place = ExactDivergence()(torch.ones(1, 4), -2 * spreads.log(), torch.tensor([6 * math.log(2)]))
        noise = (torch.sigmoid(place) * spreads**2)[0]
        # v / (1 - v) is alike in units of the spreads, so nearly v where it is small.
        self.assertLess((noise[0] / noise[1] - 1).abs().item(), 0.1)
        self.assertAlmostEqual(noise[3].item(), 1e-4, places=6)

    def test_gradient_is_the_implicit_derivative(self):
        solver = ExactDivergence()
        energy = torch.tensor([[0.3, 1.0, 4.0], [1.0, 0.1, 9.0]], dtype=torch.float64, requires_grad=True)
        tilts = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.0, -0.3]], dtype=torch.float64, requires_grad=True)
        nats = torch.tensor([2.0, 4.0], dtype=torch.float64)
        torch.autograd.gradcheck(lambda e, t: solver(e, t, nats), (energy, tilts), atol=1e-4)

    def test_published_loss(self):
        """Against the formula as published, written out."""
        torch.manual_seed(0)
        mean, log_variance = torch.randn(5, 12, 7), torch.randn(5, 12, 7)
        target = TargetDivergence(bits=4.0, weight=0.3)
        target.weight_max, target.weight_min = 2.0, 0.5
        kl2 = 1.4426 * 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance)
        kl2 = kl2.reshape(5, 3, 4, 7).sum(1)  # groups take every fourth channel
        ge = (kl2 > 4.5).float() * 2.0
        eq = ((kl2 <= 4.5) & (kl2 >= 3.5)).float()
        le = (kl2 < 3.5).float() * 0.5
        expected = (ge * kl2 + eq * kl2 + le * kl2).mean() * 0.3
        bits = divergence_bits(mean, log_variance).reshape(5, 3, 4, 7).sum(1)
        self.assertAlmostEqual(target.loss(bits).item(), expected.item(), places=3)

    def test_weights_follow_the_divergence(self):
        target = TargetDivergence(bits=16.0)
        start = target.weight
        target.update(17.0, 14.0, 18.0)
        self.assertAlmostEqual(target.weight, start * 1.01)
        self.assertAlmostEqual(target.weight_max, 1.01)
        self.assertAlmostEqual(target.weight_min, 1 / 1.01)
        for _ in range(2000):
            target.update(15.0, 16.0, 16.0)
        self.assertEqual((target.weight_max, target.weight_min), (1.0, 1.0))


class Levels(unittest.TestCase):
    def test_runs_and_table_say_the_same(self):
        bits = bit_table(RUNS)
        self.assertEqual((bits > 0).sum(1).tolist(), [0, 8, 24, 64])
        self.assertEqual(rungs(RUNS), bits.sum(1).tolist())
        for level, runs in enumerate(RUNS):
            self.assertEqual(run_lengths(bits[level]), list(runs))

    def test_bits_go_where_they_save_most(self):
        variance = np.repeat([100.0, 10.0, 1.0, 0.1], 4).astype(np.float32)
        bits = distribute(variance, 32)
        self.assertEqual(bits.sum(), 32)
        self.assertTrue((np.diff(bits) <= 0).all())
        error = lambda bits: sum(v * (CODE_ERROR[b] * 4.0**-b if b else 1) for v, b in zip(variance, bits))
        # No bit is better elsewhere.
        for a in range(4):
            for b in range(4):
                moved = bits.copy()
                moved[4 * a : 4 * a + 4] -= 1
                moved[4 * b : 4 * b + 4] += 1
                if moved.min() >= 0:
                    self.assertGreaterEqual(error(moved), error(bits) - 1e-4)


class Optimizers(unittest.TestCase):
    def problem(self):
        """Two matrices and a badly conditioned loss of them, at first 1."""
        generator = torch.Generator().manual_seed(4)
        normal = lambda *shape: torch.randn(*shape, generator=generator)
        scales = torch.logspace(0, -1.5, 12)
        left, right = torch.linalg.qr(normal(12, 12))[0] * scales, torch.linalg.qr(normal(20, 20))[0]
        aims = [normal(12, 20), normal(20, 12)]
        matrices = [torch.zeros_like(aim, requires_grad=True) for aim in aims]
        whole = sum((left.T @ aim.reshape(12, 20) @ right).square().sum() for aim in aims)

        def loss():
            differences = [(m - aim).reshape(12, 20) for m, aim in zip(matrices, aims)]
            return sum((left.T @ d @ right).square().sum() for d in differences) / whole

        return matrices, loss

    def run_steps(self, optimizer, matrices, loss, steps):
        for k in range(steps):
            for m in matrices:
                m.grad = None
            loss().backward()
            optimizer.step(1 - k / steps)

    def test_every_optimizer_reduces_the_loss(self):
        for name in OPTIMIZERS:
            matrices, loss = self.problem()
            self.run_steps(matrix_optimizer(name, matrices, 0.05), matrices, loss, 300)
            self.assertLess(loss().item(), 0.01, name)

    def test_state_goes_on_where_it_was(self):
        for name in OPTIMIZERS:
            matrices, loss = self.problem()
            first = matrix_optimizer(name, matrices)
            self.run_steps(first, matrices, loss, 25)
            start, state = [m.detach().clone() for m in matrices], copy.deepcopy(first.state_dict())
            self.run_steps(first, matrices, loss, 25)
            expected = [m.detach().clone() for m in matrices]
            with torch.no_grad():
                for m, value in zip(matrices, start):
                    m.copy_(value)
            second = matrix_optimizer(name, matrices)
            second.load_state_dict(state)
            self.run_steps(second, matrices, loss, 25)
            for m, value in zip(matrices, expected):
                self.assertTrue(torch.equal(m, value), name)

    def test_soap_finds_the_eigenvectors(self):
        """Of gradients that are u v^T for orthogonal u and v of falling size, of random sign each."""
        generator = torch.Generator().manual_seed(5)
        u = torch.linalg.qr(torch.randn(6, 6, generator=generator))[0]
        v = torch.linalg.qr(torch.randn(9, 9, generator=generator))[0][:, :6]
        matrix = torch.zeros(6, 9, requires_grad=True)
        soap = Soap([matrix])
        for _ in range(200):
            signs = torch.randint(0, 2, (6,), generator=generator) * 2.0 - 1
            matrix.grad = (u * signs * 2.0 ** -torch.arange(6)) @ v.T
            soap.step(1.0)
        for vectors, side in zip(soap.buffers[0]["vectors"], soap.buffers[0]["sides"]):
            self.assertTrue(torch.allclose(vectors.T @ vectors, torch.eye(len(vectors)), atol=1e-4))
            turned = vectors.T @ side @ vectors
            self.assertTrue(torch.allclose(turned, turned.diag().diag(), atol=1e-3))
        agreement = (soap.buffers[0]["vectors"][0] * u).sum(0).abs()
        self.assertGreater(agreement.min().item(), 0.999)

    def test_options_give_the_sizes(self):
        common = ["--data", "a", "--output", "b"]
        self.assertEqual(configuration(parse(common), RUNS), Config(runs=RUNS))
        config = configuration(parse([*common, "--fine", "32", "--fine-blocks", "3", "--coarse", "48"]), RUNS)
        self.assertEqual((config.fine, config.encoder_fine, config.decoder_fine), (32, 3, 3))
        self.assertEqual((config.coarse, config.encoder_coarse, config.decoder_coarse), (48, 3, 3))
        self.assertEqual(len(Codec(config).decoder.fine), 3)
        self.assertEqual(configuration(parse([*common, "--activation", "silu"]), RUNS).activation, "silu")


class Visual(unittest.TestCase):
    """SSIMULACRA2 against the package of that name."""

    def picture(self, seed, height=256, width=320):
        rng = np.random.default_rng(seed)
        coarse = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
        fine = rng.normal(0, 8, (height, width, 3)) * np.linspace(0, 2, width)[:, None]
        return np.clip(smooth + fine, 0, 255).astype(np.uint8)

    def test_scores_equal_the_package(self):
        try:
            from ssimulacra2 import compute_ssimulacra2
        except ImportError:
            self.skipTest("the package ssimulacra2 is not installed")
        tensor = lambda x: torch.from_numpy(x.astype(np.float32) / 127.5 - 1)[None]
        with tempfile.TemporaryDirectory() as folder:
            for k, quality in enumerate((5, 10, 20, 35, 50, 65, 80, 90, 95, 98)):
                original = self.picture(k, 256 - k, 320 - 3 * k)
                paths = [os.path.join(folder, name) for name in ("a.png", "b.jpg", "b.png")]
                Image.fromarray(original).save(paths[0])
                Image.fromarray(original).save(paths[1], quality=quality)
                decoded = np.asarray(Image.open(paths[1]))
                Image.fromarray(decoded).save(paths[2])
                found = visual.score(visual.distortions(visual.Reference(tensor(original)), tensor(decoded))).item()
                self.assertAlmostEqual(found, compute_ssimulacra2(paths[0], paths[2]), delta=0.2)

    def test_positions_and_gradients(self):
        original = torch.from_numpy(self.picture(1).astype(np.float32) / 127.5 - 1)[None]
        decoded = original.clone()
        decoded[:, 64:96, 128:160] += 0.1 * torch.randn(1, 32, 32, 3)
        decoded.requires_grad_()
        total, local = visual.position_distortions(visual.Reference(original), decoded)
        self.assertEqual(local.shape, (1, 16, 20))
        where = local[0].argmax().item()
        self.assertTrue(where // 20 in (4, 5) and where % 20 in (8, 9))
        self.assertLess(local[0, 12:].max().item(), 0.05)
        total.sum().backward()
        self.assertTrue(torch.isfinite(decoded.grad).all() and decoded.grad.abs().max() > 0)


class Drawn(unittest.TestCase):
    def test_every_kind_repeats_and_fits(self):
        photograph = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
        for kind in [kind for kind, _ in synthetic.DRAWN]:
            a, b = (np.asarray(kind(np.random.default_rng(5), 96)) for _ in range(2))
            self.assertEqual((a.shape, a.dtype), ((96, 96, 3), np.uint8), kind.__name__)
            self.assertTrue((a == b).all(), kind.__name__)
        for seed in range(40):
            made = synthetic.varied(np.random.default_rng(seed), photograph, 1.0)
            self.assertEqual((made.shape, made.dtype), ((96, 96, 3), np.uint8))
        self.assertTrue(synthetic.varied(np.random.default_rng(1), photograph, 0.0) is photograph)


class Corrections(unittest.TestCase):
    def test_small_ones_pass_and_explosions_do_not(self):
        x = torch.zeros(3, 8)
        x[0, 0], x[1, 0], x[2, 0] = 1.0, 40.0, 1e6
        bounded = bound_correction(x)
        self.assertAlmostEqual(bounded[0, 0].item(), 1.0, places=4)
        self.assertLess(bounded[1:].abs().max().item(), 1e-4)


class Network(unittest.TestCase):
    def test_shuffle_inverts_unshuffle(self):
        x = torch.randn(2, 8, 16, 3)
        self.assertTrue(torch.equal(shuffle(unshuffle(x, 4), 4), x))

    def test_join_inverts_split(self):
        x = torch.randn(2 * 9 * 17, 5)
        tiles = split_tiles(x, (2, 9, 17), 7.0)
        self.assertEqual(tiles.shape, (2 * 2 * 3, 64 * 5))
        self.assertTrue(torch.equal(join_tiles(tiles, (2, 9, 17)), x))
        self.assertEqual((tiles == 7).sum(), tiles.numel() - x.numel())

    def test_paths_pass_once_through_everything(self):
        for count in range(1, 700):
            self.assertEqual(sorted(path_order(count)), list(range(count)))

    def test_synthesis_inverts_analysis(self):
        transform = model().transform
        with torch.no_grad():
            transform.analysis_gain.normal_()
            transform.synthesis_gain.copy_(-transform.analysis_gain)
        levels = torch.arange(40) % len(RUNS)
        matrices = transform.matrices()
        coefficients = torch.randn(40, transform.width) * torch.from_numpy(bit_table(RUNS) > 0)[levels]
        with torch.no_grad():
            latents = transform.synthesize(coefficients, levels, matrices)
            again = transform.analyze(latents, levels, matrices)
        self.assertTrue(torch.allclose(again, coefficients, atol=1e-4))

    def test_deeper_networks_start_as_they_were(self):
        codec = model()
        pixels, levels = torch.rand(1, 64, 64, 3) * 2 - 1, torch.arange(16).reshape(1, 4, 4) % len(RUNS)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.safetensors")
            write_weights(codec, path)
            with self.assertRaises(SystemExit):
                metadata(dataclasses.replace(codec.config, activation="silu"))
            deeper = read_weights(path, ("encoder_fine", "decoder_coarse", "prior_blocks"))
        self.assertEqual((deeper.config.encoder_fine, len(deeper.prior.blocks)), (3, 4))
        identity = lambda part, *_: part
        with torch.no_grad(), codec.whole_numbers(), deeper.whole_numbers():
            wanted, got = codec(pixels, levels, identity), deeper(pixels, levels, identity)
        self.assertTrue(torch.allclose(got, wanted, atol=1e-3))

    def test_whole_numbers_are_multiples_of_a_rows_scale(self):
        x = torch.randn(5, 40) * torch.tensor([1e-3, 1, 7, 100, 0])[:, None]
        x.requires_grad_()
        rounded = whole_numbers(x)
        scale = (x.detach().abs().amax(1, keepdim=True) / 127).clamp(min=1e-20)
        multiples = rounded / scale
        self.assertTrue(torch.allclose(multiples, multiples.round(), atol=1e-3))
        self.assertEqual(multiples.abs().amax(1).round().tolist(), [127] * 4 + [0])
        self.assertLessEqual((multiples - x / scale).abs().max(), 0.501)
        rounded.sum().backward()
        self.assertTrue(torch.equal(x.grad, torch.ones_like(x)))

    def test_whole_numbers_change_little_and_only_inside(self):
        codec = model()
        pixels, levels = torch.rand(1, 64, 64, 3) * 2 - 1, torch.arange(16).reshape(1, 4, 4) % len(RUNS)
        identity = lambda part, *_: part
        with torch.no_grad():
            for head in (codec.encoder.head, codec.prior.head, codec.decoder.head):  # nothing comes out of new ones
                head.weight.normal_(std=0.1)
            before = codec(pixels, levels, identity)
            with codec.whole_numbers():
                inside = codec(pixels, levels, identity)
            after = codec(pixels, levels, identity)
        self.assertTrue(torch.equal(before, after))
        change = ((inside - before) ** 2).mean() / (before**2).mean()
        self.assertTrue(0 < change < 1e-3, change)

    def test_both_divergences_train(self):
        for divergence in ("exact", "target"):
            codec = model(divergence=divergence)
            pixels = torch.rand(1, 64, 96, 3) * 2 - 1
            levels = torch.arange(24).reshape(1, 4, 6) % len(RUNS)
            bits = []
            sample = lambda part, level, tilts, spreads, shape: codec.sample(
                part, level, tilts, shape, spreads, bits=bits
            )
            y, log_variances = codec.encode(pixels, levels)
            decoded = codec.decoder(codec.transmit(y, levels, sample, log_variances), levels)
            self.assertEqual(decoded.shape, pixels.shape)
            loss = ((decoded - pixels) ** 2).mean()
            if divergence == "target":
                loss = loss + TargetDivergence(bits=0).loss(
                    torch.cat([b.reshape(-1) for b, _ in bits]), torch.cat([s.reshape(-1) for _, s in bits])
                )
            loss.backward()
            for name, p in codec.named_parameters():
                self.assertTrue(p.grad is None or torch.isfinite(p.grad).all(), name)

    def test_real_codes_err_as_the_noise_does(self):
        codec = model()
        y = torch.randn(600, codec.transform.width)
        levels = torch.full((600,), 3)
        used = int((bit_table(RUNS)[3] > 0).sum())
        with torch.no_grad():
            # The tilts that give each coefficient about the bits of its step.
            tilts = codec.tilts(levels, codec.bits[levels] * math.log(2))
            real = ((RealCodes(codec)(y, levels, tilts, None, (1, 20, 30)) - y)[:, :used] ** 2).mean()
            noise = ((codec.sample(y, levels, tilts, (1, 20, 30)) - y)[:, :used] ** 2).mean()
        self.assertLess(abs(math.log(real / noise)), 0.2)


if __name__ == "__main__":
    unittest.main()
