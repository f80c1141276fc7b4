// What a failing node was given, for ComfyUI's clients (`current_inputs`): plain values as they are,
// pictures and models by their kind. Bounded, because it is stored with the run.
import { isLosslessNumber } from 'lossless-json'
import type { Json } from '../graph/json.ts'
import type { Tensor } from '../tensor.ts'
import type { Lists } from './values.ts'

const maxItems = 16
const textLimit = 2000

export type InputSummary = Record<string, Json[]>

/** @param hidden names of inputs that the prompt does not show: not told */
export const summarizeInputs = (lists: Lists, hidden: readonly string[]): InputSummary =>
  Object.fromEntries(
    Object.entries(lists)
      .filter(([name]) => !hidden.includes(name))
      .map(([name, list]) => [name, list.slice(0, maxItems).map(summarize)]),
  )

function summarize(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'string')
    return value.length > textLimit ? `${value.slice(0, textLimit)}…` : value
  if (isLosslessNumber(value)) return Number(value.toString())
  if (typeof value !== 'object') return value as Json
  if (isTensor(value)) return `tensor [${value.shape.join(', ')}]`
  return Array.isArray(value) ? `list of ${value.length}` : 'object'
}

const isTensor = (value: object): value is Tensor => 'shape' in value && 'data' in value
