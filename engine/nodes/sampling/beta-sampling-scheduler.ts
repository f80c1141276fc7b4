import { betaSigmas } from '../../sampling/schedules.ts'
import { defineNode, float, socket } from '../define.ts'
import { stepsField } from '../sampling-fields.ts'

export const betaSamplingScheduler = defineNode({
  type: 'BetaSamplingScheduler',
  title: 'BetaSamplingScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels at the quantiles of a Beta distribution.',
  inputs: {
    model: socket('MODEL'),
    steps: stepsField(),
    alpha: float({ default: 0.6, min: 0, max: 50, step: 0.01 }),
    beta: float({ default: 0.6, min: 0, max: 50, step: 0.01 }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run({ model, steps, ...shape }) {
    if (shape.alpha === 0 || shape.beta === 0) throw new Error('alpha and beta must be above 0.')
    return { SIGMAS: betaSigmas(model.sampling, steps, shape) }
  },
})
