"""Trains with one process per core: python -m gqtrain --data DIR --output DIR; the same again resumes."""

import os
import sys

import torch
from PIL import Image

from .data import paths
from .train import parse


def main():
    a = parse()
    files = paths(a.data)
    sizes = [min(Image.open(path).size) for path in files]
    if max(sizes) < a.crop:
        sys.exit(f"no picture in {a.data} has {a.crop} pixels both ways; the largest has {max(sizes)}")
    checkpoint = os.path.join(a.output, "checkpoint.pt")
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint, weights_only=False)["state"]
        if (state["step"] / a.steps if a.steps else state["seconds"] / 3600 / a.hours) >= 1:
            print(f"{a.output} is finished at step {state['step']}. Next: make export RUN={a.output}")
            return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={os.cpu_count()}", "-m", "gqtrain.train"]
    os.execv(sys.executable, [*command, *sys.argv[1:]])


if __name__ == "__main__":
    main()
