import { defineNode, float, socket } from '../define.ts'

export const fluxGuidance = defineNode({
  type: 'FluxGuidance',
  title: 'FluxGuidance',
  category: 'advanced/conditioning/flux',
  about: 'Tells Flux dev how closely to follow the prompt. Lower looks more natural.',
  aliases: ['distilled cfg'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    guidance: float({ default: 3.5, min: 0, max: 100, step: 0.1 }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning, guidance }) => ({
    CONDITIONING: conditioning.map(item => ({ ...item, guidance })),
  }),
})
