"""Pictures from a checkpoint, as one sheet.

Usage: python sample.py CHECKPOINT OUT.png [--blind FOLDER] [--prompts FILE] [--seed 0]
Without --prompts: the 30 acceptance prompts of acceptance_prompts.txt. With --blind the same pictures,
shuffled and numbered, go to FOLDER/blind.png as well and their prompts to FOLDER/key.json: look at the
first, note your guesses, and only then open the key and OUT.png.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

import checkpoint
import clip_tokenizer
import diffusion

COLUMNS, CELL, LABEL = 6, 192, 16


def pictures_of(networks, prompts, steps=20, cfg=4.0, seed=0, batch=10):
    """uint8 [len(prompts), h, w, 3]"""
    empty = torch.tensor([clip_tokenizer.encode("")])
    pictures = []
    for first in range(0, len(prompts), batch):
        tokens = torch.tensor([clip_tokenizer.encode(p) for p in prompts[first:first + batch]])
        with torch.autocast("cpu", torch.bfloat16):
            latents = diffusion.sample(
                networks["unet"], networks["text"], tokens, empty, steps, cfg, seed + first)
        with torch.no_grad():
            pictures.append(networks["vae"].decode(latents))
    shown = (torch.cat(pictures).clamp(-1, 1) + 1) * 127.5
    return shown.round().byte().permute(0, 2, 3, 1).numpy()


def sheet_of(pictures, labels):
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * CELL, rows * (CELL + LABEL)), "black")
    draw = ImageDraw.Draw(sheet)
    for index, (picture, label) in enumerate(zip(pictures, labels)):
        x, y = index % COLUMNS * CELL, index // COLUMNS * (CELL + LABEL)
        sheet.paste(Image.fromarray(picture).resize((CELL, CELL), Image.BICUBIC), (x, y))
        draw.text((x + 3, y + CELL + 2), label, fill="white")
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--blind")
    parser.add_argument("--prompts", default=Path(__file__).parent / "acceptance_prompts.txt")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cfg", type=float, default=4.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    prompts = Path(options.prompts).read_text().strip().split("\n")
    networks = checkpoint.load(options.checkpoint)
    pictures = pictures_of(networks, prompts, cfg=options.cfg, seed=options.seed)
    sheet_of(pictures, prompts).save(options.out)
    if options.blind:
        order = np.random.default_rng().permutation(len(prompts))
        labels = [str(number + 1) for number in range(len(prompts))]
        sheet_of(pictures[order], labels).save(Path(options.blind) / "blind.png")
        (Path(options.blind) / "key.json").write_text(json.dumps([prompts[i] for i in order]))
