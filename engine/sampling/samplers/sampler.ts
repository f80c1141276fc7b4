// What a sampler is: a small function that walks a latent down the sigmas by asking for x0.
// Latents are flat here; no sampler needs their shape. Sums run in doubles and are rounded once.
import type { ModelSampling } from '../../models/kinds.ts'
import type { StepNoise } from '../brownian.ts'

export type Latents = Float32Array

export interface SamplerInput {
  /** The start: latent plus noise at the first sigma. */
  x: Latents
  /** Descending; the last is usually 0. */
  sigmas: Float32Array
  /** The network's guess of the finished latent (x0), after guidance. */
  denoise(x: Latents, sigma: number): Promise<Latents>
  /** The same with the unconditional guess beside it, for CFG++ (https://arxiv.org/abs/2406.08070). */
  denoiseBoth(x: Latents, sigma: number): Promise<{ denoised: Latents; uncond: Latents }>
  noise: SamplerNoise
  sampling: ModelSampling
  /** Called after each step with the newest x0. */
  step(done: number, of: number, denoised: Latents): void | Promise<void>
}

export interface SamplerNoise {
  /** Independent unit normals from one stream, in the order of the calls. */
  gaussian(): Latents
  /** Increments of one Brownian path: what SDE samplers add between two sigmas. */
  brownian(): StepNoise
}

export type Sampler = (input: SamplerInput) => Promise<Latents>

export type Term = readonly [factor: number, latents: Latents]

/** What most stochastic samplers can be told. */
export interface NoiseOptions {
  /** Share of the noise that is taken out and drawn anew in each step; 0 makes an ODE sampler. */
  eta?: number
  /** What fresh noise is multiplied by. */
  noiseScale?: number
}

/** The sum of `factor · latents`. */
export function mix(...terms: readonly Term[]): Latents {
  const out = new Float32Array(terms[0]![1].length)
  for (let i = 0; i < out.length; i++) {
    let sum = 0
    for (const [factor, latents] of terms) sum += factor * latents[i]!
    out[i] = sum
  }
  return out
}

/** Adds `factor · noise` when there is any: nothing is drawn where nothing is added. */
export const addNoise = (x: Latents, factor: number, draw: () => Latents): Latents =>
  factor > 0 ? mix([1, x], [factor, draw()]) : x

/** A step along the straight line from x through x0. With `to` = 0 it ends in x0. */
export const eulerStep = (x: Latents, denoised: Latents, from: number, to: number): Latents =>
  mix([to / from, x], [1 - to / from, denoised])

/** dx/dσ */
export const derivative = (x: Latents, denoised: Latents, sigma: number): Latents =>
  mix([1 / sigma, x], [-1 / sigma, denoised])

/** The sigma to step down to, and the noise that lifts it back to `to`. */
export function ancestralStep(from: number, to: number, eta = 1): { down: number; up: number } {
  if (eta === 0) return { down: to, up: 0 }
  const up = Math.min(to, eta * Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2))
  return { down: Math.sqrt(to ** 2 - up ** 2), up }
}

const f32 = Math.fround
/** −ln σ, where the DPM solvers count time; float32, since the Brownian path is asked at such σ. */
export const timeOf = (sigma: number): number => f32(-f32(Math.log(sigma)))
export const sigmaAt = (time: number): number => f32(Math.exp(-time))
