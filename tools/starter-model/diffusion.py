"""The noise schedule of Stable Diffusion 1 (v-prediction), and a DPM++ 2M sampler for checking."""
import numpy as np
import torch

STEPS = 1000
ALPHA_BAR = torch.cumprod(1 - torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, STEPS) ** 2, 0)
SIGMAS = ((1 - ALPHA_BAR) / ALPHA_BAR).sqrt()


def noised(latents, noise, timesteps):
    """(noisy latents, the v to predict) for latents and noise [B, 4, H, W], timesteps [B]."""
    alpha_bar = ALPHA_BAR.to(latents.device)[timesteps][:, None, None, None]
    signal, spread = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    return signal * latents + spread * noise, signal * noise - spread * latents


def karras_sigmas(steps, rho=7.0):
    ramp = torch.linspace(0, 1, steps)
    low, high = SIGMAS[0] ** (1 / rho), SIGMAS[-1] ** (1 / rho)
    return torch.cat([(high + ramp * (low - high)) ** rho, torch.zeros(1)])


@torch.no_grad()
def sample(unet, text, tokens, empty_tokens, steps=20, cfg=4.0, seed=0, size=16):
    """Latents [B, 4, size, size] for captions' tokens [B, 77]; DPM++ 2M, Karras sigmas.

    Sampler: https://github.com/crowsonkb/k-diffusion (sample_dpmpp_2m).
    """
    batch, device = len(tokens), tokens.device
    context, pooled = text(torch.cat([tokens, empty_tokens.expand(batch, -1)]))
    log_sigmas = SIGMAS.log().numpy()

    def denoise(x, sigma):
        timestep = np.interp(np.log(sigma), log_sigmas, np.arange(STEPS))
        timesteps = torch.full((2 * batch,), float(timestep), device=device)
        scaled = x / (sigma ** 2 + 1) ** 0.5
        v = unet(torch.cat([scaled, scaled]), timesteps, context, pooled).float()
        clean = torch.cat([x, x]) / (sigma ** 2 + 1) - v * sigma / (sigma ** 2 + 1) ** 0.5
        conditional, unconditional = clean.chunk(2)
        return unconditional + cfg * (conditional - unconditional)

    sigmas = karras_sigmas(steps).tolist()
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, 4, size, size, generator=generator).to(device) * sigmas[0]
    previous = None
    for index in range(steps):
        sigma, following = sigmas[index], sigmas[index + 1]
        clean = denoise(x, sigma)
        if following == 0:
            return clean
        step = np.log(sigma / following)
        target = clean
        if previous is not None:
            ratio = np.log(sigmas[index - 1] / sigma) / step
            target = (1 + 1 / (2 * ratio)) * clean - 1 / (2 * ratio) * previous
        x = following / sigma * x - np.expm1(-step) * target
        previous = clean
    return x
