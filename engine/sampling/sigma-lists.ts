// Sigmas that are given by numbers, without a model: ramps between two noise levels, and what can be
// done to a list of them. All descend.
import { roundHalfEven } from '../image/resize.ts'

const f32 = Math.fround
const { exp, log, max, min, sign, sqrt } = Math

/** `torch.linspace` in float32: from `start` to `end`, both included, counted from both ends. */
export function linspace(start: number, end: number, count: number): number[] {
  const [first, last] = [f32(start), f32(end)]
  if (count === 1) return [first]
  const step = f32(f32(last - first) / (count - 1))
  const half = Math.floor(count / 2)
  return Array.from({ length: count }, (_, i) =>
    i < half ? f32(first + step * i) : f32(last - step * (count - 1 - i)),
  )
}

export const withZero = (values: readonly number[]): Float32Array =>
  Float32Array.from([...values, 0])

/** Between which noise levels a ramp runs. */
export interface SigmaRange {
  sigmaMin: number
  sigmaMax: number
}

/** https://arxiv.org/abs/2206.00364, equation 5 */
export function karrasSigmas({ sigmaMin, sigmaMax }: SigmaRange, steps: number, rho = 7) {
  const [low, high] = [sigmaMin ** (1 / rho), sigmaMax ** (1 / rho)]
  const span = f32(low - high)
  return withZero(linspace(0, 1, steps).map(t => f32(f32(high) + f32(t * span)) ** rho))
}

/** Even in ln σ. */
export const exponentialSigmas = ({ sigmaMin, sigmaMax }: SigmaRange, steps: number) =>
  withZero(linspace(log(sigmaMax), log(sigmaMin), steps).map(exp))

/** A power of a ramp in ln σ. After k-diffusion (MIT). */
export function polyexponentialSigmas({ sigmaMin, sigmaMax }: SigmaRange, steps: number, rho = 1) {
  const [low, high] = [log(sigmaMin), log(sigmaMax)]
  return withZero(
    linspace(1, 0, steps).map(t => exp(f32(f32(t ** rho) * f32(high - low)) + f32(low))),
  )
}

/** ln σ at the quantiles of a Laplace distribution. No 0 at the end. https://arxiv.org/abs/2407.03297 */
export function laplaceSigmas(
  { sigmaMin, sigmaMax }: SigmaRange,
  steps: number,
  { mu = 0, beta = 0.5 } = {},
): Float32Array {
  return Float32Array.from(linspace(0, 1, steps), t => {
    const tail = f32(log(f32(f32(1 - 2 * Math.abs(f32(0.5 - t))) + f32(1e-5))))
    const lambda = f32(mu - f32(f32(beta * sign(0.5 - t)) * tail))
    return min(max(f32(exp(lambda)), sigmaMin), sigmaMax)
  })
}

/** The variance-preserving SDE, even in time. https://arxiv.org/abs/2011.13456 */
export const vpSigmas = (
  steps: number,
  { betaD = 19.9, betaMin = 0.1, end = 1e-3 } = {},
): Float32Array =>
  withZero(
    linspace(1, end, steps).map(t => {
      const power = f32(f32(f32(betaD * f32(t * t)) / 2) + f32(betaMin * t))
      return sqrt(f32(Math.expm1(power)))
    }),
  )

/**
 * Ten steps each, optimised for the model.
 * https://research.nvidia.com/labs/toronto-ai/AlignYourSteps/howto.html
 */
const alignedSteps = {
  SD1: [
    14.6146412293, 6.4745760956, 3.8636745985, 2.694615152, 1.8841921177, 1.3943805092,
    0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582,
  ],
  SDXL: [
    14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141,
    0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582,
  ],
  SVD: [700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002],
}
export type AlignedModel = keyof typeof alignedSteps
export const alignedModels = Object.keys(alignedSteps) as AlignedModel[]

/** Other numbers of steps lie between, straight in ln σ. `denoise` keeps the end of the list. */
export function alignYourStepsSigmas(model: AlignedModel, steps: number, denoise = 1) {
  if (denoise <= 0) return new Float32Array(0)
  const kept = denoise < 1 ? roundHalfEven(steps * denoise) : steps
  const table = alignedSteps[model]
  const sigmas = steps + 1 === table.length ? table : logInterpolated(table, steps + 1)
  const out = Float32Array.from(sigmas.slice(-(kept + 1)))
  out[out.length - 1] = 0
  return out
}

function logInterpolated(table: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const at = (i / (count - 1)) * (table.length - 1)
    const low = min(Math.floor(at), table.length - 2)
    return exp(log(table[low]!) + (at - low) * (log(table[low + 1]!) - log(table[low]!)))
  })
}

/** Both parts have the σ where they meet. */
export const splitSigmas = (sigmas: Float32Array, step: number) => ({
  high: sigmas.slice(0, step + 1),
  low: sigmas.slice(step),
})

/** The second part is the share `denoise` of the steps. At 0 the first part is empty, as in ComfyUI. */
export function splitSigmasByShare(sigmas: Float32Array, denoise: number) {
  const kept = roundHalfEven(max(sigmas.length - 1, 0) * denoise)
  return { high: sigmas.slice(0, kept > 0 ? -kept : 0), low: sigmas.slice(-(kept + 1)) }
}

/** Upwards instead of downwards, as unsampling needs. It cannot start at 0. */
export function flippedSigmas(sigmas: Float32Array): Float32Array {
  const out = sigmas.toReversed()
  if (out[0] === 0) out[0] = 0.0001
  return out
}

const spacings = {
  linear: (t: number) => t,
  cosine: (t: number) => Math.sin((t * Math.PI) / 2),
  sine: (t: number) => 1 - Math.cos((t * Math.PI) / 2),
}
export type SigmaSpacing = keyof typeof spacings
export const sigmaSpacings = Object.keys(spacings) as SigmaSpacing[]

/** Cuts every step that starts between `from` and `to` into `parts`. */
export function extendedSigmas(
  sigmas: Float32Array,
  { parts, from, to, spacing }: { parts: number; from: number; to: number; spacing: SigmaSpacing },
): Float32Array {
  const shares = linspace(0, 1, parts + 1)
    .slice(1, -1)
    .map(spacings[spacing])
  return Float32Array.from(
    Array.from(sigmas).flatMap((sigma, i) => {
      const next = sigmas[i + 1]
      const cut = next !== undefined && to <= sigma && sigma <= from
      return cut ? [sigma, ...shares.map(share => share * (next - sigma) + sigma)] : [sigma]
    }),
  )
}

/** A flow's time, 1 to 0, under a shift of e^`mu`. https://arxiv.org/abs/2403.03206, equation 23 */
const shifted = (mu: number, t: number): number => (t === 0 ? 0 : exp(mu) / (exp(mu) + (1 / t - 1)))

/** A line through two points, of which the shift is read. */
const between = (at: number, [x1, y1]: [number, number], [x2, y2]: [number, number]): number =>
  y1 + ((at - x1) * (y2 - y1)) / (x2 - x1)

/** LTX-Video's shift for as many latent pixels, as an exponent of e. */
export const ltxvShift = (pixels: number, { base, max }: { base: number; max: number }): number =>
  between(pixels, [1024, base], [4096, max])

/**
 * LTX-Video's levels: the shift grows with the number of latent pixels; with a `terminal` all are
 * stretched so that the last above 0 is that. After diffusers' FlowMatchEulerDiscreteScheduler.
 */
export function ltxvSigmas(
  steps: number,
  pixels: number,
  shift: { base: number; max: number },
  terminal?: number,
): Float32Array {
  const mu = ltxvShift(pixels, shift)
  const levels = linspace(1, 0, steps + 1).map(t => shifted(mu, t))
  const last = levels.at(-2)!
  // A single step has nothing to stretch.
  if (terminal === undefined || last === 1) return Float32Array.from(levels)
  const factor = (1 - last) / (1 - terminal)
  return Float32Array.from(levels, level => (level === 0 ? 0 : 1 - (1 - level) / factor))
}

/** Flux.2's levels: lines fitted to runs of 10 and of 200 steps. After diffusers' Flux2Pipeline. */
export function flux2Sigmas(steps: number, width: number, height: number): Float32Array {
  const tokens = roundHalfEven((width * height) / 16 ** 2)
  const at200 = 0.00016927 * tokens + 0.45666666
  const at10 = 8.73809524e-5 * tokens + 1.89833333
  const mu = tokens > 4300 ? at200 : between(steps, [10, at10], [200, at200])
  return Float32Array.from(linspace(1, 0, steps + 1), t => shifted(mu, t))
}
