import { defineNode, float } from '../define.ts'

const share = { min: 0, max: 1, step: 0.001 }

export const conditioningTimestepsRange = defineNode({
  type: 'ConditioningTimestepsRange',
  title: 'Timesteps Range',
  category: 'advanced/hooks',
  about: 'A part of the run, with what comes before and after it.',
  aliases: ['schedule'],
  experimental: true,
  inputs: {
    start_percent: float({ default: 0, ...share }),
    end_percent: float({ default: 1, ...share }),
  },
  outputs: {
    TIMESTEPS_RANGE: 'TIMESTEPS_RANGE',
    BEFORE_RANGE: 'TIMESTEPS_RANGE',
    AFTER_RANGE: 'TIMESTEPS_RANGE',
  },
  run: ({ start_percent: start, end_percent: end }) => ({
    TIMESTEPS_RANGE: { start, end },
    BEFORE_RANGE: { start: 0, end: start },
    AFTER_RANGE: { start: end, end: 1 },
  }),
})
