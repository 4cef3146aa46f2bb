"""Muon for the matrices of the 1x1 convolutions, AdamW for the rest; averages between processes."""

import torch
import torch.distributed as dist

ADAM_BETAS = (0.9, 0.98)

# Processors without instructions for bfloat16 multiply it several times more slowly than 32-bit numbers.
PRODUCTS = torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


def orthogonalize(matrix, steps=5):
    """Newton-Schulz iteration towards the nearest orthogonal matrix (Jordan et al., Muon, 2024)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.to(PRODUCTS)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).float()


class Muon:
    """Momentum whose matrix updates are orthogonalized; the matrices are divided among the processes."""

    def __init__(self, parameters, rate=0.01, momentum=0.95):
        self.parameters = list(parameters)
        self.rate, self.momentum = rate, momentum
        self.buffers = [torch.zeros_like(p) for p in self.parameters]
        # Largest first, in turn: each process orthogonalizes about the same work.
        order = sorted(range(len(self.parameters)), key=lambda k: -self.parameters[k].numel())
        world = dist.get_world_size() if dist.is_initialized() else 1
        self.owner = [0] * len(order)
        for place, k in enumerate(order):
            self.owner[k] = place % world

    @torch.no_grad()
    def step(self, factor):
        rank = dist.get_rank() if dist.is_initialized() else 0
        updates = []
        for k, (p, buffer) in enumerate(zip(self.parameters, self.buffers)):
            buffer.mul_(self.momentum).add_(p.grad)
            if self.owner[k] == rank:
                updates.append(orthogonalize(p.grad + self.momentum * buffer))
            else:
                updates.append(torch.zeros_like(p))
        if dist.is_initialized() and dist.get_world_size() > 1:
            flat = torch.cat([u.reshape(-1) for u in updates])
            dist.all_reduce(flat)
            updates = [part.view_as(p) for part, p in zip(flat.split([p.numel() for p in self.parameters]), self.parameters)]
        for p, update in zip(self.parameters, updates):
            scale = max(1.0, p.shape[0] / p.shape[1]) ** 0.5
            p.add_(update, alpha=-self.rate * factor * scale)

    def state_dict(self):
        return {"buffers": self.buffers}

    def load_state_dict(self, state):
        for mine, stored in zip(self.buffers, state["buffers"]):
            mine.copy_(stored)


def split(model, transform_rate=0.05):
    """(matrices, AdamW groups of the rest): the levels' transforms learn at 1/20 of the rate."""
    matrices, plain, transforms = [], [], []
    for name, p in model.named_parameters():
        if name.endswith(("transform.analysis", "transform.synthesis")):
            transforms.append(p)
        elif p.ndim == 2 and name.endswith("weight"):
            matrices.append(p)
        else:
            plain.append(p)
    return matrices, [{"params": plain, "scale": 1.0}, {"params": transforms, "scale": transform_rate}]


def average_gradients(parameters):
    if not (dist.is_initialized() and dist.get_world_size() > 1):
        return
    flat = torch.cat([p.grad.reshape(-1) for p in parameters])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for part, p in zip(flat.split([p.numel() for p in parameters]), parameters):
        p.grad.copy_(part.view_as(p))
