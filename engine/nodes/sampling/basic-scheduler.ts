import { runSigmas, scheduleNames } from '../../sampling/schedules.ts'
import { choice, defineNode, socket } from '../define.ts'
import { denoiseField, stepsField } from '../sampling-fields.ts'

export const basicScheduler = defineNode({
  type: 'BasicScheduler',
  title: 'BasicScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'The noise levels of a run as KSampler chooses them.',
  inputs: {
    model: socket('MODEL'),
    scheduler: choice(scheduleNames),
    steps: stepsField(),
    denoise: denoiseField(),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ model, scheduler, steps, denoise }) => ({
    // Never more than steps + 1, unlike KSampler: ddim_uniform then begins later.
    SIGMAS: runSigmas(model.sampling, scheduler, { steps, denoise }).slice(-(steps + 1)),
  }),
})
