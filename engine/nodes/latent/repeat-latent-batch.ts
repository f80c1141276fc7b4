import { maskBatch, repeatBatch } from '../../sampling/latents.ts'
import { defineNode, int, socket } from '../define.ts'

export const repeatLatentBatch = defineNode({
  type: 'RepeatLatentBatch',
  title: 'Repeat Latent Batch',
  category: 'latent/batch',
  about: 'Makes a batch of so many copies, each drawn with noise of its own.',
  inputs: { samples: socket('LATENT'), amount: int({ default: 1, min: 1, max: 64 }) },
  outputs: { LATENT: 'LATENT' },
  run({ samples: latent, amount }) {
    const batch = latent.samples.shape[0]!
    const mask = latent.noiseMask && maskBatch(latent.noiseMask)
    return {
      LATENT: {
        ...latent,
        samples: repeatBatch(latent.samples, batch * amount),
        noiseMask:
          mask && mask.shape[0]! > 1 ? repeatBatch(repeatBatch(mask, batch), batch * amount) : mask,
        batchIndex: latent.batchIndex && repeatIndex(latent.batchIndex, amount),
      },
    }
  },
})

/** Every copy goes on counting where the one before ended. */
function repeatIndex(index: readonly number[], amount: number): number[] {
  const span = Math.max(...index) - Math.min(...index) + 1
  return Array.from({ length: amount }, (_, copy) => index.map(i => i + copy * span)).flat()
}
