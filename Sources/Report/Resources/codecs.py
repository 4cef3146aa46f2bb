"""Codecs of the package imagecodecs for `gqimg report`: a line of JSON in, a line of JSON out, pixels in files.

Times are those of the codec's call alone, pixels in memory to bytes in memory or back.
"""

import json
import os
import sys
import time

import imagecodecs
import numpy

# Whatever libraries print must not stand between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def colours(x):
    """Grey as three equal components, for codecs that have no grey."""
    if x.ndim == 2:
        return numpy.repeat(x[..., None], 3, 2)
    if x.shape[2] == 2:
        return numpy.concatenate([numpy.repeat(x[..., :1], 3, 2), x[..., 1:]], 2)
    return x


def avif_encode(x, request):
    # imagecodecs keeps grey without loss whatever the quality; equal components cost next to nothing more.
    return imagecodecs.avif_encode(
        colours(x), level=request["quality"], speed=6, pixelformat="444", numthreads=request["threads"])


def jxl_encode(x, request):
    return imagecodecs.jpegxl_encode(
        x, distance=request["quality"], effort=7, lossless=False, numthreads=request["threads"])


def webp_encode(x, request):
    return imagecodecs.webp_encode(colours(x), level=request["quality"], method=6, lossless=False)


CODECS = {
    "avif": (avif_encode, lambda b, t: imagecodecs.avif_decode(b, numthreads=t), imagecodecs.avif_version),
    "jxl": (jxl_encode, lambda b, t: imagecodecs.jpegxl_decode(b, numthreads=t), imagecodecs.jpegxl_version),
    "webp": (webp_encode, lambda b, t: imagecodecs.webp_decode(b), imagecodecs.webp_version),
}


def timed(body):
    start, processor = time.perf_counter(), time.process_time()
    result = body()
    return result, dict(seconds=time.perf_counter() - start, processorSeconds=time.process_time() - processor)


def answer(request):
    if request["action"] == "versions":
        return dict(versions={name: version() for name, (_, _, version) in CODECS.items()})
    encode, decode, _ = CODECS[request["codec"]]
    if request["action"] == "encode":
        shape = [request["height"], request["width"]] + ([request["channels"]] if request["channels"] > 1 else [])
        x = numpy.ascontiguousarray(numpy.fromfile(request["input"], numpy.uint8).reshape(shape))
        data, times = timed(lambda: encode(x, request))
        with open(request["output"], "wb") as file:
            file.write(data)
        return times
    with open(request["input"], "rb") as file:
        data = file.read()
    x, times = timed(lambda: decode(data, request["threads"]))
    x = numpy.asarray(x)
    if x.dtype != numpy.uint8:
        raise ValueError(f"decoded {x.dtype} instead of uint8")
    numpy.ascontiguousarray(x).tofile(request["output"])
    return dict(times, height=x.shape[0], width=x.shape[1], channels=1 if x.ndim == 2 else x.shape[2])


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception as error:
        result = dict(error=f"{type(error).__name__}: {error}")
    result["total"] = time.process_time()
    answers.write(json.dumps(result) + "\n")
    answers.flush()
