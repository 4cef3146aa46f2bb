import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("scipy")

import gqimg  # noqa: E402
from gqimg.torch import GaussianQuant, nearest, philox_codebook, sobol_codebook  # noqa: E402


def posterior(*shape, axis=1, seed=1):
    generator = torch.Generator().manual_seed(seed)
    means = torch.randn(shape, generator=generator)
    return torch.cat([means, torch.rand(shape, generator=generator) * -4], dim=axis)


def test_the_published_example():
    mu = torch.zeros([1, 6, 64, 64])
    z = torch.cat([mu, torch.zeros([1, 6, 64, 64])], dim=1).requires_grad_()
    gq = GaussianQuant(dim=3, dim_idx=1, codebook_size=128)
    gq.train()
    zhat, log = gq(z)
    log["kl-loss"].backward()
    assert zhat.shape == mu.shape and log["indices"].shape == (1, 2, 64, 64)
    assert log["kl-loss"] == 0 and log["lam"] < 1 and log["lam-min"] < 1 and log["lam-max"] == 1
    gq.eval()
    zhat, log = gq(z)
    # The published sum of differences is 0, and a posterior that is the prior says nothing: the first codeword is taken.
    assert torch.equal(log["zhat_quant"], gq.indices_to_codes(log["indices"]))
    assert torch.allclose(zhat, log["zhat_quant"], atol=1e-6) and not log["indices"].any()
    assert abs(log["zhat_noquant"].abs().mean() - (2 / np.pi) ** 0.5) < 0.02


@pytest.mark.parametrize("dimension, size", [(1, 16), (2, 256), (3, 128), (8, 4096)])
def test_same_indices_as_the_library(dimension, size):
    generator = np.random.default_rng(dimension)
    means = generator.normal(size=(1500, dimension)).astype(np.float32)
    variances = np.exp(generator.uniform(-8, 1, means.shape)).astype(np.float32)
    native = gqimg.GaussianQuant(dimension, size, seed=7, beta=0.9)
    expected = native.quantize(means, variances)
    code = philox_codebook(size, dimension, 7)
    found = nearest(torch.from_numpy(means), torch.from_numpy(variances), code, 0.9)
    assert np.array_equal(found.numpy(), expected)
    assert np.array_equal(code[found].numpy(), native.indices_to_codes(expected))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_any_axis_and_grouping(axis):
    shape = [5, 5, 5]
    shape[axis] = 6
    z = posterior(*shape, axis=axis)
    gq = GaussianQuant(3, axis, 64, codebook="philox", seed=3)
    _, log = gq.eval()(z)
    mu, logvar = (np.moveaxis(half.numpy(), axis, -1) for half in z.chunk(2, axis))
    indices = np.moveaxis(log["indices"].numpy(), axis, -1)
    native = gqimg.GaussianQuant(3, 64, seed=3)
    for group in range(2):
        variances = np.exp(logvar[..., group::2].astype(np.float64)).astype(np.float32)
        assert np.array_equal(native.quantize(mu[..., group::2], variances), indices[..., group])
    assert torch.equal(gq.indices_to_codes(log["indices"]), log["zhat_quant"])


def test_codebooks():
    assert torch.equal(sobol_codebook(64, 4, 5), GaussianQuant(4, -1, 64, seed=5).prior_samples)
    # The first points of torch's engine of seed 42 in two dimensions, through the normal quantiles.
    engine = torch.quasirandom.SobolEngine(2, scramble=True, seed=42).draw(100)
    assert torch.allclose(sobol_codebook(100, 2), torch.special.ndtri(engine.double()).float(), rtol=1e-5, atol=1e-6)
    own = torch.tensor([[-1.0], [0.0], [1.5]])
    gq = GaussianQuant(1, -1, 3, codebook=own).eval()
    z = torch.tensor([[1.4, -9.0], [-0.1, -9.0], [-0.8, -9.0]])
    assert gq(z)[1]["indices"].flatten().tolist() == [2, 1, 0]
    assert torch.equal(philox_codebook(100, 3), philox_codebook(128, 3)[:100])
    assert gq.state_dict() == {}


def test_gradients_and_modes():
    z = posterior(2, 6, 4, 4).requires_grad_()
    for ste in (True, False):
        gq = GaussianQuant(3, 1, 128, use_ste=ste).train()
        zhat, log = gq(z)
        assert torch.allclose(zhat, log["zhat_quant"] if ste else log["zhat_noquant"], atol=1e-5)
        gradient, = torch.autograd.grad(zhat.sum(), z)
        assert torch.equal(gradient[:, :6], torch.ones_like(gradient[:, :6])) and gradient[:, 6:].abs().sum() > 0
        zhat, log = gq.eval()(z)
        assert torch.allclose(zhat, log["zhat_quant"], atol=1e-5)


def test_loss_draws_to_the_target():
    z = torch.nn.Parameter(posterior(8, 6, 4, 4))
    gq = GaussianQuant(3, 1, 128).train()
    optimizer = torch.optim.Adam([z], 0.02)
    for _ in range(300):
        _, log = gq(z)
        # Something that wants detail, as a decoder does.
        loss = log["kl-loss"] * 0.1 + z[:, 6:].exp().sum(1).mean() * 5
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert abs(float(log["bits-mean"]) - 7) < 1 and log["lam"] != 1


def test_factors_stay_in_range_and_still_in_evaluation():
    gq = GaussianQuant(1, -1, 16, lam_factor=2, lam_range=(0.25, 4))
    wide, narrow = torch.tensor([[9.0, 0.0]]), torch.tensor([[0.0, 0.0]])
    for _ in range(9):
        gq(torch.cat([wide, narrow]))
    assert (gq.lam_max, gq.lam_min) == (4, 0.25)
    gq(torch.tensor([[0.0, -6.5]]))
    assert (gq.lam_max, gq.lam_min) == (2, 0.5)
    gq.eval()(wide)
    assert (gq.lam_max, gq.lam_min) == (2, 0.5)


def test_what_is_refused():
    for wrong in (
        {"dim": 0}, {"codebook_size": 1}, {"beta": float("nan")}, {"lam_factor": 0.5}, {"logvar_range": (1, 0)},
        {"codebook": "noise"}, {"codebook": torch.zeros(3, 3)}, {"lam_range": (2, 3)},
    ):
        with pytest.raises(ValueError):
            GaussianQuant(**({"dim": 3, "dim_idx": 1, "codebook_size": 16} | wrong))
    gq = GaussianQuant(3, 1, 16)
    for z in (torch.zeros(1, 5, 2), torch.zeros(1, 0, 2), torch.full((1, 6, 2), float("nan"))):
        with pytest.raises(ValueError):
            gq(z)
