import concurrent.futures
import multiprocessing
import pickle
import subprocess
import sys

import gqimg
import numpy as np
import pytest
from PIL import Image


def pixels(testdata, name="sample.png"):
    return np.asarray(Image.open(testdata / name).convert("RGB"))


@pytest.mark.parametrize(
    "options, arguments",
    [
        ({"bpp": 0.5}, ["--bpp", "0.5"]),
        ({"size": 6000}, ["--size", "6000"]),
        ({"quality": 30}, ["--quality", "30"]),
        ({}, []),
        ({"bpp": 0.3, "uniform": True, "effort": 2}, ["--bpp", "0.3", "--uniform", "--effort", "2"]),
    ],
)
def test_same_bytes_and_pixels_as_the_program(program, testdata, tmp_path, options, arguments):
    program("compress", "--strip", testdata / "sample.png", tmp_path / "a.gqz", *arguments)
    data = (tmp_path / "a.gqz").read_bytes()
    assert gqimg.encode(pixels(testdata), **options) == data
    program("decompress", tmp_path / "a.gqz", tmp_path / "a.png")
    assert np.array_equal(gqimg.decode(data), np.asarray(Image.open(tmp_path / "a.png")))


@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_channels(testdata, channels):
    colours = pixels(testdata)[:40, :50]
    given = {
        None: colours[..., 1], 1: colours[..., 1:2], 2: colours[..., :2], 3: colours,
        4: np.concatenate([colours, colours[..., :1]], axis=-1),
    }[channels]
    data = gqimg.encode(given, quality=80)
    decoded = gqimg.decode(data)
    assert decoded.shape == (given.shape if channels != 1 else given.shape[:2]) and decoded.dtype == np.uint8
    found = gqimg.info(data)
    assert found[:4] == (50, 40, 1 if channels in (None, 1, 2) else 3, channels in (2, 4))
    assert gqimg.info(data[:64], header_only=True)[:3] == found[:3]
    if channels in (2, 4):
        assert np.array_equal(decoded[..., -1], given[..., -1])
    else:
        assert np.mean((decoded.astype(float) - given.reshape(decoded.shape)) ** 2) < 100


def test_arrays_that_are_no_blocks_of_memory(testdata):
    given = pixels(testdata)[::2, ::-3]
    assert gqimg.encode(given) == gqimg.encode(given.copy())


def test_metadata(testdata):
    data = gqimg.encode(pixels(testdata)[:32, :32], icc=b"profile\0x", exif=b"MM\0*", xmp=b"<x/>")
    decoded = gqimg.decode_full(data)
    assert (decoded.icc, decoded.exif, decoded.xmp) == (b"profile\0x", b"MM\0*", b"<x/>")


def test_what_is_refused(testdata):
    colours = pixels(testdata)[:32, :32]
    data = gqimg.encode(colours)

    def kind(function, *arguments, **options):
        with pytest.raises(gqimg.GQImgError) as caught:
            function(*arguments, **options)
        assert str(caught.value)
        return caught.value.kind

    assert kind(gqimg.decode, b"") == "damaged"
    assert kind(gqimg.decode, data[:-1]) == "damaged"
    assert kind(gqimg.decode, data, max_pixels=1000) == "limit-exceeded"
    assert kind(gqimg.info, b"nothing") == "damaged"
    assert kind(gqimg.encode, colours, size=10) == "target-too-small"
    assert kind(gqimg.encode, colours, effort=10) == "invalid-argument"
    assert kind(gqimg.encode, colours, quality=101) == "invalid-argument"
    assert kind(gqimg.encode, colours[:0]) == "invalid-argument"
    assert kind(gqimg.encode, np.zeros((8, 8, 5), np.uint8)) == "invalid-argument"
    assert kind(gqimg.Codec, model="/nowhere") == "no-model"
    changed = bytearray(data)
    changed[-1] ^= 1
    assert kind(gqimg.decode, changed) == "damaged"
    for wrong in (colours.astype(np.float32), colours[0, 0], colours[None]):
        with pytest.raises(TypeError):
            gqimg.encode(wrong)
    with pytest.raises(ValueError):
        gqimg.encode(colours, bpp=1, size=100)
    with pytest.raises(ValueError):
        gqimg.encode(colours, tune="taste")


def test_errors_pickle(testdata):
    with pytest.raises(gqimg.GQImgError) as caught:
        gqimg.decode(b"nothing")
    same = pickle.loads(pickle.dumps(caught.value))
    assert type(same) is gqimg.GQImgError and (same.kind, str(same)) == ("damaged", str(caught.value))
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        with pytest.raises(gqimg.GQImgError, match="."):
            pool.submit(gqimg.decode, b"nothing").result(timeout=120)


def test_numbers_are_checked_not_wrapped(testdata):
    colours = pixels(testdata)[:16, :16]
    data = gqimg.encode(colours)
    for function, options in (
        (gqimg.decode, {"data": data, "max_pixels": -1}), (gqimg.decode, {"data": data, "max_pixels": 2**64 + 256}),
        (gqimg.encode, {"pixels": colours, "effort": 2**32 + 5}), (gqimg.encode, {"pixels": colours, "size": -1}),
        (gqimg.encode, {"pixels": colours, "bpp": float("nan")}), (gqimg.encode, {"pixels": colours, "quality": float("inf")}),
        (gqimg.Codec, {"threads": 2**32}), (gqimg.GaussianQuant, {"dimension": 3, "size": 2**32 + 16}),
    ):
        with pytest.raises(ValueError):
            function(**options)
    for options in ({"effort": 5.5}, {"size": 600.5}):
        with pytest.raises(TypeError):
            gqimg.encode(colours, **options)
    assert np.array_equal(gqimg.decode(data, np.int64(256)), gqimg.decode(data))


def test_threads(testdata):
    colours = pixels(testdata)[:128, :128]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: gqimg.encode(colours, bpp=0.5), range(8)))
    assert len(set(results)) == 1


def test_quantizer():
    quantizer = gqimg.GaussianQuant(3, 128)
    every = quantizer.indices_to_codes(np.arange(128))
    assert every.shape == (128, 3) and every.dtype == np.float32
    # A certain posterior at a codeword finds it.
    assert np.array_equal(quantizer.quantize(every, np.float32(1e-6)), np.arange(128))
    generator = np.random.default_rng(1)
    means, variances = generator.normal(size=(4, 5, 3)).astype(np.float32), generator.uniform(0.01, 0.9, (4, 5, 3)).astype(np.float32)
    indices = quantizer.quantize(means, variances)
    assert indices.shape == (4, 5)
    code = every.astype(float)
    scores = (code**2 / 2 - (code - means[..., None, :]) ** 2 / (2 * variances[..., None, :].astype(float))).sum(-1)
    assert np.array_equal(indices, scores.argmax(-1))
    for axis in (0, 1, -2):
        moved = quantizer.quantize(np.moveaxis(means, -1, axis), np.moveaxis(variances, -1, axis), axis=axis)
        assert np.array_equal(moved, indices)
        assert np.array_equal(quantizer.indices_to_codes(indices, axis=axis), np.moveaxis(every[indices], -1, axis))
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError):
            quantizer.quantize(np.full((2, 3), wrong), 1)
    with pytest.raises(ValueError):
        quantizer.quantize(means, np.nan)
    for wrong in (np.array([128]), np.array([-1]), np.array([0.5])):
        with pytest.raises(ValueError):
            quantizer.indices_to_codes(wrong)
    with pytest.raises(gqimg.GQImgError):
        quantizer.quantize(means, 0)
    with pytest.raises(gqimg.GQImgError):
        gqimg.GaussianQuant(3, 100)


def test_weights_are_found_from_anywhere(testdata):
    code = "import gqimg, numpy; print(len(gqimg.encode(numpy.zeros((16, 16), numpy.uint8))))"
    made = subprocess.run([sys.executable, "-c", code], cwd="/", check=True, capture_output=True, text=True)
    assert int(made.stdout) > 30


def test_sizes_whose_product_overflows():
    from ctypes import POINTER, byref, c_size_t, c_uint8, c_void_p

    from gqimg._native import library

    data, count, sample = c_void_p(), c_size_t(), (c_uint8 * 16)()
    for width, height in [(0xFFFFFFFF, 0xFFFFFFFF), (70000, 1), (65535, 65535)]:
        status = library.gqimg_encode(
            gqimg.codec.shared()._handle, sample, width, height, 3, 0, None, byref(data), byref(count))
        assert status != 0 and not data.value and b"limit" in library.gqimg_last_error()


def test_forks_while_others_encode(testdata):
    """A child has none of the threads: it starts its own, whoever held which lock."""
    import os
    import signal
    import threading

    picture, stop = pixels(testdata)[:256, :256], threading.Event()
    expected = gqimg.encode(picture, effort=1)

    def work():
        while not stop.is_set():
            gqimg.encode(picture, effort=1)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                os._exit(0 if gqimg.encode(picture, effort=1) == expected else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        worker.join()
