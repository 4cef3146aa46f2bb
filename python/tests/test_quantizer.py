import json
import math

import gqimg
import numpy as np
import pytest
from gqimg.quantizer import Loss


def floats(bits):
    return np.array(bits, "<u4").view("<f4")


def test_golden_vectors(testdata):
    """Those of the Swift library, from the published formulas in PyTorch."""
    files = sorted((testdata.parent / "Tests/GaussianQuantTests/Golden").glob("quantizer-*.json"))
    assert len(files) > 20
    for file in files:
        golden = json.loads(file.read_text())
        shape = (golden["size"], golden["dimension"])
        codebook = {"philox": "noise", "sobol": "sobol"}.get(golden["source"])
        quantizer = gqimg.GaussianQuant(
            golden["dimension"], golden["size"], golden["seed"], golden["beta"], grouping=golden["grouping"],
            codebook=codebook or floats(golden["codewords"]).reshape(shape), logvar_range=golden["logVariances"])
        z = floats(golden["input"]).reshape(golden["shape"])
        values, indices, bits = quantizer(z, golden["axis"])
        assert list(indices.shape) == golden["indicesShape"] and indices.ravel().tolist() == golden["indices"], file
        assert list(values.shape) == golden["valuesShape"]
        assert values.ravel().view("<u4").tolist() == golden["values"]
        assert np.array_equal(quantizer.indices_to_values(indices, golden["axis"]), values)
        assert bits.mean() == pytest.approx(golden["mean"], rel=1e-5)
        assert quantizer.loss()(bits) == pytest.approx(golden["loss"], rel=1e-5)


def test_golden_posteriors_and_loss(testdata):
    folder = testdata.parent / "Tests/GaussianQuantTests/Golden"
    for file in folder.glob("sample-*.json"):
        golden = json.loads(file.read_text())
        quantizer = gqimg.GaussianQuant(golden["dimension"], golden["size"], logvar_range=golden["logVariances"])
        mu, std = quantizer.posteriors(floats(golden["input"]).reshape(golden["shape"]), golden["axis"])
        assert list(mu.shape) == golden["resultShape"]
        assert np.allclose(mu.ravel(), golden["means"]) and np.allclose(std.ravel(), golden["deviations"])
    for file in folder.glob("training-*.json"):
        golden = json.loads(file.read_text())
        loss = Loss(golden["target"], golden["tolerance"], golden["step"], golden["lamRange"])
        for batch, state in zip(golden["batches"], golden["states"]):
            value = loss(batch)
            loss.update(batch)
            assert [value, loss.lam, loss.lam_max, loss.lam_min] == pytest.approx(state, rel=1e-6)


def test_the_published_example():
    z = np.zeros((1, 12, 64, 64), np.float32)
    quantizer = gqimg.GaussianQuant(3, 128, codebook="sobol")
    values, indices, bits = quantizer(z, axis=1)
    assert values.shape == (1, 6, 64, 64) and indices.shape == (1, 2, 64, 64) and not bits.any()
    assert np.array_equal(quantizer.indices_to_values(indices, axis=1), values)
    assert quantizer.seed == 42 and quantizer.loss().target == 7


def test_sobol_is_that_of_torch():
    torch = pytest.importorskip("torch")
    norm = pytest.importorskip("scipy.stats").norm
    for dimension, size, seed in ((1, 16, 42), (3, 100, 7), (16, 4096, 42), (64, 512, 2**33 + 5)):
        points = torch.quasirandom.SobolEngine(dimension, scramble=True, seed=seed).draw(size)
        expected = torch.from_numpy(norm.ppf(points.numpy())).float().numpy()
        found = gqimg.GaussianQuant(dimension, size, seed, codebook="sobol").codebook
        assert np.array_equal(found, expected)


def test_any_size_and_values():
    assert gqimg.GaussianQuant(3, 100).loss().target == math.log2(100)
    assert np.array_equal(gqimg.GaussianQuant(3, 100).codebook, gqimg.GaussianQuant(3, 128).codebook[:100])
    own = np.array([[-1.0], [0.0], [1.5]])
    quantizer = gqimg.GaussianQuant(1, 3, codebook=own)
    assert quantizer(np.array([[1.4, -9], [-0.1, -9], [-0.8, -9]]), -1).indices.ravel().tolist() == [2, 1, 0]
    assert np.array_equal(quantizer.codebook, own)


def test_samples():
    z = np.concatenate([np.full((6, 5000), 0.5), np.full((6, 5000), -2.0)]).astype(np.float32)
    quantizer = gqimg.GaussianQuant(3, 128)
    sample = quantizer.sample(z, 0, np.random.default_rng(1))
    assert sample.shape == (6, 5000) and sample.dtype == np.float32
    assert np.array_equal(sample, quantizer.sample(z, 0, np.random.default_rng(1)))
    assert abs(sample.mean() - 0.5) < 0.01 and abs(sample.var() - math.exp(-2)) < 0.01


def test_what_is_refused():
    quantizer = gqimg.GaussianQuant(2, 16)
    for z, axis in (
        (np.zeros((3, 6)), 1), (np.zeros((3, 0)), 1), (np.zeros((4, 4)), 2), (np.zeros((4, 4)), -3),
        (np.full((4, 4), np.nan), 1), (np.full((4, 4), np.inf), 1),
    ):
        with pytest.raises(ValueError):
            quantizer(z, axis)
    for options in (
        {"size": 1}, {"size": 2**20 + 1}, {"dimension": 0}, {"dimension": 65}, {"codebook": "noises"}, {"grouping": "other"},
        {"codebook": np.zeros((15, 2))}, {"codebook": np.full((16, 2), np.nan)}, {"logvar_range": (1, 0)},
        {"logvar_range": (-np.inf, 0)}, {"beta": np.nan}, {"seed": -1},
    ):
        with pytest.raises(ValueError):
            gqimg.GaussianQuant(**({"dimension": 2, "size": 16} | options))
    for wrong in ({"lam_factor": 0.5}, {"lam_range": (2, 3)}, {"lam_range": (0, 3)}):
        with pytest.raises(ValueError):
            quantizer.loss(**wrong)
    with pytest.raises(ValueError):
        quantizer.indices_to_values([16], 0)


def test_extents_whose_product_overflows():
    from ctypes import POINTER, c_float, c_uint32, cast

    from gqimg._native import library

    quantizer = gqimg.GaussianQuant(2, 16)
    one = cast((c_float * 8)(), POINTER(c_float))
    index = cast((c_uint32 * 8)(), POINTER(c_uint32))
    for outer, channels, inner in ((2**62, 4, 4), (1, 2**63, 2), (2**32, 4, 2**32), (0, 4, 1), (1, 4, 0)):
        assert library.gqimg_quantize_posteriors(quantizer._handle, one, outer, channels, inner, index, None, None) == 1
        assert library.gqimg_indices_to_values(quantizer._handle, index, outer, channels, inner, one) == 1
