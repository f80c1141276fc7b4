import { sliceBatch } from '../../image/batch.ts'
import { batchIndexOf, maskBatch, repeatBatch } from '../../sampling/latents.ts'
import { defineNode, int, socket } from '../define.ts'

export const latentFromBatch = defineNode({
  type: 'LatentFromBatch',
  title: 'Latent From Batch',
  category: 'latent/batch',
  about: 'Takes some latents out of a batch. Each keeps the noise that it has there.',
  inputs: {
    samples: socket('LATENT'),
    batch_index: int({ default: 0, min: 0, max: 63 }),
    length: int({ default: 1, min: 1, max: 64 }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples: latent, batch_index, length }) {
    const batch = latent.samples.shape[0]!
    const from = Math.min(batch_index, batch - 1)
    const count = Math.min(length, batch - from)
    const mask = latent.noiseMask && maskBatch(latent.noiseMask)
    const noiseMask =
      mask && mask.shape[0]! > 1 ? sliceBatch(repeatBatch(mask, batch), from, count) : mask
    const samples = sliceBatch(latent.samples, from, count)
    const batchIndex = batchIndexOf(latent).slice(from, from + count)
    return { LATENT: { ...latent, samples, noiseMask, batchIndex } }
  },
})
