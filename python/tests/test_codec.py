import concurrent.futures
import json
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


def test_parts_and_smaller_pictures(testdata):
    colours = pixels(testdata)[:150, :171]
    alpha = np.arange(150 * 171, dtype=np.uint32).reshape(150, 171, 1).astype(np.uint8)
    for given in (colours, np.concatenate([colours, alpha], -1), colours[..., 1]):
        data = gqimg.encode(given, quality=60, exif=b"MM\0*")
        whole = gqimg.decode(data)
        part = gqimg.decode_full(data, region=(33, 40, 100, 7))
        assert np.array_equal(part.pixels, whole[40:47, 33:133]) and part.exif == b"MM\0*"
        for factor in (2, 8, 64):
            small = gqimg.decode(data, reduce=factor)
            blocks = whole.astype(np.float64)
            assert small.shape == (-(-150 // factor), -(-171 // factor), *whole.shape[2:])
            for y, x in ((0, 0), (small.shape[0] - 1, small.shape[1] - 1)):
                block = blocks[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
                weight = block[..., 3:] if whole.ndim == 3 and whole.shape[-1] == 4 else np.ones_like(block)
                colour = block[..., :3] if weight.shape[-1:] == (1,) else block
                expected = (colour * weight).sum((0, 1)) / np.maximum(weight.sum((0, 1)), 1)
                assert np.abs(np.atleast_1d(small[y, x])[: np.size(expected)] - expected).max() <= 0.51
        assert np.array_equal(gqimg.decode(data, reduce=1), whole)
    for wrong in ((0, 0, 0, 1), (0, 0, 172, 1), (171, 0, 1, 1), (0, 0, 2**32 - 1, 2**32 - 1), (2**32 - 1, 0, 1, 1)):
        with pytest.raises(gqimg.GQImgError, match="region"):
            gqimg.decode(data, region=wrong)
    for options in ({"reduce": 3}, {"reduce": 0}, {"reduce": 128}, {"region": (0, 0, 1)}, {"region": (-1, 0, 1, 1)},
                    {"region": (0, 0, 1, 2**32)}, {"region": (0, 0, 9, 9), "reduce": 2}):
        with pytest.raises(ValueError):
            gqimg.decode(data, **options)
    with pytest.raises(gqimg.GQImgError) as caught:
        gqimg.decode(data, 1000, reduce=64)
    assert caught.value.kind == "limit-exceeded"


def test_metadata_without_decoding(testdata):
    data = gqimg.encode(pixels(testdata)[:32, :32], icc=b"profile\0x", xmp=b"<x/>")
    assert gqimg.metadata(data) == (b"profile\0x", None, b"<x/>")


def test_lossless_progressive_and_protected(testdata):
    colours = pixels(testdata)[:100, :120]
    assert np.array_equal(gqimg.decode(gqimg.encode(colours, lossless=True)), colours)
    plain = gqimg.encode(colours, quality=70)
    progressive = gqimg.encode(colours, quality=70, progressive=True, protect=True)
    whole = gqimg.decode(progressive)
    assert np.abs(whole.astype(int) - gqimg.decode(plain)).mean() < 2 and len(progressive) > len(plain)
    page = np.full((128, 128), 255, np.uint8)
    page[20:40:4, 10:100] = 0
    assert np.array_equal(gqimg.decode(gqimg.encode(page)), page)
    assert not np.array_equal(gqimg.decode(gqimg.encode(page, graphics=False, quality=30)), page)
    # Cut within the last scan, and without its head: what is left is shown.
    cut = gqimg.recover(progressive[: len(progressive) * 2 // 3])
    assert cut.pixels.shape == colours.shape and cut.damage and 0 <= cut.untouched < 1
    assert {scan for damage in cut.damage for scan in damage.scans} <= {1, 2, 3, 4}
    assert np.mean((cut.pixels.astype(float) - colours) ** 2) < 600
    headless = gqimg.recover(progressive[:12] + bytes(20) + progressive[32:])
    assert np.array_equal(headless.pixels, whole) and headless.damage
    assert all(damage.width == 0 for damage in headless.damage)


def test_same_recovery_as_the_program(program, testdata, tmp_path):
    data = bytearray(gqimg.encode(pixels(testdata), quality=60))
    data[-1] ^= 16
    (tmp_path / "a.gqz").write_bytes(data)
    for options, arguments in (({}, []), ({"use_damaged_bits": True}, ["--use-damaged-bits"])):
        try:
            program("decompress", "--force", "--recover", *arguments, tmp_path / "a.gqz", tmp_path / "a.png")
        except subprocess.CalledProcessError as error:
            assert error.returncode == 2
        found = gqimg.recover(data, **options)
        assert np.array_equal(found.pixels, np.asarray(Image.open(tmp_path / "a.png")))
        assert len(found.damage) == 1 and found.damage[0].scans == (1, 2, 3, 4) and "checksum" in found.damage[0].reason


def test_verify(testdata):
    data = gqimg.encode(pixels(testdata)[:200, :200], icc=b"profile")
    assert gqimg.verify(data) == []
    intact = gqimg.recover(data)
    assert intact.damage == [] and intact.untouched == 1 and intact.icc == b"profile"
    changed = bytearray(data)
    changed[-1] ^= 1
    damage, = gqimg.verify(changed)
    assert damage.width > 0 and damage.x + damage.width <= 200 and "checksum" in damage.reason
    assert gqimg.recover(changed).damage == [damage]
    whole, = gqimg.verify(data[:100])
    assert whole.width == 0 and whole.reason
    assert gqimg.verify(b"")


def test_tokens(testdata):
    colours = pixels(testdata)[:100, :120]
    given = np.concatenate([colours, colours[..., :1]], -1)
    for options in ({}, {"progressive": True, "protect": True, "icc": b"profile"}):
        data = gqimg.encode(given, quality=60, **options)
        tokens = gqimg.tokens(data, states=True)
        assert tokens.tokens.shape[:2] == tokens.levels.shape == (7, 8) and tokens.tokens.min() == -1
        sent = tokens.tokens >= 0
        assert np.array_equal(tokens.states >= 0, sent)
        assert tokens.to_file() == data
        again = gqimg.Tokens.from_safetensors(tokens.to_safetensors())
        assert np.array_equal(again.states, tokens.states) and again.to_file() == data
    place = tuple(np.argwhere(sent)[0])
    tokens.tokens[place] ^= 1
    changed = tokens.to_file()
    assert len(changed) == len(data) and gqimg.verify(changed) == [] and gqimg.decode(changed).shape == given.shape
    tokens.tokens[place] = 1 << 20
    with pytest.raises(gqimg.GQImgError) as caught:
        tokens.to_file()
    assert caught.value.kind == "damaged" and "token" in str(caught.value)
    for wrong in (b"", b"\xff" * 40, tokens.to_safetensors()[:50]):
        with pytest.raises(ValueError):
            gqimg.Tokens.from_safetensors(wrong)


def test_tokens_of_the_program(program, testdata, tmp_path):
    colours = pixels(testdata)[:100, :120]
    page = np.full((100, 120, 3), 255, np.uint8)
    page[30:40:3, 10:100] = 0
    for length in range(4):
        # Of every length modulo 3, for base 64, and with a layer of graphics.
        given = np.concatenate([colours, page], 1) if length == 3 else colours
        data = gqimg.encode(given, quality=60, exif=bytes(range(length + 1)), xmp=b'"<x/>\\', progressive=length == 1)
        (tmp_path / "a.gqz").write_bytes(data)
        for ending in ("npy", "safetensors"):
            program("tokens", "export", "--force", tmp_path / "a.gqz", tmp_path / f"a.{ending}")
            program("tokens", "import", "--force", tmp_path / f"a.{ending}", tmp_path / "b.gqz")
            assert (tmp_path / "b.gqz").read_bytes() == data
        mine = gqimg.tokens(data)
        assert np.array_equal(np.load(tmp_path / "a.npy"), mine.tokens)
        theirs = json.loads((tmp_path / "a.json").read_text())
        assert theirs.keys() - mine.description.keys() <= {"levels"} and theirs["levels"] == mine.levels.tolist()
        assert list(theirs) == sorted(theirs)
        assert gqimg.Tokens.from_safetensors((tmp_path / "a.safetensors").read_bytes()).to_file() == data


def test_hostile_bytes(testdata):
    """Whatever the bytes say, every function ends in a result or in GQImgError."""
    from gqimg._native import library, taken

    colours = pixels(testdata)[:70, :90]
    generator = np.random.default_rng(5)
    made = gqimg.encode(
        np.concatenate([colours, colours[..., :1]], -1), quality=30, progressive=True, protect=True, icc=b"p", exif=b"MM\0*")
    exported = gqimg.tokens(made).to_safetensors()
    functions = [
        gqimg.decode_full, gqimg.recover, gqimg.verify, gqimg.info, gqimg.metadata, gqimg.tokens,
        lambda data: gqimg.decode(data, region=(3, 5, 40, 30)), lambda data: gqimg.decode(data, reduce=16),
        lambda data: gqimg.recover(data, use_damaged_bits=True),
    ]
    inputs = [made[:length] for length in range(0, len(made), 37)]
    for _ in range(150):
        changed = bytearray(made)
        for place in generator.integers(0, len(made) if generator.random() < 0.5 else 80, generator.integers(1, 4)):
            changed[place] = generator.integers(256)
        inputs.append(bytes(changed))
    inputs += [path.read_bytes() for path in (testdata / "malformed").glob("*.gqz")]
    refused = 0
    for data in inputs:
        for function in functions:
            try:
                function(data)
            except gqimg.GQImgError as error:
                assert error.kind in ("damaged", "limit-exceeded", "wrong-model", "invalid-argument"), (error, function)
                refused += 1
    assert refused > len(inputs)
    tokens = [exported[:length] for length in range(0, len(exported), 997)]
    for _ in range(100):
        changed = bytearray(exported)
        for place in generator.integers(0, 1500, 2):
            changed[place] = generator.integers(256)
        tokens.append(bytes(changed))
    for data in tokens:
        try:
            taken(library.gqimg_tokens_import, data, len(data))
        except gqimg.GQImgError as error:
            assert error.kind in ("damaged", "limit-exceeded"), error


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


def test_flags_that_nobody_knows():
    from ctypes import byref, c_size_t, c_uint8, c_void_p

    from gqimg._native import Options, library

    options, data, count = Options(), c_void_p(), c_size_t()
    library.gqimg_options_init(byref(options))
    options.flags = 1 << 20
    status = library.gqimg_encode(
        gqimg.codec.shared()._handle, (c_uint8 * 16)(), 4, 4, 1, 0, byref(options), byref(data), byref(count))
    assert status == 1 and not data.value and b"flags" in library.gqimg_last_error()
