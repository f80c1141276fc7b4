import { compositeLatents } from '../../sampling/latent-composite.ts'
import { toLatentPixels } from '../../sampling/latents.ts'
import { defineNode, int, socket } from '../define.ts'

const pixels = { default: 0, max: 16384, step: 8 }

export const latentComposite = defineNode({
  type: 'LatentComposite',
  title: 'Latent Composite',
  category: 'latent',
  about: 'Lays one latent over another at a place in pixels, with soft borders if wanted.',
  aliases: ['paste', 'overlay'],
  inputs: {
    samples_to: socket('LATENT'),
    samples_from: socket('LATENT'),
    x: int(pixels),
    y: int(pixels),
    feather: int(pixels),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples_to, samples_from, x, y, feather }) {
    const [column, row, soft] = [x, y, feather].map(toLatentPixels) as [number, number, number]
    const samples = compositeLatents(samples_to.samples, samples_from.samples, column, row, soft)
    return { LATENT: { ...samples_to, samples } }
  },
})
