import { defineNode, socket } from '../define.ts'

export const fluxDisableGuidance = defineNode({
  type: 'FluxDisableGuidance',
  title: 'FluxDisableGuidance',
  category: 'advanced/conditioning/flux',
  about: 'Tells Flux dev nothing of guidance, for models that were trained so.',
  inputs: { conditioning: socket('CONDITIONING') },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning }) => ({
    CONDITIONING: conditioning.map(item => ({ ...item, guidance: null })),
  }),
})
