"""Read and write the whole model as one SD-layout safetensors file.

Usage: python checkpoint.py UNET_FILE VAE_FILE OUT TITLE: one file's UNet and text encoder, the other's VAE.
"""
import json
import sys
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

from networks import HEAD_DIM, NORM_GROUPS, TEXT_HEADS, TextEncoder, UNet
from vae import VAE

PREFIXES = {
    "unet": "model.diffusion_model.",
    "text": "cond_stage_model.transformer.text_model.",
    "vae": "first_stage_model.",
}


def vae_widths(tensors):
    """Read the VAE's channel widths from the file, finest level first."""
    keys = [f"first_stage_model.encoder.down.{level}.block.0.conv1.weight" for level in range(8)]
    return tuple(tensors[key].shape[0] for key in keys if key in tensors)


def load(path, parts=("unet", "text", "vae")):
    """{part: network} with the file's weights widened to float32."""
    with safe_open(path, "pt") as file:
        tensors = {key: file.get_tensor(key).float() for key in file.keys()}
    make = {"unet": UNet, "text": TextEncoder, "vae": lambda: VAE(vae_widths(tensors))}
    networks = {}
    for part in parts:
        prefix = PREFIXES[part]
        networks[part] = make[part]()
        networks[part].load_state_dict(
            {key[len(prefix):]: value for key, value in tensors.items() if key.startswith(prefix)})
    return networks


def metadata(title):
    """What a loader cannot read from tensor shapes; all values are strings."""
    concepts = json.loads((Path(__file__).parent / "concepts.json").read_text())
    return {
        "format": "pt",
        "modelspec.architecture": "starter-sd",
        "modelspec.title": title,
        "modelspec.prediction_type": "v",
        "modelspec.author": "the comfyrunner project",
        "modelspec.license": "MIT",
        "comfyrunner.norm_groups": str(NORM_GROUPS),
        "comfyrunner.head_dim": str(HEAD_DIM),
        "comfyrunner.text_heads": str(TEXT_HEADS),
        "comfyrunner.suggested": json.dumps(
            dict(sampler="dpmpp_2m", scheduler="karras", steps=20, cfg=4)),
        "comfyrunner.concepts": json.dumps([item["name"] for item in concepts["objects"]]),
        "comfyrunner.colours": json.dumps(list(concepts["colours"])),
        "comfyrunner.scenes": json.dumps([words[0] for words in concepts["scenes"].values()]),
        "comfyrunner.styles": json.dumps([words[0] for words in concepts["styles"].values()]),
        "comfyrunner.notice":
            "Training pictures: Fluent Emoji (MIT), earlier also Noto Emoji (Apache-2.0). "
            "The token table starts from MiniLM vectors (Apache-2.0).",
    }


def save(path, networks, title):
    """Write {part: network} in half precision."""
    tensors = {
        PREFIXES[part] + key: value.detach().cpu().half().contiguous()
        for part, network in networks.items() for key, value in network.state_dict().items()
    }
    save_file(tensors, path, metadata(title))


if __name__ == "__main__":
    unet_file, vae_file, out, title = sys.argv[1:]
    save(out, load(unet_file, ["unet", "text"]) | load(vae_file, ["vae"]), title)
