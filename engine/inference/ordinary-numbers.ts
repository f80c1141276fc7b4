// Weights that hold no numbers (NaN), from a broken merge or a damaged disk, make black pictures
// without a word. They are found by what a network answers to ordinary numbers, not by reading
// gigabytes.
import { basename } from 'node:path'
import type { Tensor } from '../tensor.ts'
import { ModelError } from './model-error.ts'
import type { Ids } from './session.ts'

/** Beyond, overflow is no wonder. */
const ordinaryMax = 1e6

/** @throws ModelError that names the file if its network made NaN out of ordinary numbers */
export function checkNumbers(
  file: string,
  feeds: Readonly<Record<string, Tensor | Ids>>,
  answers: Readonly<Record<string, Tensor>>,
): void {
  if (!Object.values(answers).some(({ data }) => holdsNaN(data))) return
  const ordinary = Object.values(feeds).every(
    ({ data }) =>
      !(data instanceof Float32Array) || data.every(value => Math.abs(value) <= ordinaryMax),
  )
  if (ordinary)
    throw new ModelError(
      `${basename(file)} computed values that are no numbers (NaN). The file is damaged or comes from ` +
        'a merge that went wrong, or that is true of a LoRA on it. Download it again, or choose another.',
    )
}

/** As a plain loop: pictures have tens of millions of numbers. */
function holdsNaN(data: Float32Array): boolean {
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) return true
  return false
}
