// Opens a file of weights, whatever its format: told by its first bytes, not by its name.
import { withModelFile } from './model-file.ts'
import { openPickle } from './pickle.ts'
import { openSafetensors } from './safetensors.ts'
import type { Weights } from './weights.ts'

/** @throws ModelError */
export function openWeights(file: string): Weights {
  const start = withModelFile(file, ({ read }) => read(0, 2))
  const pickled = start.toString('latin1') === 'PK' || start[0] === 0x80
  // A safetensors header of 128 bytes more than a multiple of 256 begins with 0x80 as well.
  return pickled && !file.endsWith('.safetensors') ? openPickle(file) : openSafetensors(file)
}
