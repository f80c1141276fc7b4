import { inTime } from '../../sampling/hooks.ts'
import { defineNode, float, optional, socket } from '../define.ts'

export const createHookKeyframe = defineNode({
  type: 'CreateHookKeyframe',
  title: 'Create Hook Keyframe',
  category: 'advanced/hooks/scheduling',
  about: 'From a share of the run on, multiplies the strength of the hooks it is set on.',
  aliases: ['schedule'],
  experimental: true,
  inputs: {
    strength_mult: float({ default: 1, min: -20, max: 20, step: 0.01 }),
    start_percent: float({ default: 0, min: 0, max: 1, step: 0.001 }),
    prev_hook_kf: optional(socket('HOOK_KEYFRAMES', 'Keyframes that hold besides.')),
  },
  outputs: { HOOK_KF: 'HOOK_KEYFRAMES' },
  run: ({ strength_mult, start_percent, prev_hook_kf = [] }) => ({
    HOOK_KF: inTime([...prev_hook_kf, { start: start_percent, multiplier: strength_mult }]),
  }),
})
