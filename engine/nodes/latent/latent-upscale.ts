import { roundHalfEven } from '../../image/resize.ts'
import {
  latentResizeMethods,
  latentShape,
  resizeLatent,
  toLatentPixels,
} from '../../sampling/latents.ts'
import { choice, defineNode, int, socket } from '../define.ts'

const side = { default: 512, max: 16384, step: 8 }
const pixelsMin = 64

export const latentUpscale = defineNode({
  type: 'LatentUpscale',
  title: 'Upscale Latent',
  category: 'latent',
  about: 'Resizes latents to a size in pixels. Where one side is 0 it follows from the other.',
  aliases: ['resize', 'scale', 'hires fix'],
  inputs: {
    samples: socket('LATENT'),
    upscale_method: choice(latentResizeMethods),
    width: int(side),
    height: int(side),
    crop: choice(['disabled', 'center']),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples, upscale_method, width, height, crop }) {
    if (width === 0 && height === 0) return { LATENT: samples }
    const from = latentShape(samples.samples)
    const atLeast = (side: number) => Math.max(pixelsMin, side)
    if (height === 0) height = roundHalfEven((from.height * atLeast(width)) / from.width)
    else if (width === 0) width = roundHalfEven((from.width * atLeast(height)) / from.height)
    const [w, h] = [width, height].map(side => toLatentPixels(atLeast(side)))
    const resized = resizeLatent(samples.samples, w!, h!, upscale_method, crop)
    return { LATENT: { ...samples, samples: resized } }
  },
})
