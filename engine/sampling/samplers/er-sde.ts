// ER-SDE solvers: an extended reverse SDE with its own noise scale. https://arxiv.org/abs/2309.06169
import { bySignalToNoise } from './flow.ts'
import {
  addNoise,
  type Latents,
  mix,
  type NoiseOptions,
  type Sampler,
  type SamplerInput,
} from './sampler.ts'

const points = 200

/** How fast noise is forgotten: the paper's "ER-SDE 5". */
const extended = (sigma: number): number => sigma * (Math.exp(sigma ** 0.3) + 10)

export interface ErSdeOptions extends NoiseOptions {
  type?: 'ER-SDE' | 'Reverse-time SDE' | 'ODE'
  /** Order: 1, 2 or 3. */
  stages?: number
}

/** `eta` counts for the reverse-time SDE only: at 1 it is the usual one, at 0 the ODE. */
export const erSdeWith = ({
  type = 'ER-SDE',
  eta = 1,
  noiseScale = 1,
  stages = 3,
}: ErSdeOptions = {}): Sampler =>
  bySignalToNoise(async input => {
    const power = type === 'ODE' ? 1 : eta + 1
    const forgetting = type === 'ER-SDE' ? extended : (sigma: number) => sigma ** power
    return walk(input, forgetting, power === 1 && type !== 'ER-SDE' ? 0 : noiseScale, stages)
  })
export const erSde = erSdeWith()

type Forgetting = (sigma: number) => number

async function walk(
  { x, sigmas, denoise, noise, step }: SamplerInput,
  forgetting: Forgetting,
  noiseScale: number,
  stages: number,
): Promise<Latents> {
  const steps = sigmas.length - 1
  let last: Latents | undefined
  let lastSlope: Latents | undefined
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    if (next === 0) x = denoised
    else {
      const scale = forgetting(next)
      const kept = scale / forgetting(sigma)
      x = mix([kept, x], [1 - kept, denoised])
      if (last && stages > 1) {
        const width = next - sigma
        const [flat, rising] = integrals(forgetting, sigma, next)
        const run = sigma - sigmas[i - 1]!
        const slope = mix([1 / run, denoised], [-1 / run, last])
        x = mix([1, x], [width + flat * scale, slope])
        if (lastSlope && stages > 2) {
          const far = (sigma - sigmas[i - 2]!) / 2
          const factor = (width ** 2 / 2 + rising * scale) / far
          x = mix([1, x], [factor, slope], [-factor, lastSlope])
        }
        lastSlope = slope
      }
      const variance = next ** 2 - sigma ** 2 * kept ** 2
      const fresh = Math.sqrt(Math.max(variance, 0)) * noiseScale
      if (noiseScale > 0) x = addNoise(x, fresh, noise.gaussian)
    }
    last = denoised
    await step(i + 1, steps, denoised)
  }
  return x
}

/** ∫ 1/f and ∫ (s − σ)/f over the step, as left Riemann sums from `next` up to `sigma`. */
function integrals(
  forgetting: Forgetting,
  sigma: number,
  next: number,
): [flat: number, rising: number] {
  const width = (sigma - next) / points
  let [flat, rising] = [0, 0]
  for (let p = 0; p < points; p++) {
    const at = next + p * width
    flat += width / forgetting(at)
    rising += (width * (at - sigma)) / forgetting(at)
  }
  return [flat, rising]
}
