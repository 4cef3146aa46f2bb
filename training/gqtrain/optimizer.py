"""Muon (or AdamW, SOAP) for the matrices of the 1x1 convolutions, AdamW for the rest; averages between processes."""

import torch
import torch.distributed as dist

ADAM_BETAS = (0.9, 0.98)


def orthogonalize(matrix, steps=5):
    """Newton-Schulz iteration towards the nearest orthogonal matrix (Jordan et al., Muon, 2024)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).float()


class Muon:
    """Momentum whose matrix updates are orthogonalized; the matrices are shared out between the processes."""

    def __init__(self, parameters, rate=0.01, momentum=0.95, decay=0.0):
        self.parameters = list(parameters)
        self.rate, self.momentum, self.decay = rate, momentum, decay
        self.buffers = [torch.zeros_like(p) for p in self.parameters]
        # Largest first, dealt round: each process orthogonalizes about the same work.
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
            if self.decay:
                p.mul_(1 - self.rate * factor * self.decay)
            p.add_(update, alpha=-self.rate * factor * scale)

    def state_dict(self):
        return {"buffers": self.buffers}

    def load_state_dict(self, state):
        for mine, stored in zip(self.buffers, state["buffers"]):
            mine.copy_(stored)


class AdamW(torch.optim.AdamW):
    """For the matrices what trains everything else."""

    def __init__(self, parameters, rate=0.002):
        super().__init__(parameters, lr=rate, betas=ADAM_BETAS, weight_decay=0.0)
        self.rate = rate

    def step(self, factor):
        for group in self.param_groups:
            group["lr"] = self.rate * factor
        super().step()


class Soap:
    """Adam in the eigenvectors of the running averages of G G^T and G^T G (Vyas et al., SOAP, 2024).

    Until the first eigenvectors it is Adam: behind heads of zeros, the first gradients of most matrices are zero. Every
    process does all the work.
    """

    def __init__(self, parameters, rate=0.003, momentum=0.95, average=0.95, frequency=10):
        self.parameters = list(parameters)
        self.rate, self.momentum, self.average, self.frequency = rate, momentum, average, frequency
        self.steps = 0
        self.buffers = [
            {
                "momentum": torch.zeros_like(p),
                "squares": torch.zeros_like(p),  # of the gradients in the eigenvectors
                "sides": [torch.zeros(n, n) for n in p.shape],
                "vectors": [torch.eye(n) for n in p.shape],
            }
            for p in self.parameters
        ]

    @torch.no_grad()
    def step(self, factor):
        self.steps += 1
        correction = (1 - self.average**self.steps) ** 0.5 / (1 - self.momentum**self.steps)
        for p, b in zip(self.parameters, self.buffers):
            left, right = b["vectors"]
            b["momentum"].lerp_(p.grad, 1 - self.momentum)
            b["squares"].lerp_((left.T @ p.grad @ right) ** 2, 1 - self.average)
            update = (left.T @ b["momentum"] @ right) / (b["squares"].sqrt() + 1e-8)
            p.add_(left @ update @ right.T, alpha=-self.rate * factor * correction)
            for side, product in zip(b["sides"], (p.grad @ p.grad.T, p.grad.T @ p.grad)):
                side.lerp_(product, 1 - self.average)
            if self.steps == self.frequency:
                self._start(b)
            elif self.steps % self.frequency == 0:
                self._turn(b)

    def _start(self, b):
        """Finds the eigenvectors; the squares in them are first what Shampoo takes them for."""
        values, b["vectors"] = (list(part) for part in zip(*(torch.linalg.eigh(side) for side in b["sides"])))
        rows, columns = (v.clamp(min=0) for v in values)
        b["squares"] = torch.outer(rows, columns) / rows.sum().clamp(min=1e-20)

    def _turn(self, b):
        """Brings the eigenvectors up to date by one power iteration, those of the largest values first."""
        for axis, side in enumerate(b["sides"]):
            product = side @ b["vectors"][axis]
            order = (b["vectors"][axis] * product).sum(0).argsort(descending=True)
            b["squares"] = b["squares"].index_select(axis, order)
            b["vectors"][axis] = torch.linalg.qr(product[:, order])[0]

    def state_dict(self):
        return {"steps": self.steps, "buffers": self.buffers}

    def load_state_dict(self, state):
        self.steps, self.buffers = state["steps"], state["buffers"]


#: What can train the matrices, each with its usual rate.
OPTIMIZERS = {"muon": Muon, "adamw": AdamW, "soap": Soap}


def matrix_optimizer(name, matrices, rate=None):
    return OPTIMIZERS[name](matrices, **({"rate": rate} if rate else {}))


def split(model, skip_rate=0.05):
    """(matrices, AdamW groups of the rest): the skip path learns at 1/20 of the rate."""
    matrices, plain, skip = [], [], []
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        if ".skip." in name or name.endswith(("decoder.spread", "transform.analysis", "transform.synthesis")):
            skip.append(p)
        elif p.ndim == 2 and name.endswith("weight"):
            matrices.append(p)
        else:
            plain.append(p)
    return matrices, [{"params": plain, "scale": 1.0}, {"params": skip, "scale": skip_rate}]


def average_gradients(parameters):
    if not (dist.is_initialized() and dist.get_world_size() > 1):
        return
    flat = torch.cat([p.grad.reshape(-1) for p in parameters])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for part, p in zip(flat.split([p.numel() for p in parameters]), parameters):
        p.grad.copy_(part.view_as(p))
