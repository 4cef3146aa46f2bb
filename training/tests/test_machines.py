"""Two machines, as two torchrun of this one with folders of their own."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import torch

TRAINING = pathlib.Path(__file__).resolve().parents[1]
TESTDATA = TRAINING.parent / "testdata"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Machines(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for node, names in enumerate((("sample.png", "chelsea.png"), ("camera.png",))):
            (self.folder / f"{node}/data").mkdir(parents=True)
            for name in names:
                shutil.copy(TESTDATA / name, self.folder / f"{node}/data")

    def run_nodes(self, steps):
        """What each node printed."""
        port = free_port()
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(TRAINING)}
        nodes = [
            subprocess.Popen(
                [
                    sys.executable, "-m", "torch.distributed.run", "--nnodes=2", f"--node-rank={node}",
                    "--nproc-per-node=1", "--master-addr=127.0.0.1", f"--master-port={port}", "-m", "gqtrain.train",
                    "--data", self.folder / f"{node}/data", "--output", self.folder / f"{node}/run",
                    "--batch", "1", "--crop", "256", "--steps", str(steps), "--visual-from", "0.5",
                ],
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for node in range(2)
        ]
        try:
            printed = [node.communicate(timeout=900)[0] for node in nodes]
        finally:
            for node in nodes:
                node.kill()
        for node, text in zip(nodes, printed):
            self.assertEqual(node.returncode, 0, text)
        return printed

    def test_train_and_resume(self):
        self.assertIn("2 pictures, from step 0", self.run_nodes(2)[0])
        self.assertIn("2 pictures, from step 2", self.run_nodes(3)[0])
        checkpoint = torch.load(self.folder / "0/run/checkpoint.pt", weights_only=False)
        # Of both nodes' crops.
        self.assertEqual(checkpoint["state"]["step"], 3)
        self.assertEqual(checkpoint["state"]["pixels"], 3 * 2 * 256 * 256)
        self.assertEqual(
            sorted(p.name for p in (self.folder / "1/run").iterdir()), ["cache.index.npy", "cache.pixels.npy"])


if __name__ == "__main__":
    unittest.main()
