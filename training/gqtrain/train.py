"""The training loop. `python -m gqtrain` starts it in one process per core.

On several machines each has its own data and output folders, or shared ones; the first writes checkpoint and log.
"""

import argparse
import copy
import datetime
import json
import os
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

from .codes import RealCodes
from .components import Chooser, Components
from .data import Crops, load, paths, whole_positions
from .export import read_weights, trained_tunings
from .network import LATENTS, PHASES, TUNINGS, Codec, Config, is_grey
from .optimizer import ADAM_BETAS, PRODUCTS, Muon, average_gradients, split
from .validate import DISTORTIONS, summary, validate

VISUAL, PSNR = range(2)


def parse(arguments=None):
    p = argparse.ArgumentParser(description="Trains the gqimg network; resumes from the run's checkpoint.")
    p.add_argument("--data", required=True, help="folder of training pictures")
    p.add_argument("--validation", help="folder of validation pictures")
    p.add_argument("--output", required=True, help="folder for checkpoint, log and caches")
    p.add_argument("--hours", type=float, default=30, help="training time that the schedule is stretched over")
    p.add_argument("--steps", type=int, default=0, help="steps that the schedule is stretched over, instead of hours")
    p.add_argument("--batch", type=int, default=32, help="crops per process and step")
    p.add_argument("--crop", type=int, default=128)
    p.add_argument("--rate", type=float, default=0.01, help="learning rate of the matrices (Muon)")
    p.add_argument("--adam-rate", type=float, default=1.5e-3, help="learning rate of everything else (AdamW)")
    p.add_argument("--steady", type=float, default=0.7, help="share of the time before the rate falls")
    p.add_argument("--average", type=float, default=0.999, help="decay of the weights' running average")
    p.add_argument("--visual", type=float, default=0.5, help="share of the crops for the visual tuning, of the time after --visual-from")
    p.add_argument("--visual-from", type=float, default=0.3, help="share of the time when the visual tuning begins, from the other's state")
    p.add_argument("--drawn", type=float, default=1 / 6, help="share of crops that are drawn, composed, dithered or grey")
    p.add_argument("--reduced", type=float, default=0.3, help="share of crops that are reduced, by up to 2")
    p.add_argument("--uniform", type=float, default=0.08, help="share of crops with one level throughout")
    p.add_argument("--predicted", type=float, default=0.8, help="share of the chosen maps that the predictor makes")
    p.add_argument("--real", type=float, default=0.3, help="share of the steps with real codewords, not noise")
    p.add_argument("--integers", type=float, default=0.5, help="share of the steps with products as the program has them")
    p.add_argument("--validate-minutes", type=float, default=15)
    p.add_argument("--validate-every", type=int, default=4, help="use every n-th picture before the end")
    p.add_argument("--checkpoint-minutes", type=float, default=4)
    p.add_argument("--initial", help="weights file that a new run starts from")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--compile", action="store_true", help="compile the blocks (torch.compile)")
    for name in ("fine", "coarse", "prior", "encoder_coarse", "decoder_coarse", "prior_blocks"):
        p.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Config, name), help="of a new network")
    return p.parse_args(arguments)


def new_model(a, components):
    """A network whose levels are those of the components."""
    sizes = {name: getattr(a, name) for name in ("fine", "coarse", "prior", "encoder_coarse", "decoder_coarse", "prior_blocks")}
    model = Codec(Config(runs=[[runs] * len(PHASES) for runs in components.runs], luma=components.luma, **sizes))
    model.cosines.order.copy_(components.order)
    model.cosines.spread.copy_(components.spread)
    transform = model.transform
    with torch.no_grad():
        rotations = torch.cat([level.rotation for level in components.levels if level.rotation is not None and len(level.rotation)])
        transform.analysis.copy_(rotations)
        transform.synthesis.copy_(rotations)
        for k, level in enumerate(components.levels):
            half = 0.5 * level.variance.log()
            transform.analysis_gain[:, k, : len(half)] = -half
            transform.synthesis_gain[:, k, : len(half)] = half
            transform.tilt[:, k, : len(half)] = -2 * half
    return model


@torch.no_grad()
def measure_levels(model, pixels, tuning):
    """Makes the predictor expect of every level what it gives for these pixels on average."""
    tunings = torch.full((len(pixels),), tuning)
    measure = DISTORTIONS[TUNINGS[tuning]].measure
    shape = (len(pixels), pixels.shape[1] // 16, pixels.shape[2] // 16)
    bias = model.predictor.head.bias.view(len(TUNINGS), -1)
    bias[tuning] = 0
    before = model.predictor(model.linear(pixels), tunings).mean((0, 1, 2))
    for level in range(model.config.levels):
        decoded = model.eval()(pixels, torch.full(shape, level), tunings)
        bias[tuning, level] = (measure(decoded, pixels)[1] + 1e-6).log().mean() - before[level]
        if TUNINGS[tuning] == "psnr":
            for gain in (model.encoder.gain, model.decoder.gain):
                gain.logarithm[:, level] = 0.5 * ((decoded - pixels) ** 2).mean().log()
    model.train()


def begin_visual(model, pixels):
    """Starts the visual tuning from the state of the other."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 3 and p.shape[0] == len(TUNINGS) and not name.startswith("prior.state"):
                p[VISUAL] = p[PSNR]
        weight = model.predictor.head.weight.view(len(TUNINGS), -1, model.config.predictor)
        weight[VISUAL] = weight[PSNR]
    measure_levels(model, pixels, VISUAL)


def factor(progress, steady):
    """Learning rate at this share of the planned time."""
    warm = min(1.0, progress / 0.004 + 0.02)
    fall = 1.0 if progress < steady else max(0.0, (1 - progress) / (1 - steady))
    return warm * fall


def make_maps(rng, pixels, tunings, chooser, a, predicted, components):
    """Levels [n, h/16, w/16], and which crops [n] have chosen ones; predicted: mean distortions [n, h/16, w/16, levels]."""
    powers = torch.tensor([DISTORTIONS[name].power for name in TUNINGS])[tunings]
    distortions = predicted ** powers[:, None, None, None] * LATENTS
    chosen = torch.from_numpy(rng.random(len(pixels)) >= a.uniform)
    if components:
        measured = chosen & (tunings == PSNR) & torch.from_numpy(rng.random(len(pixels)) >= a.predicted)
        if measured.any():
            distortions[measured] = components.distortions(pixels[measured])
    maps = []
    for k, errors in enumerate(distortions):
        if not chosen[k]:
            maps.append(np.full(errors.shape[:2], rng.integers(len(chooser.bits))))
            continue
        low, high = np.log(DISTORTIONS[TUNINGS[tunings[k]]].lambdas)
        # A few more crops at low rates.
        lagrange = np.exp(low + rng.random() * (high - low))
        maps.append(chooser.map(errors.reshape(-1, errors.shape[-1]), errors.shape[:2], lagrange, rng))
    return torch.from_numpy(np.stack(maps)), chosen


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
    components = shared(Components(crops, os.path.join(a.output, "components.pt")) if measured else None)
    pictures = [whole_positions(load(p)) for p in paths(a.validation)] if a.validation else []

    checkpoint = os.path.join(a.output, "checkpoint.pt")
    stored = shared(torch.load(checkpoint, weights_only=False) if rank == 0 and os.path.exists(checkpoint) else None)
    few = torch.from_numpy(crops.batch(np.random.default_rng(5), 8))[:, :128, :128]
    if a.initial:
        model = read_weights(a.initial)
    else:
        model = new_model(a, components)
        if not stored:
            measure_levels(model, few, PSNR)
    levels = model.config.levels
    chooser = Chooser(model.level_bits.float(), components.usage if components else None)
    matrices, groups = split(model)
    parameters = list(model.parameters())
    mixing = Muon(matrices, a.rate)
    adam = torch.optim.AdamW(groups, lr=a.adam_rate, betas=ADAM_BETAS, weight_decay=0.0)
    average = copy.deepcopy(model)
    state = {"step": 0, "seconds": 0.0, "pixels": 0, "visual": bool(a.initial) and "visual" in trained_tunings(a.initial)}
    if stored:
        model.load_state_dict(stored["model"])
        average.load_state_dict(stored["average"])
        mixing.load_state_dict(stored["matrices"])
        adam.load_state_dict(stored["adam"])
        state, chooser.usage = stored["state"], stored["usage"]
    rng = np.random.default_rng([a.seed, rank, state["step"]])
    torch.manual_seed(a.seed + 1000 * state["step"] + rank)
    if a.compile:
        for module in model.modules():
            if type(module).__name__ == "Block":
                module.compile(dynamic=False)
    if rank == 0:
        count = sum(p.numel() for p in parameters)
        print(f"{count / 1e6:.2f} M parameters, {len(crops)} pictures, from step {state['step']}", flush=True)

    def log(record, line):
        if rank == 0:
            print(line, flush=True)
            with open(os.path.join(a.output, "log.jsonl"), "a") as f:
                f.write(json.dumps({"step": state["step"], "hours": round(state["seconds"] / 3600, 4), **record}) + "\n")

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
                    "usage": chooser.usage,
                    "config": model.config.dictionary(),
                },
                checkpoint + ".new",
            )
            os.replace(checkpoint + ".new", checkpoint)

    def check(subset):
        average.eval()
        tunings = TUNINGS if state["visual"] else TUNINGS[PSNR:]
        with average.int8_rounded():
            rows = validate(average, subset[rank::world], tunings)
        if world > 1:
            gathered = [None] * world
            dist.all_gather_object(gathered, rows)
            rows = [r for part in gathered for r in part]
        result = summary(rows)
        text = "; ".join(
            f"{name} " + ", ".join(f"{v[0]:.1f} / {v[1]:.2f} dB at {rate:g}" for rate, v in result[name].items())
            for name in tunings
        )
        log({"pictures": len(rows), "validation": result}, f"validation, SSIMULACRA2 / PSNR at bits per pixel: {text}")

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
        if not state["visual"] and a.visual and progress >= a.visual_from:
            for each in (model, average):
                begin_visual(each, few)
            state["visual"] = True

        pixels = torch.from_numpy(crops.batch(rng, a.batch))
        tunings = torch.from_numpy(np.where(rng.random(a.batch) < a.visual * state["visual"], VISUAL, PSNR))
        rounds = model.int8_rounded(rng.random() < a.integers)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=PRODUCTS == torch.bfloat16), rounds:
            linear, grey = model.linear(pixels), is_grey(pixels)
            features = model.encoder.features(pixels)
            predicted = model.predictor(linear, tunings)
            maps, chosen = make_maps(rng, pixels, tunings, chooser, a, predicted.detach().exp(), components)
            keys = model.keys(maps, tunings)
            sample = RealCodes(model, statistics=False) if rng.random() < a.real else None
            latents = model.transmit(model.encode(features, linear, keys), keys, grey, sample)
            decoded = model.decode(latents, keys, grey)
        predicted = predicted.gather(-1, maps[..., None])[..., 0]
        loss, prediction, errors = 0, 0, torch.zeros(a.batch)
        for tuning, name in enumerate(TUNINGS):
            part = (tunings == tuning).nonzero()[:, 0]
            if not len(part):
                continue
            measured, by_position = DISTORTIONS[name].measure(decoded[part], pixels[part])
            loss = loss + DISTORTIONS[name].loss(measured, decoded[part], pixels[part]).sum() / a.batch
            # Under one level throughout, easy positions give bits to hard ones: not what a level is worth where it is chosen.
            counted = chosen[part].float()[:, None, None]
            wanted = (by_position.detach() + 1e-6).log()
            prediction = prediction + F.huber_loss(predicted[part] * counted, wanted * counted) * len(part) / a.batch
        errors = ((decoded.detach() - pixels) ** 2).mean((1, 2, 3))
        for p in parameters:
            p.grad = None
        (loss + prediction + model.excess()).backward()
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
        state["pixels"] += world * pixels.shape[0] * a.crop * a.crop
        decay = min(a.average, (1 + state["step"]) / (10 + state["step"]))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), parameters, 1 - decay)

        rate = chooser.bits[maps].mean().item() / 256
        decibels = (-10 * (errors / 4 + 1e-7).log10()).mean().item()
        collected.append((loss.item(), decibels, rate, norm.item(), prediction.item()))
        now = time.monotonic()
        minutes = torch.tensor([now - last_log, now - last_save, state["seconds"] - last_check])
        if world > 1:
            dist.broadcast(minutes, 0)
        if minutes[0] > 60:
            m = [round(float(v), 4) for v in np.mean(collected, 0)]
            pace = len(collected) * world * a.batch * a.crop**2 / 1e6 / (now - last_log)
            left = (state["seconds"] / progress - state["seconds"]) / 3600
            log(
                {**dict(zip(("loss", "psnr", "bpp", "gradient", "prediction"), m)), "mpx_per_second": round(pace, 3), "rate": round(speed, 4)},
                f"step {state['step']}, {state['seconds'] / 3600:.2f} h: loss {m[0]:.3f}, {m[1]:.2f} dB at {m[2]:.2f} bits per pixel, "
                f"{pace:.2f} Mpx/s, {left:.1f} h left",
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
        check(pictures)
    if rank == 0:
        print(f"finished at step {state['step']}: {checkpoint}. Next: make export RUN={a.output}", flush=True)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
