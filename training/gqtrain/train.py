"""The training loop: torchrun --nproc-per-node=2 -m gqtrain.train --data DIR --output DIR; the same again resumes.

On several machines each has its own data and output folders, or shared ones; the first writes checkpoint and log.
"""

import argparse
import copy
import datetime
import json
import math
import os
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

from .codes import RealCodes
from .components import Chooser, Components
from .data import Crops, load, paths, whole_positions
from .divergence import TargetDivergence
from .export import BLOCKS, read_weights
from .network import ACTIVATIONS, PATCH_VALUES, Codec, Config
from .optimizer import ADAM_BETAS, OPTIMIZERS, average_gradients, matrix_optimizer, split
from .validate import DISTORTIONS, summary, validate

# Uniform maps have one weight bin per level, chosen maps one per interval of the multiplier.
BINS = 10


def parse(arguments=None):
    p = argparse.ArgumentParser(description="Trains the gqimg network; resumes from the run's checkpoint.")
    p.add_argument("--data", required=True, help="folder of training pictures")
    p.add_argument("--validation", help="folder of validation pictures")
    p.add_argument("--output", required=True, help="folder for checkpoint, log and caches")
    p.add_argument("--hours", type=float, default=2.2, help="training time that the schedule is stretched over")
    p.add_argument("--batch", type=int, default=6, help="crops per process and step")
    p.add_argument("--crop", type=int, default=256)
    p.add_argument("--optimizer", choices=tuple(OPTIMIZERS), default="muon", help="what trains the matrices")
    p.add_argument("--rate", type=float, help="learning rate of the matrices; without it 0.01, AdamW 0.002, SOAP 0.003")
    p.add_argument("--adam-rate", type=float, default=1.5e-3, help="learning rate of everything else (AdamW)")
    p.add_argument("--average", type=float, default=0.999, help="decay of the weights' running average")
    p.add_argument("--fine", type=int, default=Config.fine, help="channels of a new network at 1/8")
    p.add_argument("--fine-blocks", type=int, default=Config.encoder_fine, help="blocks there, on either side")
    p.add_argument("--coarse", type=int, default=Config.coarse, help="channels of a new network at 1/16")
    p.add_argument("--coarse-blocks", type=int, default=Config.encoder_coarse, help="blocks there, on either side")
    p.add_argument("--divergence", choices=("exact", "target"), default="exact", help="see Config.divergence")
    p.add_argument("--activation", choices=tuple(ACTIVATIONS), default=Config.activation, help="see Config.activation")
    p.add_argument("--tune", choices=tuple(DISTORTIONS), default="psnr", help="what distortion is")
    p.add_argument("--drawn", type=float, default=1 / 6, help="share of crops that are drawn, composed, dithered or grey")
    p.add_argument("--reduced", type=float, default=0.3, help="share of crops that are reduced, by up to 2")
    p.add_argument("--uniform", type=float, default=0.25, help="share of crops with one level throughout")
    p.add_argument("--predicted", type=float, default=0.5, help="share of the chosen maps that the predictor makes")
    p.add_argument("--real", type=float, default=0.5, help="share of the steps with real codewords, not noise")
    p.add_argument("--integers", type=float, default=0.0, help="share of the steps with products as the program has them")
    p.add_argument("--steady", type=float, default=0.4, help="share of the time before the rate falls")
    p.add_argument("--validate-minutes", type=float, default=12)
    p.add_argument("--validate-every", type=int, default=4, help="use every n-th picture before the end")
    p.add_argument("--measured", action=argparse.BooleanOptionalAction, default=True, help="measured levels at the end")
    p.add_argument("--checkpoint-minutes", type=float, default=4)
    p.add_argument("--initial", help="weights file that a new run starts from")
    p.add_argument("--deeper", nargs="+", choices=tuple(BLOCKS), default=(), help="where --initial gets one more block")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--steps", type=int, default=0, help="steps that the schedule is stretched over, instead of hours")
    return p.parse_args(arguments)


def configuration(a, runs):
    """Of a new network."""
    return Config(
        fine=a.fine,
        coarse=a.coarse,
        encoder_fine=a.fine_blocks,
        decoder_fine=a.fine_blocks,
        encoder_coarse=a.coarse_blocks,
        decoder_coarse=a.coarse_blocks,
        divergence=a.divergence,
        activation=a.activation,
        tuning=a.tune,
        runs=runs,
    )


def initialize(model, components):
    """Makes the skip path the principal component transform and the gains the measured spreads."""
    basis = torch.from_numpy(components.basis.copy()).float()
    spread = torch.from_numpy(components.spread.copy()).float()
    mean = torch.from_numpy(components.mean.copy()).float()
    with torch.no_grad():
        model.encoder.skip.weight.copy_(basis.T / spread[:, None])
        model.encoder.skip.bias.copy_(-(basis.T @ mean) / spread)
        model.decoder.skip.weight.copy_(basis)
        model.decoder.skip.bias.copy_(mean)
        model.decoder.spread.copy_(spread)
        model.spread.copy_(spread)
        rotations = torch.from_numpy(np.concatenate([r for r in components.rotations if len(r)]))
        model.transform.analysis.copy_(rotations)
        model.transform.synthesis.copy_(rotations)
        for level, variance in enumerate(components.variances):
            half = 0.5 * torch.from_numpy(variance).clamp(min=1e-8).log()
            model.transform.analysis_gain[level, : len(half)] = -half
            model.transform.synthesis_gain[level, : len(half)] = half
            model.transform.tilt[level, : len(half)] = -2 * half


def factor(progress, steady):
    """Learning rate at this share of the planned time."""
    warm = min(1.0, progress / 0.01 + 0.02)
    fall = 1.0 if progress < steady else max(0.0, (1 - progress) / (1 - steady))
    return warm * max(fall, 0.005)


def make_maps(rng, batch, chooser, uniform_share, multipliers, predicted, components, predicted_share):
    """Levels [n, h/16, w/16] and the weight bin of every crop; predicted: mean distortions
    [n, h/16, w/16, levels]."""
    maps, bins = [], []
    low, high = np.log(multipliers)
    for picture, errors in zip(batch, predicted):
        if rng.random() < uniform_share:
            level = rng.integers(len(chooser.bits))
            maps.append(np.full([s // 16 for s in picture.shape[:2]], level))
            bins.append(BINS + level)
        else:
            place = rng.random()
            if components is None or rng.random() < predicted_share:
                distortions = errors.reshape(-1, errors.shape[-1]) * PATCH_VALUES
            else:
                distortions = components.distortions(picture)
            maps.append(chooser.map(distortions, errors.shape[:2], np.exp(low + place * (high - low)), rng))
            bins.append(int(place * BINS))
    return torch.from_numpy(np.stack(maps)), torch.tensor(bins)


def shared(value):
    """What the first process has, in every process."""
    box = [value]
    if dist.is_initialized():
        dist.broadcast_object_list(box, 0)
    return box[0]


def main():
    a = parse()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if world > 1:
        # Processes wait for each other while one decodes its pictures.
        dist.init_process_group("gloo", timeout=datetime.timedelta(hours=6))
    os.makedirs(a.output, exist_ok=True)
    # The first process of all makes the cache, then the first of every machine that does not see it.
    for makes_cache in (rank == 0, int(os.environ.get("LOCAL_RANK", 0)) == 0):
        if makes_cache:
            Crops(a.data, os.path.join(a.output, "cache"), a.crop)
        if world > 1:
            dist.barrier()
    crops = Crops(a.data, os.path.join(a.output, "cache"), a.crop, a.drawn, a.reduced)
    measured = rank == 0 and not a.initial
    components = shared(Components(crops, os.path.join(a.output, "components.npz")) if measured else None)
    pictures = [whole_positions(load(p)) for p in paths(a.validation)] if a.validation else []

    if a.initial:
        model = read_weights(a.initial, a.deeper)
        retuned = model.config.tuning != a.tune
        model.config.tuning = a.tune
    else:
        model = Codec(configuration(a, components.runs))
        initialize(model, components)
        retuned = False
    distortion = DISTORTIONS[a.tune]
    target = TargetDivergence(bits=0) if model.config.divergence == "target" else None
    levels = model.config.levels
    chooser = Chooser(model.bits.sum(1).float(), components.usage if components else None)
    matrices, groups = split(model)
    parameters = [p for p in model.parameters() if p.requires_grad]
    mixing = matrix_optimizer(a.optimizer, matrices, a.rate)
    adam = torch.optim.AdamW(groups, lr=a.adam_rate, betas=ADAM_BETAS, weight_decay=0.0)
    average = copy.deepcopy(model)
    state = {"step": 0, "seconds": 0.0, "pixels": 0}
    running = torch.full((BINS + levels,), -1.0)
    checkpoint = os.path.join(a.output, "checkpoint.pt")
    stored = shared(torch.load(checkpoint, weights_only=False) if rank == 0 and os.path.exists(checkpoint) else None)
    if stored:
        if target and stored.get("target"):
            target.__dict__.update(stored["target"])
        model.load_state_dict(stored["model"])
        average.load_state_dict(stored["average"])
        mixing.load_state_dict(stored["matrices"] if "matrices" in stored else stored["muon"])
        adam.load_state_dict(stored["adam"])
        state, running, chooser.usage = stored["state"], stored["running"], stored["usage"]
    rng = np.random.default_rng([a.seed, rank, state["step"]])
    torch.manual_seed(a.seed + 1000 * state["step"] + rank)
    if rank == 0:
        count = sum(p.numel() for p in parameters)
        print(f"{count / 1e6:.2f} M parameters, {len(crops)} pictures, from step {state['step']}", flush=True)

    def log(record):
        if rank == 0:
            line = json.dumps({"step": state["step"], "hours": round(state["seconds"] / 3600, 4), **record})
            print(line, flush=True)
            with open(os.path.join(a.output, "log.jsonl"), "a") as f:
                f.write(line + "\n")

    def save():
        if world > 1:  # processors of different kinds round differently: none may drift away from the first process
            for p in parameters:
                dist.broadcast(p.detach(), 0)
        if rank == 0:
            torch.save(
                {
                    "model": model.state_dict(),
                    "average": average.state_dict(),
                    "matrices": mixing.state_dict(),
                    "adam": adam.state_dict(),
                    "state": state,
                    "running": running,
                    "usage": chooser.usage,
                    "config": model.config.dictionary(),
                    "target": vars(target) if target else None,
                },
                checkpoint + ".new",
            )
            os.replace(checkpoint + ".new", checkpoint)

    def check(subset, thorough=False):
        average.eval()
        with average.whole_numbers():
            rows = validate(average, subset[rank::world], thorough=thorough)
        if world > 1:
            gathered = [None] * world
            dist.all_gather_object(gathered, rows)
            rows = [r for part in gathered for r in part]
        log({"pictures": len(rows), "validation": summary(rows)})

    last = time.monotonic()
    last_log, last_save, last_check = last, last, state["seconds"]
    collected = []
    while True:
        now = time.monotonic()
        state["seconds"] += now - last
        last = now
        if world > 1:  # one clock for all
            clock = torch.tensor([state["seconds"]], dtype=torch.float64)
            dist.broadcast(clock, 0)
            state["seconds"] = clock.item()
        progress = state["step"] / a.steps if a.steps else state["seconds"] / 3600 / a.hours
        if progress >= 1:
            break
        speed = factor(progress, a.steady)

        batch = crops.batch(rng, a.batch)
        pixels = torch.from_numpy(batch)
        rounds = model.whole_numbers(rng.random() < a.integers)
        with torch.autocast("cpu", dtype=torch.bfloat16), rounds:
            bits = []
            features = model.encoder.features(pixels)
            predicted = model.predictor(features[1].detach())
            levels, bins = make_maps(
                rng, batch, chooser, a.uniform, distortion.multipliers, predicted.detach().exp(), components, a.predicted
            )
            y, log_variances = model.encode(pixels, levels, features)
            if target is None and rng.random() < a.real:
                sample = RealCodes(model, statistics=False)
            else:
                sample = lambda part, level, tilts, spreads, shape: model.sample(
                    part, level, tilts, shape, spreads, bits=bits
                )
            decoded = model.decoder(model.transmit(y, levels, sample, log_variances), levels).float()
        errors, by_position = distortion.measure(decoded, pixels)
        predicted = predicted.gather(-1, levels[..., None])[..., 0]
        if retuned and state["step"] == 0:
            with torch.no_grad():  # distortions of another unit: move the predictor to its scale at once
                shift = ((by_position + 1e-6).log() - predicted).mean()
                if world > 1:
                    dist.all_reduce(shift)
                model.predictor.head.bias += shift / world
        # Under one level throughout, easy positions give bits to hard ones: not what a level is worth where it is chosen.
        chosen = (bins < BINS).float()[:, None, None]
        prediction = F.huber_loss(predicted * chosen, (by_position.detach() + 1e-6).log() * chosen)
        with torch.no_grad():
            sums = torch.zeros(2, len(running))
            sums[0].index_add_(0, bins, errors)
            sums[1].index_add_(0, bins, torch.ones_like(errors))
            if world > 1:
                dist.all_reduce(sums)
            mean = sums[0] / sums[1].clamp(min=1)
            seen = sums[1] > 0
            running = torch.where(
                seen, torch.where(running < 0, mean, running + 0.02 * (mean - running)), running
            )
        loss = distortion.loss(errors, decoded, pixels).mean() + prediction
        if target:
            sums = torch.cat([b.reshape(-1) for b, _ in bits])
            share = torch.cat([s.reshape(-1) for _, s in bits])
            loss = loss + target.loss(sums, share)
            sums = sums.detach()[share > 0]
            mean = (sums * share[share > 0]).sum() / share.sum()
            divergence = torch.stack([mean, sums.min(), sums.max()])
            if world > 1:
                dist.all_reduce(divergence)
                divergence /= world
            target.update(*divergence.tolist())
        for p in parameters:
            p.grad = None
        loss.backward()
        for p in parameters:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        average_gradients(parameters)
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        if torch.isfinite(norm):
            mixing.step(speed)
            for group in adam.param_groups:
                group["lr"] = a.adam_rate * speed * group["scale"]
            adam.step()
        state["step"] += 1
        state["pixels"] += world * batch.shape[0] * a.crop * a.crop
        decay = min(a.average, (1 + state["step"]) / (10 + state["step"]))
        with torch.no_grad():
            torch._foreach_lerp_([p for p in average.parameters() if p.requires_grad], parameters, 1 - decay)

        collected.append((loss.item() - prediction.item(), distortion.quality(errors.mean().item()), norm.item(), prediction.item()))
        now = time.monotonic()
        minutes = torch.tensor([now - last_log, now - last_save, state["seconds"] - last_check])
        if world > 1:
            dist.broadcast(minutes, 0)
        if minutes[0] > 30:
            m = np.mean(collected, 0)
            log(
                {
                    "loss": round(float(m[0]), 4),
                    "quality": round(float(m[1]), 3),
                    "gradient": round(float(m[2]), 3),
                    "prediction": round(float(m[3]), 4),
                    "bins": [round(distortion.quality(v), 2) if v > 0 else None for v in running.tolist()],
                    "mpx_per_second": round(len(collected) * world * a.batch * a.crop**2 / 1e6 / (now - last_log), 3),
                    "rate": round(speed, 4),
                    **({"divergence": divergence.tolist(), "target": vars(target)} if target else {}),
                }
            )
            collected, last_log = [], now
        if minutes[1] > 60 * a.checkpoint_minutes:
            save()
            last_save = now
        if minutes[2] > 60 * a.validate_minutes:
            save()
            if pictures:
                check(pictures[:: a.validate_every])
            last_save, last_check = time.monotonic(), state["seconds"]
            last_log = time.monotonic()
            collected = []
    save()
    if pictures:
        check(pictures, thorough=a.measured)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
