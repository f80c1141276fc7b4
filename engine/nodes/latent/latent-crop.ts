import { cropLatent, latentShape, toLatentPixels } from '../../sampling/latents.ts'
import { defineNode, int, socket } from '../define.ts'

const side = { default: 512, min: 64, max: 16384, step: 8 }
const place = { default: 0, max: 16384, step: 8 }
/** A crop that starts too far out moves back until this much is left, in latent pixels. */
const leftMin = 8

export const latentCrop = defineNode({
  type: 'LatentCrop',
  title: 'Crop Latent',
  category: 'latent/transform',
  about: 'Cuts a rectangle out of latents, given in pixels.',
  inputs: {
    samples: socket('LATENT'),
    width: int(side),
    height: int(side),
    x: int(place),
    y: int(place),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples, width, height, x, y }) {
    const from = latentShape(samples.samples)
    const left = Math.max(0, Math.min(toLatentPixels(x), from.width - leftMin))
    const top = Math.max(0, Math.min(toLatentPixels(y), from.height - leftMin))
    const [w, h] = [toLatentPixels(width), toLatentPixels(height)]
    return { LATENT: { ...samples, samples: cropLatent(samples.samples, left, top, w, h) } }
  },
})
