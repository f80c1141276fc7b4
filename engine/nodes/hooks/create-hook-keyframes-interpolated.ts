import { inTime } from '../../sampling/hooks.ts'
import { choice, defineNode, float, int, optional, socket, toggle } from '../define.ts'

const share = { min: 0, max: 1, step: 0.001 }
const strength = { default: 1, min: 0, max: 10, step: 0.001 }

/** From 0..1 to 0..1. */
const curves = {
  linear: (t: number) => t,
  ease_in: (t: number) => t ** 2,
  ease_out: (t: number) => t * (2 - t),
  ease_in_out: (t: number) => 3 * t ** 2 - 2 * t ** 3,
}

export const createHookKeyframesInterpolated = defineNode({
  type: 'CreateHookKeyframesInterpolated',
  title: 'Create Hook Keyframes Interp.',
  category: 'advanced/hooks/scheduling',
  about: 'Several keyframes that lead from one strength to another.',
  aliases: ['schedule', 'fade'],
  experimental: true,
  inputs: {
    strength_start: float(strength),
    strength_end: float(strength),
    interpolation: choice(['linear', 'ease_in', 'ease_out', 'ease_in_out']),
    start_percent: float({ default: 0, ...share }),
    end_percent: float({ default: 1, ...share }),
    keyframes_count: int({ default: 5, min: 2, max: 100 }),
    print_keyframes: toggle({ about: 'For the console of ComfyUI; it changes nothing here.' }),
    prev_hook_kf: optional(socket('HOOK_KEYFRAMES', 'Keyframes that hold besides.')),
  },
  outputs: { HOOK_KF: 'HOOK_KEYFRAMES' },
  run({ interpolation, keyframes_count: count, prev_hook_kf = [], ...ends }) {
    const between = (from: number, to: number, t: number) => from + (to - from) * t
    const added = Array.from({ length: count }, (_, i) => {
      const t = i / (count - 1)
      return {
        start: between(ends.start_percent, ends.end_percent, t),
        multiplier: between(ends.strength_start, ends.strength_end, curves[interpolation](t)),
      }
    })
    return { HOOK_KF: inTime([...prev_hook_kf, ...added]) }
  },
})
