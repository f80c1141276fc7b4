import { tensor } from '../../tensor.ts'
import { defineNode, float, int } from '../define.ts'

/** Of ACE-Step, whose latents are spectrograms: https://github.com/ace-step/ACE-Step */
const audio = { rate: 44_100, hop: 512, downscale: 8, channels: 8, height: 16 }

export const emptyAceStepLatentAudio = defineNode({
  type: 'EmptyAceStepLatentAudio',
  title: 'EmptyAceStepLatentAudio',
  category: 'latent/audio',
  about: 'A blank latent for music, as ACE-Step draws on.',
  inputs: {
    seconds: float({ default: 120, min: 1, max: 1000, step: 0.1 }),
    batch_size: int({ default: 1, min: 1, max: 4096, about: 'How many at once.' }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ seconds, batch_size }) {
    const length = Math.floor((seconds * audio.rate) / audio.hop / audio.downscale)
    return { LATENT: { samples: tensor([batch_size, audio.channels, audio.height, length]) } }
  },
})
