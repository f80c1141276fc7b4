import { concatBatches } from '../../image/batch.ts'
import { batchIndexOf, matchLatent, repeatBatch } from '../../sampling/latents.ts'
import { defineNode, socket } from '../define.ts'

export const latentBatch = defineNode({
  type: 'LatentBatch',
  title: 'LatentBatch',
  category: 'latent/batch',
  about: 'Joins two latents into a batch. The second takes the size of the first.',
  aliases: ['join', 'combine'],
  inputs: { samples1: socket('LATENT'), samples2: socket('LATENT') },
  outputs: { LATENT: 'LATENT' },
  run({ samples1, samples2 }) {
    const like = repeatBatch(samples1.samples, samples2.samples.shape[0]!)
    const second = matchLatent(like, samples2.samples)
    const samples = concatBatches([samples1.samples, second])
    const batchIndex = [...batchIndexOf(samples1), ...batchIndexOf(samples2)]
    return { LATENT: { ...samples1, samples, batchIndex } }
  },
})
