import { roundHalfEven } from '../../image/resize.ts'
import { tensor } from '../../tensor.ts'
import { defineNode, float, int } from '../define.ts'

/** Of Stable Audio: https://arxiv.org/abs/2407.14358 */
const audio = { rate: 44_100, samplesPerFrame: 2048, channels: 64 }

export const emptyLatentAudio = defineNode({
  type: 'EmptyLatentAudio',
  title: 'Empty Latent Audio',
  category: 'latent/audio',
  about: 'A blank latent for sound, as Stable Audio draws on.',
  inputs: {
    seconds: float({ default: 47.6, min: 1, max: 1000, step: 0.1 }),
    batch_size: int({ default: 1, min: 1, max: 4096, about: 'How many at once.' }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ seconds, batch_size }) {
    const frames = (seconds * audio.rate) / audio.samplesPerFrame
    // The network works on pairs.
    const length = 2 * roundHalfEven(frames / 2)
    return { LATENT: { samples: tensor([batch_size, audio.channels, length]) } }
  },
})
