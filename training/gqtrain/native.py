"""The program's own solver and search, compiled on first use; needs clang, which comes with Swift."""

import ctypes
import functools
import glob
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

_here = os.path.dirname(os.path.abspath(__file__))
_SOURCES = ("TrellisSearch.c", "VectorMath.c", "InstructionSets.c")


@functools.cache
def library():
    kernels = os.path.join(_here, "..", "..", "Sources", "CKernels")
    own = os.path.join(_here, "quantizer.c")
    files = [own, *sorted(glob.glob(os.path.join(kernels, "**", "*.[ch]"), recursive=True))]
    digest = hashlib.sha256(b"".join(pathlib.Path(f).read_bytes() for f in files)).hexdigest()[:16]
    path = os.path.join(tempfile.gettempdir(), f"gqtrain-{os.getuid()}-{digest}.so")
    if not os.path.exists(path):
        swift = shutil.which("swift")
        beside = os.path.join(os.path.dirname(os.path.realpath(swift)), "clang") if swift else ""
        compiler = os.environ.get("CC") or shutil.which("clang") or beside
        made = f"{path}.{os.getpid()}"
        include = os.path.join(kernels, "include")
        sources = [own, *(os.path.join(kernels, name) for name in _SOURCES)]
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-I", include, *sources, "-o", made], check=True)
        os.replace(made, path)
    return ctypes.CDLL(path)


def _pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def solve(squares, offsets, bits, nats):
    """u of every row, [rows]: squares and log-variance offsets [rows, width] float32, bits [rows, width] uint8, nats [rows]."""
    squares, offsets = np.ascontiguousarray(squares, np.float32), np.ascontiguousarray(offsets, np.float32)
    bits, nats = np.ascontiguousarray(bits, np.uint8), np.ascontiguousarray(nats, np.float64)
    result = np.empty(len(nats), np.float32)
    status = library().gqt_offsets(
        _pointer(squares), _pointer(offsets), _pointer(bits), _pointer(nats), ctypes.c_size_t(squares.shape[0]),
        ctypes.c_size_t(squares.shape[1]), _pointer(result),
    )
    assert status == 0
    return result


def trellis(quantiles, places, state_bits):
    """A trellis that searches share; it is never freed."""
    quantiles, places = np.ascontiguousarray(quantiles, np.float32), np.ascontiguousarray(places, np.uint16)
    create = library().gq_trellis_create
    create.restype = ctypes.c_void_p
    made = create(_pointer(quantiles), _pointer(places), state_bits)
    assert made
    return ctypes.c_void_p(made)


def paths(trellis, state_bits, starts, means, variances, bits, begins):
    """Codewords [rows, width] of the best path of every row, zeros where nothing is sent. `begins` [rows], int64, holds
    the states that paths go on from, -1 for none yet, and receives their last."""
    means, variances = np.ascontiguousarray(means, np.float32), np.ascontiguousarray(variances, np.float32)
    bits = np.ascontiguousarray(bits, np.uint8)
    values = np.zeros(means.shape, np.float32)
    status = library().gqt_paths(
        trellis, state_bits, ctypes.c_uint32(starts), _pointer(means), _pointer(variances), _pointer(bits),
        ctypes.c_size_t(means.shape[0]), ctypes.c_size_t(means.shape[1]), _pointer(begins), _pointer(values),
    )
    assert status == 0
    return values
