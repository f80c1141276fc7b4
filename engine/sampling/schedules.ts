// Which sigmas a run steps through. Each schedule answers descending sigmas that end in 0, usually
// steps + 1 of them (ddim_uniform and beta may differ, as in ComfyUI).
import { roundHalfEven } from '../image/resize.ts'
import type { ModelSampling } from '../models/kinds.ts'
import { betaQuantile } from './beta-distribution.ts'
import { exponentialSigmas, karrasSigmas, linspace, withZero } from './sigma-lists.ts'

const f32 = Math.fround
type Schedule = (model: ModelSampling, steps: number) => Float32Array

const atTheEnd = (sigma: number): boolean => Math.abs(sigma) <= 1e-5

const simple: Schedule = ({ sigmas }, steps) =>
  withZero(
    Array.from(
      { length: steps },
      (_, i) => sigmas[sigmas.length - 1 - Math.trunc(i * (sigmas.length / steps))]!,
    ),
  )

/** Even in timesteps, from the last to the first. */
const normal: Schedule = (model, steps) => {
  const start = model.timestep(model.sigmaMax)
  const end = model.timestep(model.sigmaMin)
  const endsInZero = atTheEnd(model.sigma(end))
  const sigmas = linspace(start, end, endsInZero ? steps + 1 : steps).map(model.sigma)
  return endsInZero ? Float32Array.from(sigmas) : withZero(sigmas)
}

/** As `normal`, but never asks for the first timestep. https://arxiv.org/abs/2305.08891 */
const sgmUniform: Schedule = (model, steps) => {
  const start = model.timestep(model.sigmaMax)
  const end = model.timestep(model.sigmaMin)
  return withZero(
    linspace(start, end, steps + 1)
      .slice(0, -1)
      .map(model.sigma),
  )
}

/** Every n-th timestep from the second on. https://arxiv.org/abs/2010.02502 */
const ddimUniform: Schedule = ({ sigmas }, steps) => {
  const startsAtZero = atTheEnd(sigmas[1]!)
  const stride = Math.max(Math.floor(sigmas.length / (startsAtZero ? steps + 1 : steps)), 1)
  const ascending: number[] = startsAtZero ? [] : [0]
  for (let i = 1; i < sigmas.length; i += stride) ascending.push(sigmas[i]!)
  return Float32Array.from(ascending.reverse())
}

/** Timesteps at the quantiles of Beta(α, β): dense at both ends. https://arxiv.org/abs/2407.12173 */
export function betaSigmas(
  { sigmas }: ModelSampling,
  steps: number,
  { alpha = 0.6, beta = 0.6 } = {},
): Float32Array {
  const last = sigmas.length - 1
  const timesteps = Array.from({ length: steps }, (_, i) =>
    roundHalfEven(betaQuantile(1 - i / steps, alpha, beta) * last),
  )
  return withZero(timesteps.filter((t, i) => t !== timesteps[i - 1]).map(t => sigmas[t]!))
}

/** First half linear down to 97.5 %, then a quadratic. https://arxiv.org/abs/2410.13720, section 3 */
const linearQuadratic: Schedule = ({ sigmaMax }, steps) => {
  if (steps === 1) return Float32Array.of(sigmaMax, 0)
  const threshold = 0.025
  const linearSteps = Math.floor(steps / 2)
  const quadraticSteps = steps - linearSteps
  const difference = linearSteps - threshold * steps
  const a = difference / (linearSteps * quadraticSteps ** 2)
  const b = threshold / linearSteps - (2 * difference) / quadraticSteps ** 2
  const c = a * linearSteps ** 2
  return Float32Array.from({ length: steps + 1 }, (_, i) => {
    if (i === steps) return 0
    const removed = i < linearSteps ? (i * threshold) / linearSteps : a * i * i + b * i + c
    return f32(1 - removed) * sigmaMax
  })
}

/** Even in arctan σ. https://arxiv.org/abs/2404.14507 (one step: ComfyUI divides by zero, we start at the top) */
const klOptimal: Schedule = ({ sigmaMin, sigmaMax }, steps) => {
  const [low, high] = [f32(Math.atan(sigmaMin)), f32(Math.atan(sigmaMax))]
  return withZero(
    Array.from({ length: steps }, (_, i) => {
      const share = f32(i / Math.max(steps - 1, 1))
      return Math.tan(f32(f32(share * low) + f32(f32(1 - share) * high)))
    }),
  )
}

/** In ComfyUI's order. */
export const schedules = {
  simple,
  sgm_uniform: sgmUniform,
  karras: (model, steps) => karrasSigmas(model, steps),
  exponential: exponentialSigmas,
  ddim_uniform: ddimUniform,
  beta: (model, steps) => betaSigmas(model, steps),
  normal,
  linear_quadratic: linearQuadratic,
  kl_optimal: klOptimal,
} satisfies Record<string, Schedule>

export type ScheduleName = keyof typeof schedules
export const scheduleNames = Object.keys(schedules) as ScheduleName[]

export interface ScheduleOptions {
  steps: number
  /** Share of the schedule that is run: below 1 the first part of a longer one is left out. */
  denoise?: number
  /** Second-order samplers leave out the last σ above 0, where they would step over the end. */
  discardPenultimate?: boolean
}

/** The sigmas of a run; empty when nothing is to be done. */
export function runSigmas(
  model: ModelSampling,
  schedule: ScheduleName,
  { steps, denoise = 1, discardPenultimate = false }: ScheduleOptions,
): Float32Array {
  const sigmasOf = (count: number): Float32Array => {
    const sigmas = schedules[schedule](model, discardPenultimate ? count + 1 : count)
    return discardPenultimate ? sigmas.filter((_, i) => i !== sigmas.length - 2) : sigmas
  }
  if (denoise > 0.9999) return sigmasOf(steps)
  if (denoise <= 0) return new Float32Array(0)
  return sigmasOf(Math.trunc(steps / denoise)).slice(-(steps + 1))
}

/**
 * The part of a run that KSamplerAdvanced asks for, by step. Empty when it starts after the end.
 * With `finish` the last step removes all noise that is left.
 */
export function cutSigmas(
  sigmas: Float32Array,
  { from = 0, to = sigmas.length - 1, finish = false },
): Float32Array {
  let cut = sigmas
  if (to < sigmas.length - 1) {
    cut = sigmas.slice(0, to + 1)
    if (finish && cut.length > 0) cut[cut.length - 1] = 0
  }
  return from < cut.length - 1 ? cut.slice(from) : new Float32Array(0)
}

/** SD Turbo's: every hundredth timestep from the last down. https://arxiv.org/abs/2311.17042 */
export function turboSigmas(model: ModelSampling, steps: number, denoise = 1): Float32Array {
  const first = 10 - Math.trunc(10 * denoise)
  const timesteps = Array.from({ length: 10 }, (_, i) => (10 - i) * 100 - 1)
  return withZero(timesteps.slice(first, first + steps).map(model.sigma))
}
