// Where a ControlNet's residuals go, by name: the inputs of a network that was built to take them.
import type { Tensor } from '../tensor.ts'
import type { ControlResiduals } from './kinds.ts'

/** `middle`, what skips from block 2 as `2`, the outcome of block 2 as `input.2`. */
function* places({ input = [], middle = [], output = [] }: ControlResiduals) {
  if (middle[0]) yield ['middle', middle[0]] as const
  for (const [n, residual] of input.entries()) if (residual) yield [`input.${n}`, residual] as const
  for (const [n, residual] of output.entries()) if (residual) yield [`${n}`, residual] as const
}

/** In a fixed order: equal places are the same network. */
export const controlPlaces = (residuals: ControlResiduals): string[] =>
  Array.from(places(residuals), ([place]) => place)

/** Residuals as inputs of such a network. */
export const controlFeeds = (residuals: ControlResiduals): Record<string, Tensor> =>
  Object.fromEntries(Array.from(places(residuals), ([place, t]) => [`control.${place}`, t]))
