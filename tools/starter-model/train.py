"""Train UNet and text encoder together on encoded pictures; stop and resume at any time.

Usage: python train.py CHECKPOINT DATA_FOLDER RUN_FOLDER [--processes 2] [--batch 32] ...
On a CPU several one-thread processes share the work, their gradients averaged (gloo); on a GPU one
process does it. RUN_FOLDER/control.json is read while training runs:
  {"decay": [from_seconds, to_seconds]}  Unix time: the learning rate falls from full to a trace
  {"lr_share": 0.5}                      a factor on the learning rate
  {"stop": true}                         save and end
RUN_FOLDER/state.pt holds everything needed to go on; RUN_FOLDER/average.safetensors the averaged
weights in SD layout (with the VAE of CHECKPOINT).
"""
import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import nn

import checkpoint
import clip_tokenizer
from diffusion import STEPS, noised
from muon import Muon

WARMUP_ITERATIONS = 50
CAPTION_TOKENS = 16  # start, at most 14 tokens of caption, end
SAVE_EVERY_S = 240
LOG_EVERY = 25  # iterations
UNCONDITIONAL_SHARE = 0.1
UNIFORM_SHARE = 0.3  # of the timesteps; the others gather where shapes are decided, late
MIDDLE, MIDDLE_SPREAD = 0.8, 1.0  # of the logit of the timestep


class Denoiser(nn.Module):
    def __init__(self, networks):
        super().__init__()
        self.unet, self.text = networks["unet"], networks["text"]
        # Words that the pictures never use keep their meaning only if the table stays fixed.
        self.text.embeddings.token_embedding.requires_grad_(False)

    def forward(self, x, timesteps, tokens):
        """Gradients reach the text encoder only through the first tokens, which hold the caption:
        the padding behind them costs most of the encoder's time and teaches little. The encoder is
        causal, so the first tokens' states are the same with and without what follows."""
        context, pooled = self.text(tokens[:, :CAPTION_TOKENS])
        with torch.no_grad():
            padding = self.text(tokens)[0][:, CAPTION_TOKENS:]
        return self.unet(x, timesteps, torch.cat([context, padding], 1), pooled)


def read_dataset(folder):
    files = sorted(Path(folder).glob("latents-*.npy"))
    tokens = [np.load(str(file).replace("latents-", "tokens-")) for file in files]
    return np.concatenate([np.load(file) for file in files]), np.concatenate(tokens)


def timesteps_for(rng, batch):
    """Stratified [batch]: partly uniform, partly logit-normal."""
    uniform = (np.arange(batch) + rng.random(batch)) / batch
    middle = 1 / (1 + np.exp(-rng.normal(MIDDLE, MIDDLE_SPREAD, batch)))
    chosen = np.where(rng.random(batch) < UNIFORM_SHARE, uniform, middle)
    return torch.from_numpy((chosen * STEPS).astype(np.int64)).clamp(0, STEPS - 1)


def batch_of(dataset, rng, size, device):
    latents, tokens = dataset
    chosen = rng.integers(0, len(latents), size)
    chosen_tokens = tokens[chosen].astype(np.int64)
    chosen_tokens[rng.random(size) < UNCONDITIONAL_SHARE] = clip_tokenizer.encode("")
    clean = torch.from_numpy(latents[chosen].astype(np.float32))
    return [t.to(device) for t in (
        clean, torch.randn_like(clean), timesteps_for(rng, size), torch.from_numpy(chosen_tokens))]


def loss_of(model, clean, noise, timesteps, tokens):
    x, target = noised(clean, noise, timesteps)
    x = x.contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16):
        predicted = model(x, timesteps, tokens)
    return (predicted.float() - target).pow(2).mean()


def optimisers_for(model, options):
    hidden, other = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            edge = parameter.ndim < 2 or "position_embedding" in name or name.startswith(
                ("unet.input_blocks.0.", "unet.out."))
            (other if edge or options.optimiser == "adamw" else hidden).append(parameter)
    adamw = torch.optim.AdamW(other, options.lr, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    return [adamw] + ([Muon(hidden, options.lr)] if hidden else [])


def average_gradients(parameters, processes):
    """One all-reduce over all gradients, then clip them to norm 1."""
    flat = torch.cat([p.grad.reshape(-1) for p in parameters])
    if processes > 1:
        dist.all_reduce(flat)
        flat /= processes
    norm = flat.norm().item()
    flat *= min(1.0, 1.0 / (norm + 1e-6))
    for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters])):
        parameter.grad.copy_(part.view_as(parameter))
    return norm


def lr_share(iteration, control):
    share = min(1.0, (iteration + 1) / WARMUP_ITERATIONS) * control.get("lr_share", 1.0)
    if control.get("decay"):
        begin, end = control["decay"]
        share *= min(1.0, max(0.01, (end - time.time()) / (end - begin)))
    return share


def shared_control(folder, processes):
    """Read by the first process only, so that all act alike."""
    file = folder / "control.json"
    box = [json.loads(file.read_text()) if file.exists() else {}]
    if processes > 1:
        dist.broadcast_object_list(box)
    return box[0]


def main(rank, options):
    folder, processes = Path(options.run), options.processes
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1)
    if processes > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(options.port))
        dist.init_process_group("gloo", rank=rank, world_size=processes)
    networks = checkpoint.load(options.checkpoint)
    model = Denoiser(networks).to(device)
    model.unet.to(memory_format=torch.channels_last)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimisers = optimisers_for(model, options)
    averaged = {key: value.clone() for key, value in model.state_dict().items()}
    iteration = seen = 0
    if (folder / "state.pt").exists():
        state = torch.load(folder / "state.pt", map_location=device)
        model.load_state_dict(state["model"])
        averaged, iteration, seen = state["averaged"], state["iteration"], state["seen"]
        for optimiser, saved in zip(optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
    compiled = torch.compile(model) if options.compile else model
    dataset = read_dataset(options.data)
    rng = np.random.default_rng([seen, rank])
    torch.manual_seed(seen + rank)

    def save():
        state = dict(model=model.state_dict(), averaged=averaged, iteration=iteration, seen=seen,
                     optimisers=[optimiser.state_dict() for optimiser in optimisers])
        torch.save(state, folder / "state.part")
        os.replace(folder / "state.part", folder / "state.pt")
        copy = checkpoint.load(options.checkpoint)
        for part in ("unet", "text"):
            prefix = f"{part}."
            copy[part].load_state_dict({
                key[len(prefix):]: v for key, v in averaged.items() if key.startswith(prefix)})
        checkpoint.save(folder / "average.part", copy, "Starter (64 px emoji pictures)")
        os.replace(folder / "average.part", folder / "average.safetensors")

    last_save = last_log = time.time()
    losses, control = [], {}
    while True:
        if iteration % 20 == 0:
            control = shared_control(folder, processes)
        share = lr_share(iteration, control)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = options.lr * share
            optimiser.zero_grad(set_to_none=False)
        loss = loss_of(compiled, *batch_of(dataset, rng, options.batch, device))
        loss.backward()
        norm = average_gradients(trained, processes)
        for optimiser in optimisers:
            optimiser.step()
        iteration += 1
        seen += options.batch * processes
        losses.append(loss.item())

        if rank == 0 and iteration % 4 == 0:
            keep = min(options.average, (iteration + 1) / (iteration + 40)) ** 4
            for key, value in model.state_dict().items():
                averaged[key].lerp_(value, 1 - keep)
        if rank == 0 and iteration % LOG_EVERY == 0:
            now = time.time()
            record = dict(time=round(now), iteration=iteration, seen=seen, lr=options.lr * share,
                          loss=round(float(np.mean(losses)), 4), norm=round(norm, 3),
                          per_second=round(LOG_EVERY * options.batch * processes / (now - last_log), 1))
            with open(folder / "log.jsonl", "a") as log:
                log.write(json.dumps(record) + "\n")
            losses, last_log = [], now
        stop = control.get("stop")
        if rank == 0 and (stop or time.time() - last_save > SAVE_EVERY_S):
            save()
            last_save = time.time()
        if stop:
            break


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("data")
    parser.add_argument("run")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32, help="per process")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--optimiser", choices=["adamw", "muon"], default="muon")
    parser.add_argument("--average", type=float, default=0.995, help="weight average's decay")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--port", type=int, default=29615)
    options = parser.parse_args()
    Path(options.run).mkdir(parents=True, exist_ok=True)
    if options.processes > 1:
        multiprocessing.spawn(main, (options,), options.processes)
    else:
        main(0, options)
