// What a sampler is: a small function that walks a latent down the sigmas by asking for x0.
// Latents are flat here; no sampler needs their shape. Sums run in doubles and are rounded once.
import type { ModelSampling } from '../../models/kinds.ts'
import type { StepNoise } from '../brownian.ts'
import type { LatentResizeMethod } from '../latents.ts'

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
  /** Makes x `factor` times as large as the run began, and gives what to go on with. */
  resized?(x: Latents, factor: number, method: LatentResizeMethod): Promise<Resized>
}

export type Resized = Pick<SamplerInput, 'x' | 'denoise' | 'denoiseBoth' | 'noise'>

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

/**
 * Adds `factor · noise`. It is drawn for a factor of 0 as well, as between equal sigmas: later steps
 * must find the stream where ComfyUI's is.
 */
export function addNoise(x: Latents, factor: number, draw: () => Latents): Latents {
  const noise = draw()
  return factor > 0 ? mix([1, x], [factor, noise]) : x
}

const f32 = Math.fround

/** A step along the straight line from x through x0. With `to` = 0 it ends in x0. */
export const eulerStep = (x: Latents, denoised: Latents, from: number, to: number): Latents =>
  mix([to / from, x], [1 - to / from, denoised])

/**
 * dx/dσ, with torch's roundings. They matter where σ is in the thousands (zero terminal SNR): there
 * x is all noise, and its last bit is as large as details of the picture.
 */
export const derivative = (x: Latents, denoised: Latents, sigma: number): Latents =>
  x.map((value, i) => f32(value - denoised[i]!) / sigma)

/** x + slope · width, with torch's roundings. */
export const along = (x: Latents, slope: Latents, width: number): Latents =>
  x.map((value, i) => value + f32(slope[i]! * f32(width)))

/** `eulerStep` along a slope, as the samplers that count in σ take it. */
export const slopeStep = (x: Latents, denoised: Latents, from: number, to: number): Latents =>
  along(x, derivative(x, denoised, from), to - from)

/**
 * The sigma to step down to, and the noise that lifts it back to `to`. In float32, as torch computes
 * it: at a few steps `down` is what is left of nearly equal squares. Upwards no such noise exists;
 * then all of `to` is noise.
 */
export function ancestralStep(from: number, to: number, eta = 1): { down: number; up: number } {
  if (eta === 0) return { down: to, up: 0 }
  const [from2, to2] = [f32(from * from), f32(to * to)]
  const renewed = f32(Math.sqrt(f32(f32(to2 * f32(from2 - to2)) / from2)))
  const up = Number.isNaN(renewed) ? to : Math.min(to, f32(f32(eta) * renewed))
  return { down: f32(Math.sqrt(f32(to2 - f32(up * up)))), up }
}

/** −ln σ, where the DPM solvers count time; float32, since the Brownian path is asked at such σ. */
export const timeOf = (sigma: number): number => f32(-f32(Math.log(sigma)))
export const sigmaAt = (time: number): number => f32(Math.exp(-time))
