import { choice, defineNode, socket } from '../define.ts'

export const latentBatchSeedBehavior = defineNode({
  type: 'LatentBatchSeedBehavior',
  title: 'LatentBatchSeedBehavior',
  category: 'latent/advanced',
  about: 'Whether every latent of a batch takes noise of its own or all take the same.',
  inputs: {
    samples: socket('LATENT'),
    seed_behavior: choice(['random', 'fixed'], { default: 'fixed' }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples: { batchIndex, ...latent }, seed_behavior }) {
    if (seed_behavior === 'random') return { LATENT: latent }
    const fixed = Array<number>(latent.samples.shape[0]!).fill(batchIndex?.[0] ?? 0)
    return { LATENT: { ...latent, batchIndex: fixed } }
  },
})
