import type { Prediction } from '../../models/kinds.ts'
import { discreteSampling, distilled, zeroTerminal } from '../../sampling/model-sampling.ts'
import { choice, defineNode, socket, toggle } from '../define.ts'

const predictions = {
  eps: 'epsilon',
  v_prediction: 'v',
  lcm: 'lcm',
  x0: 'x0',
  img_to_img: 'img2img',
} as const satisfies Record<string, Prediction>
const names = ['eps', 'v_prediction', 'lcm', 'x0', 'img_to_img'] as const

export const modelSamplingDiscrete = defineNode({
  type: 'ModelSamplingDiscrete',
  title: 'ModelSamplingDiscrete',
  category: 'advanced/model',
  about:
    'Says what the model predicts, where its file does not: the noise, the velocity, the picture.',
  aliases: ['v prediction', 'zero terminal snr', 'lcm'],
  inputs: {
    model: socket('MODEL'),
    sampling: choice(names, { about: 'lcm is for models and LoRAs that draw in a few steps.' }),
    zsnr: toggle({ about: 'Begins from pure noise, for models that were trained so.' }),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, sampling, zsnr }) {
    const plain = discreteSampling(predictions[sampling])
    const whole = zsnr ? zeroTerminal(plain) : plain
    return { MODEL: model.withSampling(sampling === 'lcm' ? distilled(whole) : whole) }
  },
})
