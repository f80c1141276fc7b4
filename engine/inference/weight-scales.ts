// What files hold beside weights in 8 bits: the numbers that they are multiplied by, and marks that
// these are there. Tools disagree about the names.
import type { Weights } from './weights.ts'

/** What a weight is multiplied by, one number a tensor. */
const weightScales = ['scale_weight', 'weight_scale']
/** What a layer's input would be divided by to be rounded too, which it is not here. */
const inputScales = ['scale_input', 'input_scale']
const marks = ['scaled_fp8', 'comfy_quant']

const beside = new RegExp(`(^|\\.)(${[...weightScales, ...inputScales, ...marks].join('|')})$`)

/** Whether a tensor is only there for the sake of others in 8 bits. */
export const isBesideWeights = (name: string): boolean => beside.test(name)

/** Name of the number that the tensor `name` is multiplied by, undefined if nothing multiplies it. */
export const scaleName = ({ tensors }: Weights, name: string): string | undefined =>
  renamed(name, weightScales).find(scale => tensors.get(scale)?.length)

/** All scales that may lie beside the tensor `name`. */
export const scalesBeside = (name: string): string[] =>
  renamed(name, [...weightScales, ...inputScales])

/** Only tensors called `….weight` have scales. */
const renamed = (name: string, ends: readonly string[]): string[] =>
  name.endsWith('.weight') ? ends.map(end => name.replace(/weight$/, end)) : []
