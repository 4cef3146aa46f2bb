"""Tests of the training code: the constraint, the published loss, the level tables, the network's shapes."""

import math
import unittest

import numpy as np
import torch

from gqtrain.codes import RealCodes
from gqtrain.data import level_factors
from gqtrain.divergence import LN_K, ExactDivergence, TargetDivergence, divergence_bits
from gqtrain.levels import INDICES, LATENTS, LEVELS, stages
from gqtrain.network import Codec, Config, shuffle, unshuffle


class Divergence(unittest.TestCase):
    def test_exact_for_every_energy(self):
        solver = ExactDivergence()
        energy = torch.linspace(0, 60, 4001)
        for dimension in (4, 8, 16):
            log_variance = solver(energy, torch.full(energy.shape, dimension)).double()
            mean_square = -torch.expm1(log_variance) * energy.double()
            nats = dimension / 2 * (mean_square + log_variance.exp() - 1 - log_variance)
            self.assertLess((nats / math.log(2) - 16).abs().max().item(), 1e-3)

    def test_gradient_is_the_implicit_derivative(self):
        solver = ExactDivergence()
        energy = torch.tensor([0.3, 1.0, 4.0], requires_grad=True)
        size = torch.tensor([16, 8, 4])
        solver(energy, size).sum().backward()
        step = 1e-2
        with torch.no_grad():
            numeric = (solver(energy + step, size) - solver(energy - step, size)) / (2 * step)
        self.assertTrue(torch.allclose(energy.grad, numeric, rtol=2e-2))

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
    def test_every_index_is_accounted_for(self):
        first, second = stages()
        for level, groups in enumerate(LEVELS):
            self.assertEqual(len(groups), INDICES[level])
            dimensions = sum(d for _, d in groups)
            coded = (first.dimension[level] > 0).sum() + (second.dimension[level] > 0).sum()
            self.assertEqual(dimensions, coded)

    def test_more_bits_leave_less(self):
        left = np.log(level_factors()[:, :LATENTS]).sum(1)
        self.assertTrue((np.diff(left) < 0).all())


class Network(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.config = dict(fine=32, coarse=32, prior=32)

    def test_shuffle_inverts_unshuffle(self):
        x = torch.randn(2, 8, 16, 3)
        self.assertTrue(torch.equal(shuffle(unshuffle(x, 4), 4), x))

    def test_both_divergences_train(self):
        for divergence in ("exact", "target"):
            model = Codec(Config(**self.config, divergence=divergence))
            pixels = torch.rand(1, 64, 96, 3) * 2 - 1
            levels = torch.arange(24).reshape(1, 4, 6) % len(LEVELS)
            bits = []
            decoded = model(pixels, levels, lambda *v: model.sample(*v, bits=bits))
            self.assertEqual(decoded.shape, pixels.shape)
            loss = ((decoded - pixels) ** 2).mean()
            if divergence == "target":
                loss = loss + TargetDivergence().loss(
                    torch.cat([b.reshape(-1) for b, _ in bits]), torch.cat([s.reshape(-1) for _, s in bits])
                )
            loss.backward()
            for name, p in model.named_parameters():
                self.assertTrue(p.grad is None or torch.isfinite(p.grad).all(), name)

    def test_real_codes_err_as_the_noise_does(self):
        model = Codec(Config(**self.config))
        y = torch.randn(400, LATENTS)
        levels = torch.full((400,), 7)
        with torch.no_grad():
            real = ((RealCodes(model)(y, levels) - y)[:, :104] ** 2).mean()
            noise = ((model.sample(y, levels) - y)[:, :104] ** 2).mean()
        self.assertLess(abs(math.log(real / noise)), 0.1)


if __name__ == "__main__":
    unittest.main()
