// What makes two sessions the same: the file as it is now, and what is computed with it.
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'

/** Changes when the file does. */
export function identity(weights: Weights): string {
  if (weights.made) return weights.made.key
  const stat = statSync(weights.file, { throwIfNoEntry: false })
  if (stat) return `${weights.file} ${stat.size} ${stat.mtimeMs}`
  throw new ModelError(
    `${basename(weights.file)} is gone: it was moved or deleted. Put it back, or choose another model.`,
  )
}

/** Spread into the recipe of a session: weights that are computed are made before it opens. */
export const preparing = ({ made }: Weights): Pick<SessionRecipe, 'prepare'> =>
  made ? { prepare: watch => made.ready(watch) } : {}

/** Bytes of all tensors under a prefix. */
export function weightBytes(weights: Weights, prefix: string): number {
  let bytes = 0
  for (const [name, weight] of weights.tensors) if (name.startsWith(prefix)) bytes += weight.length
  return bytes
}
