import { compositeLatentsMasked } from '../../sampling/latent-composite.ts'
import { toLatentPixels } from '../../sampling/latents.ts'
import { defineNode, int, optional, socket, toggle } from '../define.ts'

const pixels = { default: 0, max: 16384, step: 8 }

export const latentCompositeMasked = defineNode({
  type: 'LatentCompositeMasked',
  title: 'LatentCompositeMasked',
  category: 'latent',
  about: 'Lays one latent over another where a mask is white.',
  aliases: ['paste', 'overlay'],
  inputs: {
    destination: socket('LATENT'),
    source: socket('LATENT'),
    x: int(pixels),
    y: int(pixels),
    resize_source: toggle({ default: false }),
    mask: optional(socket('MASK')),
  },
  outputs: { LATENT: 'LATENT' },
  run({ destination, source, x, y, resize_source, mask }) {
    const [column, row] = [x, y].map(toLatentPixels) as [number, number]
    const options = { mask, resizeSource: resize_source }
    const [below, above] = [destination.samples, source.samples]
    const samples = compositeLatentsMasked(below, above, column, row, options)
    return { LATENT: { ...destination, samples } }
  },
})
