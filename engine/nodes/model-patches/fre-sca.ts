import { frequencyScaling } from '../../sampling/guidance-frequency.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, int, socket } from '../define.ts'

export const freSca = defineNode({
  type: 'FreSca',
  title: 'FreSca',
  category: '_for_testing',
  about: 'Guides coarse shapes and fine detail by strengths of their own.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    scale_low: float({ default: 1, min: 0, max: 10, step: 0.01, about: 'Of coarse shapes.' }),
    scale_high: float({ default: 1.25, min: 0, max: 10, step: 0.01, about: 'Of fine detail.' }),
    freq_cutoff: int({
      default: 20,
      min: 1,
      max: 10000,
      about: 'How many waves across the latent count as coarse.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, scale_low: low, scale_high: high, freq_cutoff: cutoff }) => ({
    MODEL: withGuidance(model, frequencyScaling({ low, high, cutoff })),
  }),
})
