// Noise schedules of rectified flows: x at σ is (1 − σ)·x0 + σ·noise, and a shift moves the steps to
// where large pictures need them. https://arxiv.org/abs/2403.03206, section 5.3.2
import type { ModelSampling } from '../models/kinds.ts'

const f32 = Math.fround

export interface FlowShift {
  shift: number
  /** What σ = 1 is to the network as a timestep: 1000 for SD3, 1 for most others. */
  multiplier: number
}

/** SD3's: t → s·t / (1 + (s − 1)·t). */
export function flowSampling({ shift, multiplier }: FlowShift): ModelSampling {
  const exact = (t: number) => (shift * t) / (1 + (shift - 1) * t)
  const shifted = (t: number) =>
    shift === 1 ? f32(t) : f32(f32(shift * t) / f32(1 + f32((shift - 1) * t)))
  return schedule(1000, multiplier, { exact, shifted })
}

/** Flux's: t → e^μ / (e^μ + 1/t − 1). */
export function fluxSampling(mu: number): ModelSampling {
  const power = Math.exp(mu)
  const exact = (t: number) => power / (power + (1 / t - 1))
  // torch divides a number by a tensor as number · (1 / tensor).
  const rounded = f32(power)
  const shifted = (t: number) =>
    t <= 0 ? 0 : f32(f32(1 / f32(rounded + f32(f32(1 / t) - 1))) * rounded)
  return schedule(10_000, 1, { exact, shifted })
}

/**
 * The shift for a picture's size: `base` at 256 tokens of 16 × 16 pixels, `max` at 4096, straight in
 * between and beyond. https://github.com/black-forest-labs/flux (Apache-2.0), `get_lin_function`
 */
export function fluxShift(size: { width: number; height: number }, base: number, max: number) {
  const slope = (max - base) / (4096 - 256)
  return ((size.width * size.height) / 256 - 256) * slope + base
}

/** Time 0..1 → σ, in double precision and as torch computes it in float32. */
interface Shift {
  exact: (t: number) => number
  shifted: (t: number) => number
}

function schedule(timesteps: number, multiplier: number, { exact, shifted }: Shift): ModelSampling {
  const sigmas = Float32Array.from({ length: timesteps }, (_, i) =>
    shifted(f32((i + 1) / timesteps)),
  )
  return {
    prediction: 'flow',
    sigmas,
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas.at(-1)!,
    timestep: sigma => f32(sigma * multiplier),
    sigma: timestep => shifted(f32(timestep / multiplier)),
    percentToSigma: percent => (percent <= 0 ? 1 : percent >= 1 ? 0 : exact(1 - percent)),
  }
}
