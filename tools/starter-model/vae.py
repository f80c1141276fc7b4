"""AutoencoderKL with the parameter names of latent-diffusion's first_stage_model."""
import torch
import torch.nn.functional as F
from torch import nn

from networks import group_norm

LATENT_SCALE = 0.18215


def norm(channels):
    return group_norm(channels, 1e-6)


class ResnetBlock(nn.Module):
    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.norm1, self.norm2 = norm(channels_in), norm(channels_out)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        if channels_in != channels_out:
            self.nin_shortcut = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class AttnBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))
        nn.init.zeros_(self.proj_out.weight)

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (conv(h).flatten(2).transpose(1, 2)[:, None] for conv in (self.q, self.k, self.v))
        h = F.scaled_dot_product_attention(q, k, v)[:, 0]  # [B, N, C]
        return x + self.proj_out(h.transpose(1, 2).reshape(x.shape))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


def middle(channels):
    mid = nn.Module()
    mid.block_1, mid.block_2 = ResnetBlock(channels, channels), ResnetBlock(channels, channels)
    mid.attn_1 = AttnBlock(channels)
    mid.run = lambda x: mid.block_2(mid.attn_1(mid.block_1(x)))
    return mid


class Encoder(nn.Module):
    def __init__(self, widths, latent_channels=4):
        super().__init__()
        self.conv_in = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down = nn.ModuleList()
        channels = widths[0]
        for index, width in enumerate(widths):
            level = nn.Module()
            level.block = nn.ModuleList([ResnetBlock(channels, width)])
            channels = width
            if index < len(widths) - 1:
                level.downsample = Downsample(channels)
            self.down.append(level)
        self.mid = middle(channels)
        self.norm_out = norm(channels)
        self.conv_out = nn.Conv2d(channels, 2 * latent_channels, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for level in self.down:
            x = level.block[0](x)
            if hasattr(level, "downsample"):
                x = level.downsample(x)
        return self.conv_out(F.silu(self.norm_out(self.mid.run(x))))


class Decoder(nn.Module):
    def __init__(self, widths, latent_channels=4):
        super().__init__()
        channels = widths[-1]
        self.conv_in = nn.Conv2d(latent_channels, channels, 3, padding=1)
        self.mid = middle(channels)
        levels = []
        for index in reversed(range(len(widths))):
            level = nn.Module()
            level.block = nn.ModuleList(
                [ResnetBlock(channels, widths[index]), ResnetBlock(widths[index], widths[index])])
            channels = widths[index]
            if index > 0:
                level.upsample = Upsample(channels)
            levels.insert(0, level)
        self.up = nn.ModuleList(levels)
        self.norm_out = norm(channels)
        self.conv_out = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, z):
        x = self.mid.run(self.conv_in(z))
        for level in reversed(self.up):
            for block in level.block:
                x = block(x)
            if hasattr(level, "upsample"):
                x = level.upsample(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class VAE(nn.Module):
    """Pictures [B, 3, h, w] in -1..1 <-> scaled latents [B, 4, h / 2^n, w / 2^n]; n + 1 widths."""

    def __init__(self, widths=(32, 64, 96)):
        super().__init__()
        self.encoder, self.decoder = Encoder(widths), Decoder(widths)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(8, 8, 1), nn.Conv2d(4, 4, 1)

    def encode(self, pictures):
        """The mean latent, no sampling."""
        return self.quant_conv(self.encoder(pictures))[:, :4] * LATENT_SCALE

    def decode(self, latents):
        return self.decoder(self.post_quant_conv(latents / LATENT_SCALE))
