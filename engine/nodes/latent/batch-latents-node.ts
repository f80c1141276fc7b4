import type { Latent } from '../../models/kinds.ts'
import { joinLatents } from '../../sampling/latent-pieces.ts'
import { defineNode, growing, grown, numbered, socket } from '../define.ts'

export const batchLatentsNode = defineNode({
  type: 'BatchLatentsNode',
  title: 'Batch Latents',
  category: 'latent/batch',
  about: 'Joins any number of latents into one batch; all take the size of the first.',
  aliases: ['join', 'combine'],
  inputs: growing('latents', numbered('latent', 50), socket('LATENT')),
  outputs: { LATENT: 'LATENT' },
  run: inputs => ({
    LATENT: grown<Latent>('latents', inputs)
      .map(([, latent]) => latent)
      .reduce(joinLatents),
  }),
})
