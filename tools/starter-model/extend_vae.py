"""Give a 4x VAE (64 px pictures) its last doubling: 128 px pictures, the same 16 x 16 latents.

The decoder's new finest level is trained; the encoder's new first level is solved for. What lies
between stays as it was, so latents made before, and a UNet trained on them, stay valid.

Usage: python extend_vae.py CHECKPOINT SPRITE_FOLDER OUT.safetensors [--decoder-steps 500] ...
OUT has the same UNet and text encoder as CHECKPOINT. The unfinished state is saved now and then, and
running the same command again goes on from OUT.
"""
import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import checkpoint
from make_dataset import to_tensor
from pictures import load_sprites, make_picture
from vae import VAE

SAVE_EVERY_STEPS = 50


def extended(vae):
    """A VAE with one level more, begun so that the decoder doubles each pixel."""
    widths = [level.block[0].conv1.out_channels for level in vae.encoder.down]
    larger = VAE((widths[0], *widths))
    state = {}
    for key, value in vae.state_dict().items():
        parts = key.split(".")
        if parts[1] in ("down", "up"):
            parts[2] = str(int(parts[2]) + 1)
        state[".".join(parts)] = value
    state.pop("encoder.conv_in.weight")  # now stands behind the new level, folded into its downsample
    state.pop("encoder.conv_in.bias")
    larger.load_state_dict(state, strict=False)
    nn.init.dirac_(larger.decoder.up[1].upsample.conv.weight)
    nn.init.zeros_(larger.decoder.up[1].upsample.conv.bias)
    return larger


def decoder_tail(decoder, features):
    """From the old finest level's features [B, C, 64, 64] to pictures [B, 3, 128, 128]."""
    x = decoder.up[1].upsample(features)
    for block in decoder.up[0].block:
        x = block(x)
    return decoder.conv_out(F.silu(decoder.norm_out(x)))


def decoder_trunk(vae, latents):
    """The old decoder without its last norm and convolution."""
    x = vae.decoder.mid.run(vae.decoder.conv_in(vae.post_quant_conv(latents)))
    for level in reversed(vae.decoder.up):
        for block in level.block:
            x = block(x)
        if hasattr(level, "upsample"):
            x = level.upsample(x)
    return x


def edges(pictures):
    """Differences between neighbours, down and across."""
    return pictures[:, :, 1:] - pictures[:, :, :-1], pictures[..., 1:] - pictures[..., :-1]


def decoder_loss(made, wanted):
    difference = made - wanted
    down, across = edges(difference)
    return difference.abs().mean() + down.abs().mean() + across.abs().mean()


@torch.no_grad()
def solve_encoder_head(old, new, pictures):
    """Choose the first downsampling so that the rest of the encoder sees what it always saw.

    The old first convolution on halved pictures is a linear map of 6 x 6 pixels; the new first
    convolution and its downsampling together see 5 x 5 of them: a least-squares fit.
    """
    level = new.down[0]
    nn.init.zeros_(level.block[0].conv2.weight)  # the new block does nothing
    nn.init.zeros_(level.block[0].conv2.bias)
    wanted = old.conv_in(F.avg_pool2d(pictures, 2))  # [B, C, 64, 64]
    seen = F.pad(level.block[0](new.conv_in(pictures)), (0, 1, 0, 1))
    columns = F.unfold(seen, 3, stride=2).transpose(1, 2).flatten(0, 1)  # [B * 4096, C * 9]
    columns = torch.cat([columns, torch.ones(len(columns), 1)], 1).double()
    targets = wanted.flatten(2).transpose(1, 2).flatten(0, 1).double()
    ridge = 1e-6 * len(columns) * torch.eye(columns.shape[1], dtype=torch.double)
    solved = torch.linalg.solve(columns.T @ columns + ridge, columns.T @ targets).float()
    level.downsample.conv.weight.copy_(solved[:-1].T.reshape(level.downsample.conv.weight.shape))
    level.downsample.conv.bias.copy_(solved[-1])
    error = (level.downsample(level.block[0](new.conv_in(pictures))) - wanted).std() / wanted.std()
    print("encoder: relative error", round(error.item(), 4))


def main(options):
    torch.set_num_threads(1)
    old = checkpoint.load(options.checkpoint, ["vae"])["vae"].eval().requires_grad_(False)
    out = Path(options.out)
    new = checkpoint.load(out, ["vae"])["vae"] if out.exists() else extended(old)
    decoder, encoder = new.decoder, new.encoder
    tail = [*decoder.up[0].parameters(), *decoder.up[1].upsample.parameters(),
            *decoder.norm_out.parameters(), *decoder.conv_out.parameters()]
    sprites, rng = load_sprites(options.sprites), np.random.default_rng(int(time.time()))

    def batch():
        pictures = [make_picture(rng, sprites)[0] for _ in range(options.batch)]
        return to_tensor(np.stack(pictures)).contiguous(memory_format=torch.channels_last)

    def save():
        networks = checkpoint.load(options.checkpoint, ["unet", "text"])
        checkpoint.save(out, networks | {"vae": new}, "Starter (128 px emoji pictures)")

    def train(name, parameters, loss_of, steps, lr):
        optimiser = torch.optim.AdamW(parameters, lr, betas=(0.9, 0.99), weight_decay=0.0)
        losses = []
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = lr * min(1, (step + 1) / 20, (steps - step) / steps * 2)
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = loss_of(batch())
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            losses.append(loss.item())
            if (step + 1) % SAVE_EVERY_STEPS == 0:
                print(name, step + 1, round(float(np.mean(losses)), 4), flush=True)
                losses = []
                save()

    def decoder_tail_loss(pictures):
        with torch.no_grad():
            latents = old.quant_conv(old.encoder(F.avg_pool2d(pictures, 2)))[:, :4]
            features = decoder_trunk(old, latents)
        return decoder_loss(decoder_tail(decoder, features).float(), pictures)

    train("decoder", tail, decoder_tail_loss, options.decoder_steps, 2e-3)
    solve_encoder_head(old.encoder, encoder, torch.cat([batch() for _ in range(4)]))
    save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("sprites")
    parser.add_argument("out")
    parser.add_argument("--decoder-steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=8)
    main(parser.parse_args())
