// Scales of latent spaces and how they look in colour, for previews.
import type { LatentFormat } from './kinds.ts'

/** Colour factors as published by InvokeAI (Apache-2.0) for Stable Diffusion 1.5. */
export const sd1Latent: LatentFormat = {
  channels: 4,
  downscale: 8,
  scale: 0.18215,
  shift: 0,
  taesd: 'taesd',
  rgb: [
    [0.3444, 0.1385, 0.067],
    [0.1247, 0.4027, 0.1494],
    [-0.3192, 0.2513, 0.2103],
    [-0.1307, -0.1874, -0.7445],
  ],
}

/** Of Stable Diffusion's upscaler. How it looks in colour is not known. */
export const upscalerLatent: LatentFormat = {
  channels: 4,
  downscale: 4,
  scale: 0.08333,
  shift: 0,
  rgb: [],
}

/** By StAlKeR7779, as published by InvokeAI (Apache-2.0). */
export const sdxlLatent: LatentFormat = {
  ...sd1Latent,
  scale: 0.13025,
  taesd: 'taesdxl',
  rgb: [
    [0.3816, 0.493, 0.532],
    [-0.3753, 0.1631, 0.1739],
    [0.177, 0.3588, -0.2048],
    [-0.435, -0.2644, -0.4289],
  ],
}

/** The starter model's: least squares over pictures that its own VAE made (R² = 0.96). */
export const starterLatent: LatentFormat = {
  ...sd1Latent,
  taesd: undefined,
  rgb: [
    [0.1913, 0.7258, 0.635],
    [-0.2096, -0.5096, -0.0814],
    [0.1521, 0.3617, 0.3984],
    [0.7797, 0.8573, 0.498],
  ],
  rgbBias: [0.3822, 0.337, 0.2952],
}
