// LMS: the slope over a step is a polynomial through the last slopes. After k-diffusion (MIT).
import { derivative, type Latents, mix, type Sampler } from './sampler.ts'

/** Abscissae and weights of Gauss–Legendre with four points: exact up to degree 7. */
const gauss = [
  [-0.8611363115940526, 0.3478548451374538],
  [-0.3399810435848563, 0.6521451548625461],
  [0.3399810435848563, 0.6521451548625461],
  [0.8611363115940526, 0.3478548451374538],
] as const

/** ∫ from `start` to `end` of the Lagrange polynomial that is 1 at `nodes[j]` and 0 at the others. */
function lagrangeIntegral(nodes: readonly number[], j: number, start: number, end: number): number {
  // Higher degrees are integrated piece by piece.
  const pieces = Math.ceil(nodes.length / 8)
  const half = (end - start) / (2 * pieces)
  let sum = 0
  for (let piece = 0; piece < pieces; piece++)
    for (const [at, weight] of gauss) {
      const t = start + half * (2 * piece + 1 + at)
      const value = nodes.reduce(
        (product, node, k) => (k === j ? product : (product * (t - node)) / (nodes[j]! - node)),
        1,
      )
      sum += weight * value
    }
  return sum * half
}

export const lmsWith =
  (order: number): Sampler =>
  async ({ x, sigmas, denoise, step }) => {
    const steps = sigmas.length - 1
    /** Newest first. */
    let slopes: Latents[] = []
    for (let i = 0; i < steps; i++) {
      const denoised = await denoise(x, sigmas[i]!)
      slopes = [derivative(x, denoised, sigmas[i]!), ...slopes.slice(0, order - 1)]
      if (sigmas[i + 1] === 0) x = denoised
      else {
        const nodes = slopes.map((_, k) => sigmas[i - k]!)
        x = mix(
          [1, x],
          ...slopes.map(
            (slope, j) => [lagrangeIntegral(nodes, j, sigmas[i]!, sigmas[i + 1]!), slope] as const,
          ),
        )
      }
      await step(i + 1, steps, denoised)
    }
    return x
  }
export const lms = lmsWith(4)
