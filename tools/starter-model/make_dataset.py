"""Draw captioned pictures and encode them: OUT/{latents,tokens}-K.npy, one pair for each process.

Usage: python make_dataset.py CHECKPOINT SPRITE_FOLDER OUT COUNT [PROCESSES]
latents float16 [count, 4, 16, 16], tokens uint16 [count, 77]
"""
import os
import sys
from pathlib import Path

import numpy as np
import torch
import torch.multiprocessing as multiprocessing

import checkpoint
import clip_tokenizer
from pictures import load_sprites, make_picture

BATCH = 64


def to_tensor(pictures):
    """uint8 [B, h, w, 3] -> float [B, 3, h, w] in -1..1"""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def work(index, checkpoint_path, sprite_folder, out, count):
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    vae = checkpoint.load(checkpoint_path, ["vae"])["vae"].to(device)
    has_last_doubling = len(vae.encoder.down) == 4
    sprites, rng = load_sprites(sprite_folder), np.random.default_rng([1, index])
    latents, tokens = [], []
    for _ in range(0, count, BATCH):
        examples = [make_picture(rng, sprites) for _ in range(BATCH)]
        pictures = to_tensor(np.stack([picture for picture, _ in examples]))
        if not has_last_doubling:
            pictures = torch.nn.functional.avg_pool2d(pictures, 2)
        with torch.autocast(device, torch.bfloat16):
            latents.append(vae.encode(pictures.to(device)).half().cpu().numpy())
        tokens += [clip_tokenizer.encode(caption) for _, caption in examples]
    np.save(f"{out}/latents-{index}.npy", np.concatenate(latents))
    np.save(f"{out}/tokens-{index}.npy", np.array(tokens, np.uint16))


if __name__ == "__main__":
    source, sprite_folder, out, count = *sys.argv[1:4], int(sys.argv[4])
    processes = int(sys.argv[5]) if len(sys.argv) > 5 else os.cpu_count()
    Path(out).mkdir(parents=True, exist_ok=True)
    multiprocessing.spawn(work, (source, sprite_folder, out, count // processes), processes)
