import { inTime } from '../../sampling/hooks.ts'
import { defineNode, float, optional, socket, toggle } from '../define.ts'

const share = { min: 0, max: 1, step: 0.001 }

export const createHookKeyframesFromFloats = defineNode({
  type: 'CreateHookKeyframesFromFloats',
  title: 'Create Hook Keyframes From Floats',
  category: 'advanced/hooks/scheduling',
  about: 'A keyframe for each number of a list, evenly over a stretch of the run.',
  aliases: ['schedule'],
  experimental: true,
  inputs: {
    floats_strength: socket('FLOATS', 'Strengths, one for each keyframe.'),
    start_percent: float({ default: 0, ...share }),
    end_percent: float({ default: 1, ...share }),
    print_keyframes: toggle({ about: 'For the console of ComfyUI; it changes nothing here.' }),
    prev_hook_kf: optional(socket('HOOK_KEYFRAMES', 'Keyframes that hold besides.')),
  },
  outputs: { HOOK_KF: 'HOOK_KEYFRAMES' },
  run({ floats_strength, start_percent: from, end_percent: to, prev_hook_kf = [] }) {
    const strengths = [floats_strength].flat()
    const added = strengths.map((multiplier, i) => ({
      start: i === 0 ? from : from + ((to - from) * i) / (strengths.length - 1),
      multiplier,
    }))
    return { HOOK_KF: inTime([...prev_hook_kf, ...added]) }
  },
})
