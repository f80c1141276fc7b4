import { turboSigmas } from '../../sampling/schedules.ts'
import { defineNode, float, int, socket } from '../define.ts'

export const sdTurboScheduler = defineNode({
  type: 'SDTurboScheduler',
  title: 'SDTurboScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'The noise levels SD Turbo and SDXL Turbo were distilled for.',
  inputs: {
    model: socket('MODEL'),
    steps: int({ default: 1, min: 1, max: 10 }),
    denoise: float({ default: 1, min: 0, max: 1, step: 0.01 }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ model, steps, denoise }) => ({ SIGMAS: turboSigmas(model.sampling, steps, denoise) }),
})
