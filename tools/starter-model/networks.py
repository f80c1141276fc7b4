"""A small Stable Diffusion: UNet and text encoder, parameters named as in an SD checkpoint.

UNet: https://github.com/CompVis/latent-diffusion (openaimodel.py); text encoder: CLIP's.
Shapes: B pictures, C channels, H x W latent cells, N = H * W, T = 77 tokens, D = 128 text width.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

NORM_GROUPS = 8
HEAD_DIM = 32
TEXT_WIDTH = 128
TEXT_HEADS = 4


def group_norm(channels, eps=1e-5):
    return nn.GroupNorm(NORM_GROUPS, channels, eps=eps)


def zeroed(layer):
    """Residual branches begin as nothing."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def attention(q, k, v, heads, causal=False):
    """[B, N, C], [B, M, C], [B, M, C] -> [B, N, C]. On a CPU plain products beat the fused call."""
    batch, length, channels = q.shape
    q, k, v = (t.view(batch, -1, heads, channels // heads).transpose(1, 2) for t in (q, k, v))
    if q.is_cuda:
        out = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    else:
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        if causal:
            scores = scores + torch.full((length, length), -torch.inf).triu(1).to(scores.dtype)
        out = scores.softmax(-1).to(v.dtype) @ v
    return out.transpose(1, 2).reshape(batch, length, channels)


# ---- UNet ------------------------------------------------------------------------------------

class ResBlock(nn.Module):
    def __init__(self, channels_in, time_width, channels_out):
        super().__init__()
        self.in_layers = nn.Sequential(
            group_norm(channels_in), nn.SiLU(), nn.Conv2d(channels_in, channels_out, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time_width, channels_out))
        self.out_layers = nn.Sequential(
            group_norm(channels_out), nn.SiLU(), nn.Identity(),
            zeroed(nn.Conv2d(channels_out, channels_out, 3, padding=1)))
        same = channels_in == channels_out
        self.skip_connection = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x, time, context):
        h = self.in_layers(x) + self.emb_layers(time)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class CrossAttention(nn.Module):
    def __init__(self, channels, context_width):
        super().__init__()
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context_width, channels, bias=False)
        self.to_v = nn.Linear(context_width, channels, bias=False)
        self.to_out = nn.Sequential(nn.Linear(channels, channels))

    def forward(self, x, context):
        q, k, v = self.to_q(x), self.to_k(context), self.to_v(context)
        return self.to_out(attention(q, k, v, x.shape[-1] // HEAD_DIM))


class GEGLU(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.proj = nn.Linear(channels, 2 * hidden)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.net = nn.Sequential(
            GEGLU(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels))

    def forward(self, x):
        return self.net(x)


class TransformerBlock(nn.Module):
    def __init__(self, channels, context_width):
        super().__init__()
        self.attn1 = CrossAttention(channels, channels)
        self.ff = FeedForward(channels)
        self.attn2 = CrossAttention(channels, context_width)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(channels) for _ in range(3))

    def forward(self, x, context):
        h = self.norm1(x)
        x = x + self.attn1(h, h)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    def __init__(self, channels, context_width):
        super().__init__()
        self.norm = group_norm(channels, 1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, context_width)])
        self.proj_out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x, time, context):
        h = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)  # [B, N, C]
        for block in self.transformer_blocks:
            h = block(h, context)
        return x + self.proj_out(h.transpose(1, 2).reshape(x.shape))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x, time, context):
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, time, context):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class FirstConv(nn.Conv2d):
    def forward(self, x, time, context):
        return super().forward(x)


def timestep_embedding(timesteps, width):
    """[B] -> [B, width], cosines first."""
    half = torch.arange(width // 2, dtype=torch.float32, device=timesteps.device)
    angles = timesteps[:, None].float() * torch.exp(-math.log(10000) * half / (width // 2))
    return torch.cat([angles.cos(), angles.sin()], -1)


class UNet(nn.Module):
    """Predicts v from a noisy latent [B, 4, H, W], timesteps [B], text [B, T, D] and [B, D]."""

    def __init__(self, width=64, multipliers=(1, 2, 3), context_width=TEXT_WIDTH):
        super().__init__()
        time_width = 4 * width
        self.width = width
        self.time_embed = nn.Sequential(
            nn.Linear(width, time_width), nn.SiLU(), nn.Linear(time_width, time_width))
        self.label_emb = nn.Sequential(nn.Sequential(
            nn.Linear(context_width, time_width), nn.SiLU(), zeroed(nn.Linear(time_width, time_width))))

        self.input_blocks = nn.ModuleList([nn.ModuleList([FirstConv(4, width, 3, padding=1)])])
        channels, skips = width, [width]
        for level, multiplier in enumerate(multipliers):
            layers = [ResBlock(channels, time_width, multiplier * width)]
            channels = multiplier * width
            if level > 0:  # no attention at full size
                layers.append(SpatialTransformer(channels, context_width))
            self.input_blocks.append(nn.ModuleList(layers))
            skips.append(channels)
            if level < len(multipliers) - 1:
                self.input_blocks.append(nn.ModuleList([Downsample(channels)]))
                skips.append(channels)

        self.middle_block = nn.ModuleList([
            ResBlock(channels, time_width, channels), SpatialTransformer(channels, context_width),
            ResBlock(channels, time_width, channels)])

        self.output_blocks = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for block in range(2):
                layers = [ResBlock(channels + skips.pop(), time_width, multiplier * width)]
                channels = multiplier * width
                if level > 0:
                    layers.append(SpatialTransformer(channels, context_width))
                if level > 0 and block == 1:
                    layers.append(Upsample(channels))
                self.output_blocks.append(nn.ModuleList(layers))
        self.out = nn.Sequential(
            group_norm(channels), nn.SiLU(), zeroed(nn.Conv2d(channels, 4, 3, padding=1)))

    def forward(self, x, timesteps, context, pooled):
        time = self.time_embed(timestep_embedding(timesteps, self.width)) + self.label_emb(pooled)
        skips = []
        for block in self.input_blocks:
            for layer in block:
                x = layer(x, time, context)
            skips.append(x)
        for layer in self.middle_block:
            x = layer(x, time, context)
        for block in self.output_blocks:
            x = torch.cat([x, skips.pop()], 1)
            for layer in block:
                x = layer(x, time, context)
        return self.out(x)


# ---- text encoder ----------------------------------------------------------------------------

class TextAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (
            nn.Linear(TEXT_WIDTH, TEXT_WIDTH) for _ in range(4))

    def forward(self, x):
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        return self.out_proj(attention(q, k, v, TEXT_HEADS, causal=True))


class TextMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(TEXT_WIDTH, 4 * TEXT_WIDTH)
        self.fc2 = nn.Linear(4 * TEXT_WIDTH, TEXT_WIDTH)

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))  # quick GELU


class TextLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attn, self.mlp = TextAttention(), TextMLP()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(TEXT_WIDTH), nn.LayerNorm(TEXT_WIDTH)

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class TextEmbeddings(nn.Module):
    """The token table is kept 64 wide, with a projection to the encoder's width."""

    def __init__(self, tokens=49408, table_width=64, length=77):
        super().__init__()
        self.token_embedding = nn.Embedding(tokens, table_width)
        self.token_projection = nn.Linear(table_width, TEXT_WIDTH, bias=False)
        self.position_embedding = nn.Embedding(length, TEXT_WIDTH)

    def forward(self, ids):
        positions = self.position_embedding.weight[:ids.shape[1]]
        return self.token_projection(self.token_embedding(ids)) + positions


class TextEncoder(nn.Module):
    def __init__(self, layers=3):
        super().__init__()
        self.embeddings = TextEmbeddings()
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList([TextLayer() for _ in range(layers)])
        self.final_layer_norm = nn.LayerNorm(TEXT_WIDTH)

    def forward(self, ids):
        """ids [B, T] -> (states [B, T, D], pooled [B, D]: the state at the first end token)"""
        x = self.embeddings(ids)
        for layer in self.encoder.layers:
            x = layer(x)
        x = self.final_layer_norm(x)
        end = (ids == 49407).int().argmax(1)
        return x, x[torch.arange(len(ids), device=ids.device), end]
