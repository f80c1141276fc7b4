import type { Latent } from '../../models/kinds.ts'
import { rebatched } from '../../sampling/latent-pieces.ts'
import { defineNode, int, socket } from '../define.ts'

export const rebatchLatents = defineNode({
  type: 'RebatchLatents',
  title: 'Rebatch Latents',
  category: 'latent/batch',
  about: 'Regroups lists and batches of latents into batches of one size. The last may be smaller.',
  aliases: ['split', 'chunk'],
  inputIsList: true,
  listOutputs: ['LATENT'],
  inputs: { latents: socket('LATENT'), batch_size: int({ default: 1, min: 1, max: 4096 }) },
  outputs: { LATENT: 'LATENT' },
  run(inputs) {
    // Whole lists come in and go out: the declared types are those of one entry.
    const latents = inputs.latents as unknown as Latent[]
    const [size = 1] = inputs.batch_size as unknown as number[]
    return { LATENT: rebatched(latents, size) as unknown as Latent }
  },
})
