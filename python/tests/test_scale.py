import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time

import gqimg
import numpy as np
import pytest
from PIL import Image, ImageOps

pytest.importorskip("ray.data", reason="Ray Data is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="PyArrow is not installed")


def free_ports(count):
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """The address of a Ray cluster of this machine alone.

    Its agents' ports are given: Ray waits 15 seconds, and no longer, for agents that look for their own, which is too
    short on a busy machine.
    """
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    options = ("port", "metrics-export-port", "dashboard-agent-grpc-port", "dashboard-agent-listen-port", "runtime-env-agent-port")
    ports = free_ports(len(options))
    log = tmp_path / "ray.log"
    with open(log, "wb") as output:
        head = subprocess.Popen(
            [
                sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus", "2",
                "--include-dashboard=false", "--disable-usage-stats",
                *(f"--{option}={port}" for option, port in zip(options, ports)),
            ],
            stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 120
        while "Ray runtime started" not in log.read_text():
            if head.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"Ray does not start here: {log.read_text()[-500:]}")
            time.sleep(0.2)
        yield re.search(r"--address='([^']+)'", log.read_text())[1]
    finally:
        head.terminate()
        head.wait(60)


def test_compresses_a_directory(cluster, testdata, tmp_path):
    source, target = tmp_path / "pictures", tmp_path / "small"
    (source / "inner").mkdir(parents=True)
    for name in ("sample.png", "inner/camera.png", "read/rgba.png", "read/orientation-6.jpg"):
        shutil.copy(testdata / name.replace("inner/", ""), source / name.replace("read/", ""))
    (source / "broken.png").write_bytes((testdata / "sample.png").read_bytes()[:2000])
    (source / "notes.txt").write_text("no picture")

    def run():
        script = testdata.parent / "Examples/scale/compress_directory.py"
        return subprocess.run(
            [sys.executable, script, source, target, "--quality", "60", "--psnr", "--address", cluster],
            capture_output=True, text=True, timeout=600)

    first = run()
    assert first.returncode == 1, first.stderr
    assert "broken.png: " in first.stderr and "compressed: 4, failed: 1" in first.stdout

    rows = {row["name"]: row for row in parquet.read_table(target / "rates").to_pylist()}
    assert rows.keys() == {"sample.png", "inner/camera.png", "rgba.png", "orientation-6.jpg", "broken.png"}
    assert rows.pop("broken.png")["error"]
    for name, row in rows.items():
        pixels = np.asarray(ImageOps.exif_transpose(Image.open(source / name)))
        data = (target / f"{name}.gqz").read_bytes()
        found, restored = gqimg.info(data), gqimg.decode(data).astype(float)
        colours = (..., slice(3)) if pixels.ndim == 3 else ...
        error = np.mean((restored[colours] - pixels[colours]) ** 2)
        assert (found.height, found.width) == pixels.shape[:2] == (row["height"], row["width"])
        assert row["bytes"] == len(data) and row["bpp"] == pytest.approx(8 * len(data) / (row["width"] * row["height"]))
        assert row["source_bytes"] == os.path.getsize(source / name) and row["error"] == ""
        assert row["psnr"] == pytest.approx(10 * np.log10(255**2 / error)) and row["cpu_seconds"] > 0
        assert data == gqimg.encode(pixels, quality=60, icc=Image.open(source / name).info.get("icc_profile"))

    # Again: only what failed, and nothing else is written anew.
    (target / "sample.png.gqz").write_bytes(b"kept")
    shutil.copy(testdata / "sample.png", source / "broken.png")
    second = run()
    assert second.returncode == 0, second.stderr
    assert "to compress: 1, done before: 4" in second.stdout and "compressed: 5, failed: 0" in second.stdout
    assert (target / "sample.png.gqz").read_bytes() == b"kept"
    assert not list(target.rglob("*.part"))
