"""Tests of the training code: the constraint, the levels, the network's parts, the losses, the command line."""

import contextlib
import copy
import io
import math
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch
from PIL import Image

from gqtrain import native, synthetic, visibility, visual
from gqtrain.allocation import allocated, isotonic, measure, whole_bits
from gqtrain.codes import STARTS, STATE_BITS, RealCodes, trellis
from gqtrain.components import begin_again, distribute, spread_out
from gqtrain.divergence import BOUND, NEVER, bound, divergence_bits, exact_divergence
from gqtrain.export import read_weights, write_weights
from gqtrain.levels import CODE_ERROR, LATENTS, RATE_LEVELS, bit_table, run_lengths, level_bits, standard_levels
from gqtrain.network import (
    GROUP_ENDS, TUNINGS, Codec, Config, Correction, Cosines, bounded, compress, expand, is_grey, join_tiles, shuffle, split_tiles, unshuffle,
    int8_rounded,
)
from gqtrain.optimizer import Muon
from gqtrain.train import begin_visual

#: Without bits, mixed, of luma alone, and of latents themselves with some left out.
FIRST_RUNS = ((), ((2, 8), (1, 16)), ((1, 8),), ((5, 4), (3, 20), (1, 40)), ((6, 30), (0, 10), (3, 60)))
#: Those of the first phase differ in one level.
RUNS = tuple([list(runs if k != 3 else ((7, 2), (6, 4), (3, 16), (1, 34))), *([list(runs)] * 3)] for k, runs in enumerate(FIRST_RUNS))
LUMA = (False, False, True, False, False)


def model():
    """A small codec whose transforms are orthonormal."""
    torch.manual_seed(1)
    codec = Codec(Config(fine=32, coarse=32, prior=32, predictor=16, runs=RUNS, luma=LUMA))
    with torch.no_grad():
        for matrices in zip(*codec.transform.matrices()):
            if len(matrices[0]):
                torch.nn.init.orthogonal_(matrices[0])
                matrices[1].copy_(matrices[0])
    return codec


def pictures(count=1, height=64, width=96):
    return torch.rand(count, height, width, 3, generator=torch.Generator().manual_seed(4)) * 2 - 1


def sent(part, bits, *_):
    """A quantizer that changes nothing."""
    return part * (bits > 0)


def some_levels(count=1, rows=4, columns=6):
    return torch.arange(count * rows * columns).reshape(count, rows, columns) % len(RUNS)


class Allocation(unittest.TestCase):
    def test_whole_bits_are_near_what_is_wanted(self):
        rng = np.random.default_rng(3)
        for count in (1, 8, 90, 700):
            wanted = isotonic(rng.exponential(2, count).clip(max=7.5))
            total = round(wanted.sum())
            bits = whole_bits(wanted, total)
            self.assertEqual(bits.sum(), total)
            self.assertTrue((np.diff(bits) <= 0).all())
            self.assertLess(abs(bits - wanted).max(), 1.1)

    def test_phases_keep_the_bits_of_their_levels(self):
        codec = model().eval()

        class Pictures:
            def batch(self, rng, count):
                return pictures(count).numpy()

        sums, counts = measure(codec, Pictures(), 2, np.random.default_rng(1))
        self.assertEqual(counts.sum(), 2 * 8 * 24)
        again = allocated(codec, sums, counts)
        self.assertTrue(torch.equal(again.level_bits, codec.level_bits))
        self.assertFalse(torch.equal(again.bits, codec.bits))


class Divergence(unittest.TestCase):
    def test_exact_for_every_energy_and_offset(self):
        generator = torch.Generator().manual_seed(2)
        for count in (1, 4, 60, 300):
            offsets = 3 * torch.randn(200, count + 2, generator=generator)
            used = torch.ones(200, count + 2, dtype=torch.uint8)
            used[:, count:], offsets[:, count:] = 0, NEVER
            energy = torch.randn(200, count + 2, generator=generator) ** 2 * torch.linspace(0, 10, 200)[:, None]
            for bits in (0.5, 1, 2, 5):
                place = exact_divergence(energy, offsets, used, torch.full((200,), bits * count * math.log(2))).double()
                variance, log_variance = torch.sigmoid(place), torch.nn.functional.logsigmoid(place)
                nats = 0.5 * ((1 - variance) * (energy - 1) - log_variance)[:, :count].sum(1)
                self.assertLess((nats / math.log(2) / count - bits).abs().max().item(), 1e-3)

    def test_noise_is_alike_where_spreads_allow_it(self):
        spreads = torch.tensor([[8.0, 4.0, 2.0, 0.01]])
        used = torch.ones(1, 4, dtype=torch.uint8)
        place = exact_divergence(torch.ones(1, 4), -2 * spreads.log(), used, torch.tensor([6 * math.log(2)]))
        noise = (torch.sigmoid(place) * spreads**2)[0]
        # v / (1 - v) is alike in units of the spreads, so nearly v where it is small.
        self.assertLess((noise[0] / noise[1] - 1).abs().item(), 0.1)
        self.assertAlmostEqual(noise[3].item(), 1e-4, places=6)

    def test_gradient_is_the_implicit_derivative(self):
        energy = torch.tensor([[0.3, 1.0, 4.0], [1.0, 0.1, 9.0]], requires_grad=True)
        offsets = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.0, -0.3]], requires_grad=True)
        used, nats = torch.ones(2, 3, dtype=torch.uint8), torch.tensor([2.0, 4.0])
        weights = torch.tensor([[0.7, -1.3, 0.4], [0.2, 1.1, -0.5]])
        solve = lambda e, t: (weights * exact_divergence(e, t, used, nats)).sum()
        solve(energy, offsets).backward()
        for tensor in (energy, offsets):
            for index in np.ndindex(2, 3):
                ends = []
                for step in (0.01, -0.01):
                    moved = [energy.detach().clone(), offsets.detach().clone()]
                    moved[0 if tensor is energy else 1][index] += step
                    ends.append(solve(*moved).item())
                self.assertAlmostEqual(tensor.grad[index].item(), (ends[0] - ends[1]) / 0.02, delta=5e-3)

    def test_soft_clipping(self):
        x = torch.tensor([0.1, 1.0, 2.0, 3.0, 50.0, -1e9])
        clipped = bound(x)
        self.assertLess((clipped[:3] - x[:3]).abs().max().item(), 0.01)
        self.assertLessEqual(clipped.abs().max().item(), BOUND + 1e-5)


class Levels(unittest.TestCase):
    def test_runs_and_table_say_the_same(self):
        bits = bit_table(RUNS)
        self.assertEqual((bits > 0).sum(-1).tolist(), [[0, 24, 8, 56, 90], *([[0, 24, 8, 64, 90]] * 3)])
        self.assertEqual([level_bits(RUNS)] * 4, bits.sum(-1).tolist())
        for level, phases in enumerate(RUNS):
            for phase, runs in enumerate(phases):
                self.assertEqual(run_lengths(bits[phase, level]), list(runs))

    def test_groups_take_every_coefficient_once(self):
        codec = model()
        levels = torch.arange(len(RUNS))
        for phase in range(4):
            groups = [codec.group_bits(phase, levels, group) for group in range(len(GROUP_ENDS))]
            self.assertTrue(torch.equal(sum(groups), codec.bits[phase]))
            self.assertEqual([(g > 0).sum(-1).tolist() for g in groups][0], [0, 3, 1, 7 if phase == 0 else 8, 12])

    def test_standard_levels_rise(self):
        levels = standard_levels()
        self.assertEqual(sorted({bits for bits, _ in levels}), list(RATE_LEVELS))
        self.assertEqual([bits for bits, _ in levels], sorted(bits for bits, _ in levels))
        self.assertEqual(len(levels), 64)

    def test_bits_go_where_they_save_most(self):
        variance = np.repeat([100.0, 1.0, 10.0, 0.1], 4).astype(np.float32)
        self.assertTrue((np.diff(distribute(variance, 32)) <= 0).all())
        bits = distribute(variance, 32, falling=False)
        self.assertEqual(bits.sum(), 32)
        error = lambda bits: sum(v * (CODE_ERROR[b] * 4.0**-b if b else 1) for v, b in zip(variance, bits))
        # No bit is better elsewhere.
        for a in range(4):
            for b in range(4):
                moved = bits.copy()
                moved[4 * a : 4 * a + 4] -= 1
                moved[4 * b : 4 * b + 4] += 1
                if moved.min() >= 0:
                    self.assertGreaterEqual(error(moved), error(bits) - 1e-4)

    def test_patches_of_high_energy_do_not_rule_a_level_they_are_not_for(self):
        total = torch.cat([torch.ones(100), torch.full((900,), 1000.0)])
        weights = spread_out((total < 2).float(), total)
        self.assertTrue((weights > 0).all())
        self.assertLess(float((weights * total).sum()), 1.03)

    def test_levels_hardly_chosen_begin_again_with_patches_alike(self):
        generator = torch.Generator().manual_seed(1)
        z = torch.zeros(400, LATENTS)
        z[:200, :40] = torch.randn(200, 40, generator=generator)
        z[200:, 40:80] = torch.randn(200, 40, generator=generator)
        # Level 0 without bits, and three of the same bits, of which nobody chose two.
        weights = torch.tensor([0.0, 1, 0, 0]).repeat(400, 1)
        side = torch.tensor([10.0, 1, 10, 10])
        begin_again(z, weights, side, [[0], [1, 2, 3]], torch.ones(400), generator)
        for level in (2, 3):
            chosen = weights[:, level] > 0
            self.assertEqual(int(chosen.sum()), 100)
            self.assertIn(int(chosen[:200].sum()), (0, 100))
        self.assertEqual(side.tolist(), [10, 1, 1, 1])
        self.assertTrue((weights[:, 1] == 1).all())


class MuonTests(unittest.TestCase):
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

    def test_reduces_the_loss(self):
        matrices, loss = self.problem()
        self.run_steps(Muon(matrices, 0.05), matrices, loss, 300)
        self.assertLess(loss().item(), 0.01)

    def test_state_goes_on_where_it_was(self):
        matrices, loss = self.problem()
        first = Muon(matrices)
        self.run_steps(first, matrices, loss, 25)
        start, state = [m.detach().clone() for m in matrices], copy.deepcopy(first.state_dict())
        self.run_steps(first, matrices, loss, 25)
        expected = [m.detach().clone() for m in matrices]
        with torch.no_grad():
            for m, value in zip(matrices, start):
                m.copy_(value)
        second = Muon(matrices)
        second.load_state_dict(state)
        self.run_steps(second, matrices, loss, 25)
        for m, value in zip(matrices, expected):
            self.assertTrue(torch.equal(m, value))


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

    def test_visible_blocks(self):
        rng = np.random.default_rng(4)
        levels = np.full((1, 16, 24, 3), 100.0, np.float32)
        levels[:, 8:] += 40 * rng.standard_normal((8, 24, 3), np.float32)
        tensor = lambda x: torch.from_numpy(x / 127.5 - 1)
        shifted = levels.copy()
        shifted[0, :8, :8] += 6
        shifted[0, 8:, 8:16, 1] += 6
        found = visibility.visibility(tensor(shifted), tensor(levels))[0].numpy()
        deviation = np.sqrt((levels[0, 8:, 8:16].reshape(64, 3).var(0) * [0.299, 0.587, 0.114]).sum())
        wanted = np.array([[9, 0, 0], [0, 36 * 0.587 / (2 + deviation / 4) ** 2, 0]])
        np.testing.assert_allclose(found, wanted, rtol=5e-3)
        self.assertAlmostEqual(visibility.norm(tensor(shifted), tensor(levels)).item(), 3 / 6 ** (1 / 8), places=2)

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
            made, drawn = synthetic.varied(np.random.default_rng(seed), photograph, 1.0)
            self.assertEqual((made.shape, made.dtype, drawn), ((96, 96, 3), np.uint8, True))
        self.assertTrue(synthetic.varied(np.random.default_rng(1), photograph, 0.0)[0] is photograph)


class Network(unittest.TestCase):
    def test_small_corrections_pass_and_explosions_do_not(self):
        x = torch.zeros(3, 8)
        x[0, 0], x[1, 0], x[2, 0] = 1.0, 40.0, 1e6
        result = bounded(x, 4.0)
        self.assertAlmostEqual(result[0, 0].item(), 1.0, places=4)
        self.assertLess(result[1:].abs().max().item(), 1e-4)

    def test_explosions_end_in_training(self):
        """Where a correction is left out nothing tells it to grow smaller: in training it must not be."""
        correction = Correction(4.0)
        x = torch.full((3, 8), 40.0, requires_grad=True)
        correction(x).sum().backward()
        self.assertTrue((x.grad == 1).all())
        head = torch.nn.Linear(8, 8)
        descent = torch.optim.SGD(head.parameters(), 0.1)
        falling = torch.optim.lr_scheduler.LinearLR(descent, 1, 0, 300)
        features = 300 * torch.randn(64, 8, generator=torch.Generator().manual_seed(1))
        correction.excess()
        for _ in range(300):
            descent.zero_grad()
            correction(head(features))
            correction.excess().backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            descent.step()
            falling.step()
        self.assertLess(head(features).abs().max().item(), 4.0)
        self.assertTrue(torch.equal(correction.eval()(x), bounded(x, 4.0)))

    def test_shuffle_inverts_unshuffle(self):
        x = torch.randn(2, 8, 16, 3)
        self.assertTrue(torch.equal(shuffle(unshuffle(x, 4), 4), x))

    def test_join_inverts_split(self):
        x = torch.randn(2 * 9 * 17, 5)
        tiles = split_tiles(x, (2, 9, 17), 7.0)
        self.assertEqual(tiles.shape, (2 * 2 * 3, 64 * 5))
        self.assertTrue(torch.equal(join_tiles(tiles, (2, 9, 17)), x))
        self.assertEqual((tiles == 7).sum(), tiles.numel() - x.numel())

    def test_cosines_are_orthonormal_whatever_their_order(self):
        cosines = Cosines()
        cosines.order.copy_(torch.randperm(LATENTS, generator=torch.Generator().manual_seed(1)))
        x = pictures()
        y = cosines.analyze(x)
        self.assertAlmostEqual((y**2).sum().item() / (x**2).sum().item(), 1, places=5)
        self.assertTrue(torch.allclose(cosines.synthesize(y), x, atol=1e-5))
        grey = x.mean(-1, keepdim=True).expand_as(x)
        self.assertLess(cosines.analyze(grey)[..., ~cosines.is_luma].abs().max().item(), 1e-4)
        # The coefficient of no wave at all in luma.
        flat = cosines.analyze(torch.ones(1, 16, 16, 3))[0, 0, 0]
        self.assertEqual(cosines.order[flat.abs().argmax()].item(), 0)
        self.assertAlmostEqual(flat.abs().max().item(), 16 * math.sqrt(3), places=3)

    def test_companding_has_its_inverse(self):
        x, k = torch.linspace(-4, 4, 101), torch.rand(101)
        self.assertTrue(torch.allclose(compress(expand(x, k), k), x, atol=1e-5))

    def test_synthesis_inverts_analysis(self):
        transform = model().transform
        with torch.no_grad():
            transform.analysis_gain.normal_()
            transform.synthesis_gain.copy_(-transform.analysis_gain)
        levels = torch.arange(40) % len(RUNS)
        keys = levels + len(RUNS) * (torch.arange(40) % 2)
        matrices = transform.matrices()
        coefficients = torch.randn(40, LATENTS) * torch.from_numpy(bit_table(RUNS)[1] > 0)[levels]
        with torch.no_grad():
            latents = transform.synthesize(coefficients, keys, levels, matrices)
            again = transform.analyze(latents, keys, levels, matrices)
        sent = torch.from_numpy(bit_table(RUNS)[1] > 0)[levels]
        self.assertTrue(torch.allclose(again[sent], coefficients[sent], atol=1e-4))

    def test_whole_numbers_are_multiples_of_a_rows_scale(self):
        x = torch.randn(5, 40) * torch.tensor([1e-3, 1, 7, 100, 0])[:, None]
        x.requires_grad_()
        rounded = int8_rounded(x)
        scale = (x.detach().abs().amax(1, keepdim=True) / 127).clamp(min=1e-20)
        multiples = rounded / scale
        self.assertTrue(torch.allclose(multiples, multiples.round(), atol=1e-3))
        self.assertEqual(multiples.abs().amax(1).round().tolist(), [127] * 4 + [0])
        rounded.sum().backward()
        self.assertTrue(torch.equal(x.grad, torch.ones_like(x)))

    def test_whole_numbers_change_little_and_only_inside(self):
        codec = model()
        run = lambda: codec(pictures(), some_levels(), torch.tensor([0]), sent)
        with torch.no_grad():
            for head in (codec.encoder.head, codec.prior.head, codec.decoder.head, *codec.refinement.heads):  # nothing comes out of new ones
                head.weight.normal_(std=0.03)
            before = run()
            with codec.int8_rounded():
                inside = run()
            after = run()
        self.assertTrue(torch.equal(before, after))
        change = ((inside - before) ** 2).mean() / (before**2).mean()
        self.assertTrue(0 < change < 1e-3, change)

    def test_everything_gets_gradients(self):
        codec = model()
        with torch.no_grad():
            for head in (codec.encoder.head, codec.prior.head, codec.decoder.head, *codec.refinement.heads):
                head.weight.normal_(std=0.03)
        tunings = torch.tensor([0, 1])
        x = pictures(2)
        decoded = codec(x, some_levels(2), tunings)
        loss = ((decoded - x) ** 2).mean() + codec.predictor(codec.linear(x), tunings).mean()
        loss.backward()
        for name, p in codec.named_parameters():
            self.assertTrue(p.grad is not None and torch.isfinite(p.grad).all() and p.grad.abs().sum() > 0, name)

    def test_grey_stays_grey(self):
        codec = model()
        with torch.no_grad():
            codec.decoder.head.weight.normal_(std=0.1)
            x = pictures(2)
            x[1] = x[1].mean(-1, keepdim=True)
            self.assertEqual(is_grey(x).tolist(), [False, True])
            decoded = codec(x, some_levels(2), torch.tensor([0, 1]))
        self.assertGreater((decoded[0] - decoded[0].mean(-1, keepdim=True)).abs().max().item(), 0.01)
        self.assertEqual((decoded[1] - decoded[1, ..., :1]).abs().max().item(), 0)

    def test_visual_begins_as_psnr_is(self):
        codec = model()
        with torch.no_grad():
            for p in codec.parameters():
                p.add_(0.05 * torch.randn_like(p))
            x, levels = pictures(), some_levels()
            run = lambda tuning: codec(x, levels, torch.tensor([tuning]), sent)
            self.assertFalse(torch.equal(run(0), run(1)))
            begin_visual(codec, x)
            self.assertTrue(torch.equal(run(0), run(1)))

    def test_weights_are_read_as_written(self):
        codec = model()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.safetensors")
            write_weights(codec, path)
            again = read_weights(path)
        self.assertEqual(again.config, Config(**{**codec.config.dictionary(), "runs": list(RUNS), "luma": list(LUMA)}))
        with torch.no_grad(), codec.int8_rounded(), again.int8_rounded():
            wanted, got = (c(pictures(), some_levels(), torch.tensor([1]), sent) for c in (codec, again))
        self.assertTrue(torch.allclose(got, wanted, atol=1e-2))

    def test_real_codes_err_as_the_noise_does(self):
        codec = model()
        for level, tolerance in ((3, 0.2), (4, 0.35)):
            x = torch.randn(600, LATENTS)
            bits = codec.bits[1, level].expand(600, -1)
            used = bits[0] > 0
            with torch.no_grad():
                # The log-variance offsets that give each coefficient about the bits of its step.
                offsets = torch.where(used, -2 * bits * math.log(2), NEVER)
                real = ((RealCodes(codec)(x, bits, offsets, (1, 20, 30)) - x)[:, used] ** 2).mean()
                sampled = ((codec.sample(x, bits, offsets, (1, 20, 30)) - x)[:, used] ** 2).mean()
            self.assertLess(abs(math.log(real / sampled)), tolerance)

    def test_noise_errs_as_codewords_do_far_out(self):
        codec = model()
        torch.manual_seed(6)
        bits = codec.bits[1, 4].expand(600, -1)
        far = torch.rand(600, LATENTS) < 0.03
        x = torch.where(far, 2.4 * torch.randn(600, LATENTS).sign(), torch.randn(600, LATENTS))
        offsets = torch.where(bits > 0, -2 * bits * math.log(2), NEVER)
        with torch.no_grad():
            real, sampled = ((quantize(x, bits, offsets, (1, 20, 30)) - x) ** 2 for quantize in (RealCodes(codec), codec.sample))
        for many in (3, 6):
            counted = far & (bits == many)
            self.assertLess(abs(math.log(real[counted].mean() / sampled[counted].mean())), 0.5)

    def test_paths_take_every_coefficient_once(self):
        """At 8 bits a step may have almost any codeword: values come close to means where bits say so."""
        rng = np.random.default_rng(1)
        bits = np.where(rng.random((3, 50)) < 0.8, 8, 0).astype(np.uint8)
        means = rng.normal(0, 0.8, bits.shape).astype(np.float32)
        begins = np.full(3, -1, np.int64)
        values = native.paths(trellis(), STATE_BITS, STARTS, means, np.full(bits.shape, 1e-4, np.float32), bits, begins)
        self.assertTrue((values[bits == 0] == 0).all())
        self.assertLess(np.abs(values - means)[bits > 0].max(), 0.05)
        self.assertTrue((begins >= 0).all())


class CommandLine(unittest.TestCase):
    def run_main(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "gqtrain", *arguments], capture_output=True, text=True,
            cwd=os.path.join(os.path.dirname(__file__), ".."),
        )

    def test_folders_without_pictures_get_one_sentence(self):
        with tempfile.TemporaryDirectory() as folder:
            empty = self.run_main("--data", folder, "--output", os.path.join(folder, "run"))
            Image.new("RGB", (40, 40)).save(os.path.join(folder, "small.png"))
            small = self.run_main("--data", folder, "--output", os.path.join(folder, "run"))
        for done in (empty, small):
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
