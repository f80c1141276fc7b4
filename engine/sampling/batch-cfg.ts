// Guidance that differs from picture to picture of a batch, as video models are fond of it.
import type { GuidancePatch } from './model-patches.ts'

/** `share` says how much of the way from `lowest` to cfg a picture at `t` in 0..1 goes. */
const cfgByPicture =
  (lowest: number, share: (t: number) => number): GuidancePatch =>
  () => ({
    combine({ cond, uncond }, { x }, cfg) {
      const batch = x.shape[0]!
      const size = cond.length / batch
      return cond.map((value, i) => {
        const t = batch > 1 ? Math.floor(i / size) / (batch - 1) : 0
        return uncond[i]! + (value - uncond[i]!) * (lowest + (cfg - lowest) * share(t))
      })
    },
  })

export const risingCfg = (lowest: number): GuidancePatch => cfgByPicture(lowest, t => t)

/** Up to the middle and down again. */
export const triangularCfg = (lowest: number): GuidancePatch =>
  cfgByPicture(lowest, t => 2 * Math.min(t, 1 - t))
